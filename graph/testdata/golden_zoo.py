"""Makes golden_cnn.safetensors.gz and golden_resnet8.safetensors.gz: loss and
gradients of PyTorch for the built-in networks, in float and with fake-quant on.

Parameters and inputs are not stored: both sides compute them from a formula
(see fill) and a seed for each layer. What is stored of a gradient:

    float/conv1.weight      the gradient itself, rounded to 16 significant bits
    float/fc1.weight/dy     large linear layers: the gradient is dyᵀ·x, and its
    float/fc1.weight/x      two factors, for a batch of 4, are much smaller

Seeds are searched layer by layer, such that no number lies so close to a
rounding tie, or a ReLU's input to 0, that the order of float32 sums could
decide where it goes.

Run by hand with PyTorch 1.13 (Debian: python3-torch); the test reads the files.

    python3 golden_zoo.py folder
"""
import gzip
import json
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
EPS = 1e-5
MARGIN = 2.5e-5  # of a step
FACTORED = 100_000  # elements above which a linear layer's gradient is stored as factors


def fill(seed, n):
    """n numbers in [-1, 1): splitmix64 of seed·2³² + i, its upper 24 bits
    (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
    OOPSLA 2014). Exact in float32."""
    with np.errstate(over="ignore"):
        z = (np.uint64(seed) << np.uint64(32)) + np.arange(n, dtype=np.uint64)
        z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(40)).astype(np.float32)
    return torch.from_numpy(u / np.float32(2**23) - np.float32(1))


class Fake(torch.autograd.Function):
    """s·clip(rne(x/s), lo, hi) with the straight-through gradient."""

    @staticmethod
    def forward(ctx, x, s, lo, hi):
        n = torch.round(x / s)
        ctx.save_for_backward((n >= lo) & (n <= hi))
        return n.clamp(lo, hi) * s

    @staticmethod
    def backward(ctx, dy):
        (mask,) = ctx.saved_tensors
        return dy * mask, None, None, None


def fake_weight(w):
    s = w.detach().abs().flatten(1).amax(1) / 127
    return Fake.apply(w, s.view(-1, *[1] * (w.dim() - 1)), -127, 127)


def safe(x, s, relu):
    """Whether all of x, a tensor before its ReLU, keeps away from ties."""
    n = x.detach() / s
    tie = 0.5 - (n - torch.round(n)).abs()
    if not relu:
        return tie.min() > MARGIN
    return tie[n > 0].min() > MARGIN and n[n != 0].abs().min() > MARGIN  # a sum may be 0 exactly


class Tie(Exception):
    pass


