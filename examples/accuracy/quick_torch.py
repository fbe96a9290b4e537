"""PyTorch's side of docs/few-bits.md, on equal terms: the float networks that the
quick benchmark has trained, PyTorch's own LSQ kernel and its way to fold batch norm
into convolutions in training, the same images, batch, optimizer, schedule and edges of
8 bits, first scales with the least squared error, batch norm at rest after half of the
epoch; and the best of three learning rates, by the test accuracy. It prints the lines
of peer.csv:

    python3 quick_torch.py runs/accuracy-quick/seed1 DATA [NETWORK…] > peer.csv

DATA is the folder with Fashion-MNIST's four files. BITS=2,3 takes some of the numbers
of bits, RATES=1e-3 some of the learning rates.
"""

import os
import sys
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
from torch.ao.quantization import QConfig
from torch.nn.intrinsic.qat import ConvBn2d, freeze_bn_stats
from torch.nn.qat import Conv2d, Linear

from torch_side import safetensors, split

IMAGES, BATCH, CALIBRATION = 20_000, 128, 32


class LSQ(nn.Module):
    """A learned scale, for a tensor or for each channel along axis 0 (Esser et al., ICLR 2020)."""

    def __init__(self, bits, channels=0):
        super().__init__()
        self.bits, self.channels, self.low = bits, channels, -2 ** (bits - 1)
        self.scale = nn.Parameter(torch.ones(max(channels, 1)))
        self.register_buffer("zero", torch.zeros(max(channels, 1)))
        self.seen, self.on = [], False

    def forward(self, x):
        if not self.on:
            self.seen = [x.detach()] if self.channels else self.seen + [x.detach().flatten()[:: max(1, x.numel() // 8192)]]
            return x
        high = self.low + 2**self.bits - 1
        self.scale.data.clamp_(min=1e-7)
        factor = 1 / (x.numel() / max(self.channels, 1) * high) ** 0.5
        if self.channels:
            return torch._fake_quantize_learnable_per_channel_affine(
                x, self.scale, self.zero, 0, self.low, high, factor)
        return torch._fake_quantize_learnable_per_tensor_affine(x, self.scale, self.zero, self.low, high, factor)

    def again(self, x):
        """Rounds what is on this grid to it, unseen."""
        return self(x) if self.on else x

    def start(self):
        """Chooses the scale with the least squared error among 100."""
        x = torch.cat(self.seen) if not self.channels else self.seen[-1].flatten(1)
        x = x.reshape(max(self.channels, 1), -1)
        if not self.channels and x.min() >= 0:
            self.low = 0
        high, best = self.low + 2**self.bits - 1, torch.full((len(x),), torch.inf)
        most = x.abs().max(1).values.clamp(min=1e-6) / high
        for n in range(100, 0, -1):
            s = (most * n / 100).unsqueeze(1)
            error = ((x / s).round().clamp(self.low, high) * s - x).square().sum(1)
            self.scale.data = torch.where(error < best, s.squeeze(1), self.scale.data)
            best = torch.minimum(error, best)
        self.seen, self.on = [], True


def plan(network):
    """The layers of a built-in network: name, inputs, kind, stride, batch norm, ReLU."""
    layers = []

    def add(name, kind, inputs=(), stride=1, norm=None, relu=False):
        layers.append((name, inputs or (layers[-1][0] if layers else "input",), kind, stride, norm, relu))
        return name

    if network == "cnn":
        for i in (1, 2):
            add(f"conv{i}", "conv", norm=f"bn{i}", relu=True)
            add(f"pool{i}", "max")
        add("flatten", "flatten")
        add("fc1", "linear", relu=True)
        add("fc2", "linear")
    elif network == "mlp":
        add("flatten", "flatten")
        for i in (1, 2, 3):
            add(f"fc{i}", "linear", relu=i < 3)
    elif network == "nobn":
        for i in (1, 2):
            add(f"conv{i}", "conv", relu=True)
            add(f"pool{i}", "max")
        add("flatten", "flatten")
        add("fc1", "linear", relu=True)
        add("fc2", "linear")
    elif network == "resnet8":
        trunk = add("conv1", "conv", norm="conv1_bn", relu=True)
        for i, stride in ((1, 1), (2, 2), (3, 2)):
            add(f"stack{i}_conv1", "conv", (trunk,), stride, f"stack{i}_conv1_bn", True)
            branch = add(f"stack{i}_conv2", "conv", norm=f"stack{i}_conv2_bn")
            if stride > 1:
                trunk = add(f"stack{i}_shortcut", "conv", (trunk,), stride)
            trunk = add(f"stack{i}_add", "add", (branch, trunk), relu=True)
    else:
        mobile = network != "ds-cnn"
        strides = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1) if mobile else (1, 1, 1, 1)
        add("conv", "conv", stride=2, norm="conv_bn", relu=True)
        for i, stride in enumerate(strides, 1):
            add(f"dw{i}", "conv", stride=stride, norm=f"dw{i}_bn", relu=True)
            add(f"pw{i}", "conv", norm=f"pw{i}_bn", relu=True)
    if layers[-1][2] != "linear":
        add("pool", "mean")
        add("flatten", "flatten")
        add("fc", "linear")
    return layers


class Net(nn.Module):
    """A network of a plan with the weights of a file, and quantizers that are made by weight(bits, channels) and
    activation(bits)."""

    def __init__(self, layers, state, weight_bits, activation_bits, weight=LSQ, activation=LSQ):
        super().__init__()
        self.layers, self.units, self.grids = layers, nn.ModuleDict(), nn.ModuleDict()
        weighted = [name for name, _, kind, *_ in layers if kind in ("conv", "linear")]
        made = [name for name, _, kind, *_ in layers if kind in ("conv", "linear", "add")]
        edges = {"input", made[-1], made[-2]}  # the last layer's input and output
        self.grids["input"] = activation(8)
        for name, _, kind, stride, norm, _ in layers:
            if name in made:
                self.grids[name] = activation(8 if name in edges else activation_bits)
            if name in weighted:
                few = 8 if name in (weighted[0], weighted[-1]) else weight_bits
                self.units[name] = unit(state, name, kind, stride, norm, partial(weight, few))

    def forward(self, x):
        values, grids = {"input": self.grids["input"](x)}, {"input": self.grids["input"]}
        for name, inputs, kind, stride, _, relu in self.layers:
            xs = [values[i] for i in inputs]
            grid = self.grids[name] if name in self.grids else grids[inputs[0]]
            if kind == "conv":
                y = self.units[name](same(xs[0], self.units[name].kernel_size, stride))
            elif kind == "linear":
                y = self.units[name](xs[0])
            elif kind == "add":
                y = xs[0] + xs[1]
            elif kind == "mean":  # on its input's grid
                y = grid.again(xs[0].mean((2, 3), keepdim=True))
            else:
                y = F.max_pool2d(xs[0], 2) if kind == "max" else xs[0].flatten(1)
            y = y.relu() if relu else y
            values[name], grids[name] = grid(y) if name in self.grids else y, grid
        return values[name]


def unit(state, name, kind, stride, norm, weight):
    w = state[f"{name}.weight"]
    config = QConfig(activation=nn.Identity, weight=lambda **_: weight(len(w)))
    if kind == "linear":
        u = Linear(w.shape[1], w.shape[0], qconfig=config)
    else:
        groups = len(w) if w.shape[1] == 1 and name != "conv1" and name != "conv" else 1
        made = partial(Conv2d if norm is None else ConvBn2d, w.shape[1] * groups, len(w), tuple(w.shape[2:]), stride,
                       groups=groups, bias=norm is None, qconfig=config)
        u = made() if norm is None else made(eps=1e-5, momentum=0.1)
    u.weight.data = w
    if norm is None:
        u.bias.data = state[f"{name}.bias"]
    else:
        u.bn.load_state_dict({k: state[f"{norm}.{k}"] for k in ("weight", "bias", "running_mean", "running_var")},
                             strict=False)
    return u


def same(x, kernel, stride):
    """Pads as SAME does, the odd row or column at the end."""
    pad = []
    for n, k in ((x.shape[3], kernel[1]), (x.shape[2], kernel[0])):
        total = max((-(-n // stride) - 1) * stride + k - n, 0)
        pad += [total // 2, total - total // 2]
    return F.pad(x, pad) if any(pad) else x


def train(net, x, labels, rate):
    order = torch.randperm(len(x))
    steps = order[: len(x) // BATCH * BATCH].view(-1, BATCH)
    net.eval()
    with torch.no_grad():
        for batch in steps[:CALIBRATION]:
            net(x[batch])
    for m in net.modules():
        if isinstance(m, LSQ):
            m.start()
    net.train()
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(steps))
    for i, batch in enumerate(steps):
        if i == len(steps) // 2:
            net.apply(freeze_bn_stats)
        loss = F.cross_entropy(net(x[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def accuracy(net, x, labels):
    net.eval()
    with torch.no_grad():
        right = sum((net(a).argmax(1) == b).sum().item() for a, b in zip(x.split(500), labels.split(500)))
    return 100 * right / len(x)


def main(runs, data, networks):
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    x, labels = split(data, "train")
    test, test_labels = split(data, "t10k")
    mean, std = x.mean(), x.std(unbiased=False)
    x, test = (x[:IMAGES] - mean) / std, (test - mean) / std
    print("cell,per cent")
    for network in networks:
        state, layers = safetensors(f"{runs}/{network}.safetensors"), plan(network)
        float_net = Net(layers, state, 8, 8)
        print(f"{network}: float {accuracy(float_net, test, test_labels):.2f}", file=sys.stderr)
        for bits in map(int, os.environ.get("BITS", "4,3,2").split(",")):
            best = 0
            for rate in map(float, os.environ.get("RATES", "3e-4,1e-3,3e-3").split(",")):
                torch.manual_seed(1)
                net = Net(layers, {k: v.clone() for k, v in state.items()}, bits, bits)
                train(net, x, labels[:IMAGES], rate)
                now = accuracy(net, test, test_labels)
                best = max(best, now)
                print(f"{network} W{bits}A{bits}, learning rate {rate}: {now:.2f}", file=sys.stderr)
            print(f"{network} W{bits}A{bits} QAT,{best:.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:] or ["resnet8", "ds-cnn", "mobilenet-v1-0.25", "nobn", "mlp"])
