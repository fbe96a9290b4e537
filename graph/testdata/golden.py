"""Makes golden.safetensors: loss and gradients of PyTorch on a given state.

A small network of the shape of "cnn" on random images: the parameters, one
batch, and what torch.autograd says of them: in float; with fake-quant on and
batch norm folded by running statistics, not frozen and frozen; and folded by
those of the batch, which is torch's own ConvBn2d on its slow path.
Run by hand with PyTorch 1.13 (Debian: python3-torch); the test reads the file.

    python3 golden.py golden.safetensors
"""
import json
import struct
import sys

import torch
import torch.nn.functional as F
import torch.nn.intrinsic.qat as nniqat
from torch.quantization import QConfig

torch.set_num_threads(1)
EPS = 1e-5
MARGIN = 2e-4  # of a step: how far every number must stay from a rounding tie
nearest_tie = 1.0


def parameters():
    def uniform(*shape):
        fan = torch.tensor(shape[1:]).prod().item() if len(shape) > 1 else shape[0]
        return (torch.rand(*shape) * 2 - 1) / fan**0.5

    p = {
        "conv1.weight": uniform(4, 2, 3, 3),
        "bn1.weight": torch.rand(4) + 0.5,
        "bn1.bias": uniform(4),
        "conv2.weight": uniform(6, 4, 3, 3),
        "bn2.weight": torch.rand(6) - 0.5,  # some negative
        "bn2.bias": uniform(6),
        "fc1.weight": uniform(8, 24),
        "fc1.bias": uniform(8),
        "fc2.weight": uniform(5, 8),
        "fc2.bias": uniform(5),
    }
    running = {}
    for bn, c in (("bn1", 4), ("bn2", 6)):
        running[bn + ".running_mean"] = uniform(c)
        running[bn + ".running_var"] = torch.rand(c) + 0.2
    return p, running


class Fake(torch.autograd.Function):
    """s·clip(rne(x/s), lo, hi) with the straight-through gradient."""

    @staticmethod
    def forward(ctx, x, s, lo, hi):
        n = torch.round(x / s)
        global nearest_tie
        inside = (n >= lo) & (n <= hi) & (x != 0)
        nearest_tie = min(nearest_tie, (0.5 - (x / s - n).abs())[inside].min().item())
        ctx.save_for_backward((n >= lo) & (n <= hi))
        return n.clamp(lo, hi) * s

    @staticmethod
    def backward(ctx, dy):
        (mask,) = ctx.saved_tensors
        return dy * mask, None, None, None


def weight(w):
    s = w.detach().abs().flatten(1).amax(1) / 127
    return Fake.apply(w, s.view(-1, *[1] * (w.dim() - 1)), -127, 127)


class FakeWeight(torch.nn.Module):
    def forward(self, w):
        return weight(w)


def conv_bn(x, w, gamma, beta, mean, var):
    """torch's convolution with folded batch norm, by the batch's statistics."""
    qconfig = QConfig(activation=torch.nn.Identity, weight=FakeWeight)
    # bias=False, since otherwise the module adds a bias that no loss depends on
    m = nniqat.ConvBn2d(w.shape[1], w.shape[0], 3, padding=1, bias=False, eps=EPS, qconfig=qconfig)
    m._enable_slow_path_for_better_numerical_stability = True
    m.train()
    tensors = {"weight": w, "bn.weight": gamma, "bn.bias": beta, "bn.running_mean": mean, "bn.running_var": var}
    return torch.nn.utils.stateless.functional_call(m, tensors, x)


def activation(x, unsigned):
    if unsigned:
        return Fake.apply(x, x.detach().amax() / 255, 0, 255)
    return Fake.apply(x, x.detach().abs().amax() / 127, -128, 127)


def loss_of(p, running, x, labels, quantized, frozen, batch):
    fake = activation if quantized else lambda x, unsigned: x
    fake_weight = weight if quantized else lambda w: w

    def block(x, n):
        gamma, beta = p[f"bn{n}.weight"], p[f"bn{n}.bias"]
        mean, var = running[f"bn{n}.running_mean"].clone(), running[f"bn{n}.running_var"].clone()
        f = gamma / torch.sqrt(var + EPS) if quantized else torch.ones_like(gamma)
        if batch:
            y = conv_bn(x, p[f"conv{n}.weight"], gamma, beta, mean, var)
        else:
            y = F.conv2d(x, fake_weight(p[f"conv{n}.weight"] * f.view(-1, 1, 1, 1)), padding=1)
            y = F.batch_norm(y / f.view(1, -1, 1, 1), mean, var, gamma, beta, not frozen, 0.1, EPS)
        after[f"bn{n}.running_mean"], after[f"bn{n}.running_var"] = mean, var
        return F.max_pool2d(fake(F.relu(y), True), 2)

    after = {}
    h = block(block(fake(x, False), 1), 2).flatten(1)
    h = fake(F.relu(F.linear(h, fake_weight(p["fc1.weight"]), p["fc1.bias"])), True)
    y = fake(F.linear(h, fake_weight(p["fc2.weight"]), p["fc2.bias"]), False)
    return F.cross_entropy(y, labels), y, after


def main(path):
    """Chooses the first state in which no number is so close to a tie that the
    order of float32 sums could decide where it goes."""
    global nearest_tie
    for seed in range(1000):
        torch.manual_seed(seed)
        nearest_tie = 1.0
        out = state()
        if nearest_tie > MARGIN:
            out["seed"] = torch.tensor([seed], dtype=torch.int32)
            return write(path, out)


def state():
    p, running = parameters()
    x = torch.randn(6, 2, 8, 8)
    labels = torch.randint(5, (6,))
    out = {"x": x.permute(0, 2, 3, 1).contiguous(), "labels": labels.to(torch.int32), **p, **running}
    for name, quantized, frozen, batch in (
        ("float", False, False, False),
        ("qat", True, False, False),
        ("frozen", True, True, False),
        ("batch", True, False, True),
    ):
        for t in p.values():
            t.requires_grad_(True)
            t.grad = None
        loss, y, after = loss_of(p, running, x, labels, quantized, frozen, batch)
        loss.backward()
        out[name + "/loss"] = loss.detach().view(1)
        out[name + "/logits"] = y.detach()
        for k, t in p.items():
            out[f"{name}/{k}"] = t.grad.clone()
        for k, t in after.items():
            out[f"{name}/{k}"] = t
    return out


def write(path, tensors):
    header, blobs, offset = {"__metadata__": {"torch": torch.__version__}}, [], 0
    for name in sorted(tensors):
        a = tensors[name].detach().contiguous().numpy()
        dtype = {"float32": "F32", "int32": "I32"}[str(a.dtype)]
        header[name] = {"dtype": dtype, "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]}
        blobs.append(a.tobytes())
        offset += a.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


main(sys.argv[1])
