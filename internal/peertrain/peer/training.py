"""Training in float64 with torch.autograd, quantized or not."""
import numpy as np
import torch
import torch.nn.functional as F

import network
from quantizer import Quantizer, straight
from ties import BAND, NOISE

MOMENTUM = 0.1  # of batch norm
FLOOR = 1e-12  # of a folding factor
SHIFTED = 256 * 2.0 ** -24  # float32's error in a sum of two numbers of a file of unsigned bytes, in steps


def tensor(numbers, shape=None):
    """Float32 numbers, exactly."""
    t = torch.from_numpy(np.array(numbers, dtype=np.float32).astype(np.float64))
    return t if shape is None else t.reshape(shape)


class Model:
    """The parameters, running statistics and quantizers of a case."""

    def __init__(self, case):
        self.case = case
        self.units = network.units(case["Layers"])
        self.fold_batch = case["Quantization"]["Folding"] == "batch"
        self.params, self.running = {}, {}
        for p in case["Params"]:
            self.params[p["Name"]] = tensor(p["Values"], p["Shape"]).requires_grad_()
        for r in case["Running"] or []:
            self.running[r["Name"]] = tensor(r["Values"])
        self.quantizers, self.owner, self.input = {}, {}, None
        if case["Quantized"]:
            self.place(case["Quantization"])
        self.optimizer = self.optimize(case["Optimizer"], case["LearningRate"])

    def place(self, q):
        for u in self.units:
            u.rule = network.rule(q, u)
        for u in self.units:
            if u.weighted:
                cfg, n = network.weights(q, u, self.units, self.weight(u).shape)
                u.weights = self.quantizer(u.name + ".weight", cfg, n, u, True)
        for g in network.groups(q, self.units):
            name = g.members[0].name if g.members[0] else "input"
            shared = self.quantizer(name, g.cfg, 1, g.owner, False)
            for u in g.members:
                if u is None:
                    self.input = shared
                else:
                    u.output = shared

    def quantizer(self, name, cfg, groups, owner, weights):
        if cfg is None:
            return None
        q = self.quantizers[name] = Quantizer(name, cfg, groups, weights)
        self.owner[name] = owner.name
        return q

    def weight(self, u):
        if u.alone:
            return torch.ones(len(self.params[u.norm + ".weight"]), 1, 1, 1, dtype=torch.float64)
        return self.params[u.name + ".weight"]

    def factor(self, u):
        """What is folded into the weights of each channel."""
        f = self.params[u.norm + ".weight"] / (self.running[u.norm + ".running_var"] + u.epsilon).sqrt()
        dead = f.detach().abs() < FLOOR
        return straight(f, torch.where(dead, torch.copysign(torch.full_like(f, FLOOR), f), f))

    def optimize(self, o, rate):
        """torch's own optimizer; biases, batch norm and learned scales do not decay."""
        norms = {u.norm for u in self.units} | {u.name for u in self.units if u.kind in ("layer_norm", "prelu")}
        groups = []
        for name, p in self.params.items():
            decays = name.endswith(".weight") and name[:-len(".weight")] not in norms
            groups.append(dict(params=[p], lr=rate, weight_decay=o["WeightDecay"] if decays else 0))
        for q in self.quantizers.values():
            groups += [dict(params=[p], lr=rate * (q.cfg["LRFactor"] or 1), weight_decay=0) for p in q.learned.values()]
        if o["Method"] == "sgd":
            return torch.optim.SGD(groups, lr=rate, momentum=o["Momentum"], nesterov=o["Nesterov"])
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[o["Method"]]
        return kind(groups, lr=rate, betas=(o["Beta1"] or 0.9, o["Beta2"] or 0.999), eps=o["Epsilon"] or 1e-8)

    def step(self, step, ties, noise=0.0):
        """One step of the case; the loss. Noise is relative to the tensors that it is added to."""
        switches = step["Switches"]
        for name, q in self.quantizers.items():
            s = switches[self.owner[name]]
            alone = any(u.alone and u.weights is q for u in self.units)
            q.begin(s["Observe"] or alone, s["Quantize"])
        self.optimizer.zero_grad()
        loss = Pass(self, step, ties, noise).loss()
        loss.backward()
        for q in self.quantizers.values():
            q.finish()
        if step["Update"]:
            for p in self.params.values():
                p.grad = torch.zeros_like(p) if p.grad is None else p.grad
            self.optimizer.step()
        return loss.item()

    def state(self, ties):
        """What is compared: name → values."""
        with torch.no_grad():
            state = {name: p.detach() for name, p in self.params.items()}
            state.update(self.running)
            for u in self.units:
                if u.norm is not None and u.weights is not None:
                    u.weights.follow(self.factor(u))
            for name, q in self.quantizers.items():
                q.leaves.clear()
                if q.stale or q.observer.range is not None:
                    q.settle(ties)
                state[name + ".scale"], state[name + ".zero"] = q.scale, q.zero
                state.update((f"{name}.{n}", p.detach()) for n, p in q.learned.items())
        return {name: v.clone() for name, v in state.items()}