class State:
    """The state of one network: seeds of its layers, and the results of a pass."""

    def __init__(self, seeds, quantized):
        self.seeds, self.quantized = seeds, quantized
        self.params, self.factors = {}, {}

    def param(self, layer, part, shape, low, high):
        """low..high, from the layer's seed and the number of the part."""
        v = fill(self.seeds.get(layer, 1) * 8 + part, int(np.prod(shape))).view(shape)
        mid, half = np.float32((high + low) / 2), np.float32((high - low) / 2)
        return v * half + mid

    def learned(self, name, *args):
        self.params[name] = self.param(*args).requires_grad_(True)
        return self.params[name]

    def fake(self, layer, x, relu, ties=True):
        """The activation after x, and after its ReLU, quantized."""
        y = F.relu(x) if relu else x
        if not self.quantized:
            return y
        s = y.detach().amax() / 255 if relu else y.detach().abs().amax() / 127
        if ties and not safe(x, s, relu):
            raise Tie(layer)
        self.scale = s
        return Fake.apply(y, s, 0 if relu else -128, 255 if relu else 127)

    def weight(self, layer, *shape):
        bound = float(np.prod(shape[1:])) ** -0.5
        return self.learned(layer + ".weight", layer, 0, shape, -bound, bound)

    def block(self, x, conv, bn, filters, kernel, stride, relu, groups=1):
        """A convolution with its batch norm, "same" padding as TensorFlow's."""
        w = self.weight(conv, filters, x.shape[1] // groups, kernel, kernel)
        gamma = self.learned(bn + ".weight", conv, 1, (filters,), 0.5, 1.5)
        beta = self.learned(bn + ".bias", conv, 2, (filters,), -0.5, 0.5)
        mean = self.param(conv, 3, (filters,), -0.5, 0.5)
        var = self.param(conv, 4, (filters,), 0.25, 1.25)
        # In float64, because the quotient decides how the weights round.
        f = torch.ones_like(gamma)
        if self.quantized:
            f = (gamma.double() / torch.sqrt(var.double() + EPS)).float()
            w = fake_weight(w * f.view(-1, 1, 1, 1))
        y = F.conv2d(pad(x, kernel, stride), w, stride=stride, groups=groups)
        y = F.batch_norm(y / f.view(1, -1, 1, 1), mean, var, gamma, beta, True, 0.1, EPS)
        return self.fake(conv, y, relu)

    def shortcut(self, x, name, filters, stride):
        w = self.weight(name, filters, x.shape[1], 1, 1)
        b = self.learned(name + ".bias", name, 1, (filters,), -0.5, 0.5)
        return self.fake(name, F.conv2d(x, fake_weight(w) if self.quantized else w, b, stride=stride), False)

    def linear(self, x, name, features, relu):
        w = self.weight(name, features, x.shape[1])
        b = self.learned(name + ".bias", name, 1, (features,), -0.5, 0.5)
        y = F.linear(x, fake_weight(w) if self.quantized else w, b)
        if w.numel() >= FACTORED and y.requires_grad:
            y.retain_grad()
            self.factors[name + ".weight"] = (y, x)
        return self.fake(name, y, relu)

    def mean(self, x, layer):
        """Global average pooling, rounded to the grid of its input."""
        y = x.mean((2, 3))
        if not self.quantized:
            return y
        if not safe(y, self.scale, False):
            raise Tie(layer)
        return Fake.apply(y, self.scale, 0, 255)


def pad(x, kernel, stride):
    total = max((-(-x.shape[2] // stride) - 1) * stride + kernel - x.shape[2], 0)
    return F.pad(x, (total // 2, total - total // 2) * 2)


def cnn(s, x):
    x = F.max_pool2d(s.block(x, "conv1", "bn1", 16, 3, 1, True), 2)
    x = F.max_pool2d(s.block(x, "conv2", "bn2", 32, 3, 1, True), 2)
    return s.linear(s.linear(x.flatten(1), "fc1", 128, True), "fc2", 10, False)


def resnet8(s, x):
    x = s.block(x, "conv1", "conv1_bn", 16, 3, 1, True)
    for i, filters in enumerate((16, 32, 64), 1):
        name, stride = f"stack{i}_", min(i, 2)
        y = s.block(x, name + "conv1", name + "conv1_bn", filters, 3, stride, True)
        y = s.block(y, name + "conv2", name + "conv2_bn", filters, 3, 1, False)
        if stride > 1:
            x = s.shortcut(x, name + "shortcut", filters, stride)
        x = s.fake(name + "conv2", y + x, True)
    return s.linear(s.mean(x, name + "conv2"), "fc", 10, False)


def forward(network, shape, seeds, quantized):
    s = State(seeds, quantized)
    x = fill(7, int(np.prod(shape))).view(shape)
    return s, network(s, s.fake("input", x, False, ties=False))


def run(network, shape, seeds, quantized):
    s, y = forward(network, shape, seeds, quantized)
    loss = F.cross_entropy(y, torch.arange(shape[0]) * 3 % 10)
    loss.backward()
    return s, loss


def search(network, shape):
    """Seeds on which quantized training keeps away from ties. A layer that
    does not gets another seed; those before it keep theirs."""
    seeds = {}
    while True:
        try:
            with torch.no_grad():
                forward(network, shape, seeds, True)
            return seeds
        except Tie as t:
            layer = str(t)
            seeds[layer] = seeds.get(layer, 1) + 1
            print(seeds, end="\r", file=sys.stderr)


def golden(network, shape):
    seeds = search(network, shape)
    print(network.__name__, seeds)
    out = {"seed/" + k: np.array([v], np.int32) for k, v in seeds.items()}
    for mode in ("float", "qat"):
        s, loss = run(network, shape, seeds, mode == "qat")
        out[mode + "/loss"] = loss.detach().view(1).numpy()
        for name, p in s.params.items():
            if name not in s.factors:
                out[f"{mode}/{name}"] = short(p.grad.numpy())
                continue
            y, x = s.factors[name]
            dy, x = short(y.grad.numpy()), short(x.detach().numpy())
            assert np.abs(dy.T @ x - p.grad.numpy()).max() < 3e-5 * p.grad.abs().max().item(), name
            out[f"{mode}/{name}/dy"], out[f"{mode}/{name}/x"] = dy, x
    return out


def short(a):
    """a rounded to 16 significant bits, to keep the file small."""
    bits = np.ascontiguousarray(a, np.float32).view(np.uint32)
    return ((bits + np.uint32(0x80)) & np.uint32(0xFFFFFF00)).view(np.float32)


def write(path, tensors):
    header, blobs, offset = {"__metadata__": {"torch": torch.__version__}}, [], 0
    for name in sorted(tensors):
        a = tensors[name]
        dtype = {"float32": "F32", "int32": "I32"}[str(a.dtype)]
        header[name] = {"dtype": dtype, "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]}
        blobs.append(a.tobytes())
        offset += a.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f, gzip.GzipFile("", "wb", 9, f, 0) as z:
        z.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


write(sys.argv[1] + "/golden_cnn.safetensors.gz", golden(cnn, (4, 1, 28, 28)))
write(sys.argv[1] + "/golden_resnet8.safetensors.gz", golden(resnet8, (2, 3, 32, 32)))