class Pass:
    """The forward pass of a step."""

    def __init__(self, model, step, ties, noise):
        self.m, self.step, self.ties, self.noise = model, step, ties, noise
        self.quantized = model.case["Quantized"]
        c, h, w = (model.case["Input"][k] for k in "CHW")
        x = tensor(step["X"])
        self.x = x.reshape(-1, c) if h == w == 1 else x.reshape(-1, h, w, c).permute(0, 3, 1, 2)
        rests = model.input is not None and model.input.rests
        self.outputs = {None: self.fake(model.input, self.x, ships=self.x if rests else None)}

    def fake(self, q, x, observes=True, ships=None, error=0.0):
        if q is not None:
            return q.fake(x, self.ties, observes, ships, error)
        return x if ships is None else straight(x, ships)

    def rough(self, x):
        """x with noise, in its value and its gradient, as float32 adds to both."""
        if not self.noise or not x.requires_grad:
            return x

        def shaken(v):
            alike = torch.randn(v.shape[:2] + (1,) * (v.dim() - 2))  # of a channel, as a mean's is
            return v + self.noise * v.abs().max() * (torch.randn_like(v) + alike[:1])
        x = straight(x, shaken(x))
        x.register_hook(shaken)
        return x

    def loss(self):
        for u in self.m.units:
            self.outputs[u] = self.unit(u, [self.outputs[v] for v in u.inputs])
        y = self.rough(self.outputs[self.m.units[-1]].flatten(1))
        labels = torch.tensor(self.step["Labels"])
        if self.m.case["Loss"] == "cross_entropy":
            return F.cross_entropy(y, labels, ignore_index=-1)
        return F.mse_loss(y[labels >= 0], self.x.flatten(1)[labels >= 0])

    def unit(self, u, xs):
        if u.weighted:
            x = self.rough(self.product(u, xs[0]))
            y = self.rectify(u.clip, x, summed=True)
            return self.fake(u.output, y, ships=y if self.rests(u) else None)
        y = self.rough(self.rectify(u.clip, getattr(self, u.kind)(u.layer, *xs), summed=u.kind in network.SUMS))
        if u.passes and u.kind not in network.AVERAGES:
            return y
        error = SHIFTED if u.kind in network.SUMS else 0.0
        return self.fake(u.output, y, observes=not u.passes, ships=y if self.rests(u) else None, error=error)

    def grid(self, u):
        """The quantizer of a unit's output, or of the network's input."""
        return self.m.input if u is None else u.output

    def rests(self, u):
        """Nothing moves that determines the unit's forward pass: it is the frozen model's."""
        grids = [self.grid(v) for v in u.inputs] + [u.output]
        return all(q is None or q.rests for q in grids) and \
            not any(v is not None and v.dropped() for v in u.inputs) and \
            (u.norm is None or self.step["Switches"][u.name]["BatchNormFrozen"]) and \
            (u.weights is None or u.weights.whole)

    def shift(self, u, b):
        """The bias b, in whole multiples of s_x·s_w where the unit's sums are integers at rest.

        Weights of fewer than 4 bits are shipped as multiples of a step, with 4 bits.
        """
        x, w = self.grid(u.inputs[0]), u.weights
        if x is None or w is None or w.cfg["Granularity"].startswith("per_group") or not self.rests(u):
            return b
        s = x.scale * w.scale / w.format.step
        return b + (s * self.ties.round(b / s) - b).detach()

    # Convolutions and linear layers with their batch norms.

    def product(self, u, x):
        m, w = self.m, self.m.weight(u)
        if u.norm is None:
            y = self.multiply(u, x, self.fake(u.weights, w))
            return y + like(self.shift(u, m.params[u.name + ".bias"]), y)
        gamma, beta = m.params[u.norm + ".weight"], m.params[u.norm + ".bias"]
        mean, variance = m.running[u.norm + ".running_mean"], m.running[u.norm + ".running_var"]
        frozen, sigma = self.step["Switches"][u.name]["BatchNormFrozen"], (variance + u.epsilon).sqrt()
        if u.weights is None:
            y = self.multiply(u, x, w)
            mu, s = (mean, sigma) if frozen else self.statistics(u, y)
            return (y - like(mu, y)) * like(gamma / s, y) + like(self.shift(u, beta), y)
        f = m.factor(u)
        u.weights.follow(f)
        y = self.multiply(u, x, self.fake(u.weights, w * f.view((-1,) + (1,) * (w.dim() - 1))))
        if frozen:
            return y + like(self.shift(u, beta - mean * f), y)
        if m.fold_batch:
            mu, s = self.statistics(u, self.multiply(u, x, w))
            return (y - like(mu * f, y)) * like(sigma / s, y) + like(beta, y)
        y = y / like(f, y)
        mu, s = self.statistics(u, y)
        return (y - like(mu, y)) * like(gamma / s, y) + like(beta, y)

    def statistics(self, u, y):
        """The batch's mean and deviation, which move the running ones."""
        rows = y.transpose(0, 1).flatten(1)
        mean, variance, n = rows.mean(1), rows.var(1, unbiased=False), rows.shape[1]
        mean = mean + self.noise * rows.detach().abs().max() * torch.randn(len(mean))
        for name, new in (("running_mean", mean), ("running_var", variance * n / max(n - 1, 1))):
            old = self.m.running[f"{u.norm}.{name}"]
            self.m.running[f"{u.norm}.{name}"] = (1 - MOMENTUM) * old + MOMENTUM * new.detach()
        return mean, (variance + u.epsilon).sqrt()

    def multiply(self, u, x, w):
        return self.rough(self.exactly(u, x, w))

    def exactly(self, u, x, w):
        if u.kind == "linear":
            return F.linear(x, w)
        if u.alone:
            return x * w.view((1, -1) + (1,) * (x.dim() - 2))
        l = u.layer
        groups = x.shape[1] if l["Groups"] == -1 else max(l["Groups"], 1)
        if u.kind == "conv_transpose":
            return self.transposed(l, x, w, groups)
        x = F.pad(x, self.padding(l, x))
        return F.conv2d(x, w, stride=ones(l["Stride"]), dilation=ones(l["Dilation"]), groups=groups)

    def transposed(self, l, x, w, groups):
        """PyTorch's weights are I O KH KW, with the taps in reverse order."""
        w = w.flip(2, 3).unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)
        stride, dilation, p = ones(l["Stride"]), ones(l["Dilation"]), l["Padding"]
        extra = l["OutputPadding"]
        left, right, top, bottom = p["Left"], p["Right"], p["Top"], p["Bottom"]
        if p["Same"]:
            extents = [(k - 1) * d + 1 for k, d in zip(l["Kernel"], dilation)]
            extra = [max(s - e, 0) for s, e in zip(stride, extents)]
            (top, bottom), (left, right) = ((t // 2, t - t // 2) for t in (max(e - s, 0) for s, e in zip(stride, extents)))
        y = F.conv_transpose2d(x, w, stride=stride, dilation=dilation, groups=groups)
        y = F.pad(y, (0, extra[1], 0, extra[0]))
        return y[:, :, top : y.shape[2] - bottom, left : y.shape[3] - right]

    def padding(self, l, x):
        """Left, right, top and bottom."""
        p = l["Padding"]
        if not p["Same"]:
            return p["Left"], p["Right"], p["Top"], p["Bottom"]
        sides = []
        for axis in (1, 0):
            n = x.shape[2 + axis]
            stride = l["Stride"][axis] or (1 if l["Kind"] == "conv2d" else l["Kernel"][axis])
            extent = (l["Kernel"][axis] - 1) * max(l["Dilation"][axis], 1) + 1
            total = max((-(-n // stride) - 1) * stride + extent - n, 0)
            sides += [total // 2, total - total // 2]
        return tuple(sides)

    # The other layers.

    def rectify(self, kind, x, summed=False):
        return x if kind is None else getattr(self, kind)(None, x, summed)

    def relu(self, l, x, summed=False):
        return x * self.ties.positive(x, summed=summed)

    def relu6(self, l, x, summed=False):
        below = self.ties.positive(6 - x, of=x)
        return torch.where(below, x * self.ties.positive(x, summed=summed), torch.full_like(x, 6))

    def clip(self, l, x):
        least, greatest = (float(np.float32(l[k])) for k in ("Min", "Max"))
        above, below = self.ties.positive(x - least, of=x), self.ties.positive(greatest - x, of=x)
        y = torch.where(below, x, torch.full_like(x, greatest))
        return torch.where(above, y, torch.full_like(x, least))

    def prelu(self, l, x):
        return torch.where(self.ties.positive(x), x, like(self.m.params[l["Name"] + ".weight"], x) * x)

    def leaky_relu(self, l, x):
        slope = float(np.float32(l["Slope"]))
        return torch.where(self.ties.positive(x), x, slope * x)

    def hard_swish(self, l, x):
        above, beyond = self.ties.positive(x + 3, of=x), self.ties.positive(x - 3, of=x)
        return torch.where(beyond, x, above * x * (x + 3) / 6)

    def hard_sigmoid(self, l, x):
        above, beyond = self.ties.positive(x + 3, of=x), self.ties.positive(x - 3, of=x)
        return torch.where(beyond, torch.ones_like(x), above * (x + 3) / 6)

    def silu(self, l, x):
        return F.silu(x)

    def gelu(self, l, x):
        return F.gelu(x)

    def elu(self, l, x):
        return F.elu(x)

    def softplus(self, l, x):
        return F.softplus(x, threshold=1000)

    def sigmoid(self, l, x):
        return x.sigmoid()

    def tanh(self, l, x):
        return x.tanh()

    def layer_norm(self, l, x):
        gamma, beta = (self.m.params[l["Name"] + k] for k in (".weight", ".bias"))
        epsilon = float(np.float32(l["Epsilon"] or 1e-5))
        return F.layer_norm(x.movedim(1, -1), gamma.shape, gamma, beta, epsilon).movedim(-1, 1)

    def attention_scores(self, l, q, k):
        q, k = (x.unflatten(1, (l["Heads"], -1)).squeeze(3) for x in (q, k))
        scale = float(np.float32(l["Scale"] or 1 / q.shape[2] ** 0.5))
        return torch.einsum("nhcq,nhck->nkhq", q, k) * scale

    def attention_values(self, l, p, v):
        v = v.unflatten(1, (p.shape[2], -1)).squeeze(3)
        return torch.einsum("nkhq,nhck->nhcq", p, v).flatten(1, 2).unsqueeze(2)

    def softmax(self, l, x):
        return x.softmax(1)

    def windows(self, l, x, fill, beyond):
        """The elements of each window, in the last axis: of the image, of its padding, and beyond that."""
        padding, (kh, kw), (sh, sw) = self.padding(l, x), l["Kernel"], strides(l)
        over = self.overhang(l, x, 1, padding[0]) + self.overhang(l, x, 0, padding[2])
        x = F.pad(F.pad(x, padding, value=fill), over, value=beyond)
        return x.unfold(2, kh, sh).unfold(3, kw, sw).flatten(4)

    def overhang(self, l, x, axis, before):
        """What ceil_mode adds at the end, so that one more window fits that starts before the end of the image."""
        left, right, top, bottom = self.padding(l, x)
        n, k, s = x.shape[2 + axis] + (top + bottom, left + right)[axis], l["Kernel"][axis], strides(l)[axis]
        last = -(-(n - k) // s) * s
        return 0, max(last + k - n, 0) if l["CeilMode"] and last < before + x.shape[2 + axis] else 0

    def max_pool(self, l, x):
        w = self.windows(l, x, -torch.inf, -torch.inf)
        self.compare(l, x, w.max(-1).values, F.max_pool2d)
        return w.gather(-1, self.ties.first_max(w).unsqueeze(-1)).squeeze(-1)

    def avg_pool(self, l, x):
        counted = self.windows(l, torch.ones_like(x), 1 if l["CountIncludePad"] else 0, 0).sum(-1)
        y = self.windows(l, x, 0, 0).sum(-1) / counted
        self.compare(l, x, y, F.avg_pool2d, count_include_pad=l["CountIncludePad"])
        return y

    def compare(self, l, x, y, pool, **options):
        """With PyTorch's own pool, which takes some of the paddings."""
        left, right, top, bottom = self.padding(l, x)
        if left == right <= l["Kernel"][1] // 2 and top == bottom <= l["Kernel"][0] // 2:
            own = pool(x, l["Kernel"], strides(l), (top, left), ceil_mode=l["CeilMode"], **options)
            assert own.shape == y.shape and torch.allclose(own, y), f"{l['Name']} is not PyTorch's"

    def global_avg_pool(self, l, x):
        return x.mean((2, 3), keepdim=True)

    def flatten(self, l, x):
        return x.flatten(1)

    def reshape(self, l, x):
        c, h, w = (l["Shape"][k] for k in "CHW")
        return x.reshape(len(x), c, h, w)

    def resize(self, l, x):
        return F.interpolate(x, scale_factor=l["Factor"], mode="nearest")

    def add(self, l, a, b):
        return a + spread(b, a)

    def sub(self, l, a, b):
        return a - spread(b, a)

    def mul(self, l, a, b):
        return a * spread(b, a)

    def max(self, l, a, b):
        b = spread(b, a)
        sizes = torch.maximum(a.abs(), b.abs())
        equal = (a - b).abs() <= NOISE * BAND * sizes.max()  # each has half of the gradient
        apart = torch.where(equal, sizes.max() + 1, a - b)
        y = torch.where(equal, (a + b) / 2, torch.where(self.ties.positive(apart, of=sizes), a, b))
        own = torch.maximum(a, b)
        assert torch.allclose(y, own, rtol=0, atol=1e-4 * float(sizes.max())), (y - own).abs().max()
        return y

    def min(self, l, a, b):
        return -self.max(l, -a, -b)

    def slice(self, l, x):
        spans = [l[k] if l[k] != [0, 0] else [0, n] for k, n in zip(("Channels", "Rows", "Columns"), x.shape[1:])]
        return x[(slice(None), *(slice(*s) for s in spans))]

    def pad(self, l, x):
        sides = (*l["ExtraChannels"],) if x.dim() == 2 else (*self.padding(l, x), *l["ExtraChannels"])
        return F.pad(x, sides, value=float(np.float32(l["Value"])))

    def shuffle(self, l, x):
        return x.reshape(len(x), l["Groups"], -1, *x.shape[2:]).transpose(1, 2).reshape(x.shape)

    def concat(self, l, *xs):
        return torch.cat(xs, 1)

    def dropout(self, l, x):
        kept = tensor(self.step["Masks"][l["Name"]])
        if x.dim() == 4:
            kept = kept.reshape(x.shape[0], x.shape[2], x.shape[3], x.shape[1]).permute(0, 3, 1, 2)
        return x * kept.reshape(x.shape)

    def identity(self, l, x):
        return x


def like(b, x):
    """b, a number a channel, to be added to x."""
    return b.view((-1, x.shape[1]) + (1,) * (x.dim() - 2))


def spread(b, a):
    """b, perhaps a number a channel, in the shape of a."""
    return (b if b.dim() == a.dim() else like(b, a)).expand(a.shape)


def strides(l):
    """Those of a pool."""
    return [s or k for s, k in zip(l["Stride"], l["Kernel"])]


def ones(pair):
    return [n or 1 for n in pair]
