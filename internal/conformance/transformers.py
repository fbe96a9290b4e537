"""Attention, as PyTorch's modules and other people's write it."""

import itertools
import math

import numpy as np
import torch
from torch import nn

from architectures import exported
from net import FORMS, form, normal
from modules import Encoder


class Second(nn.Module):
    """PyTorch's own attention, which has the batch second, or first and moves it."""

    def __init__(self, first, heads):
        super().__init__()
        self.first, self.attention = first, nn.MultiheadAttention(16, heads, batch_first=first)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        x = x if self.first else x.transpose(0, 1)
        y, _ = self.attention(x, x, x, need_weights=not self.first)
        return self.head((x + y).mean(1 if self.first else 0))


class Block(nn.Module):
    """A block of a vision transformer, as repositories write it: one product for queries, keys and values."""

    def __init__(self, c, heads, packed):
        super().__init__()
        self.heads, self.packed = heads, packed
        self.norm1, self.norm2 = nn.LayerNorm(c, eps=1e-6), nn.LayerNorm(c)
        if packed:
            self.qkv = nn.Linear(c, 3 * c, bias=False)
        else:
            self.q, self.k, self.v = nn.Linear(c, c), nn.Linear(c, c), nn.Linear(c, c)
        self.out = nn.Linear(c, c)
        self.mlp = nn.Sequential(nn.Linear(c, 2 * c), nn.GELU(), nn.Dropout(0.1), nn.Linear(2 * c, c))

    def attend(self, x):
        n, t, c = x.shape
        if self.packed:
            q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        else:
            q, k, v = (f(x).view(n, t, self.heads, c // self.heads).transpose(1, 2) for f in (self.q, self.k, self.v))
        scores = q @ k.transpose(-2, -1) / math.sqrt(c // self.heads) if self.packed else \
            torch.matmul(q * 0.7, k.permute(0, 1, 3, 2))
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, c))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Vision(nn.Module):
    """A vision transformer: patches, a token for the class or none, positions, two blocks."""

    def __init__(self, token, packed):
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 16)) if token else None
        self.positions = nn.Parameter(torch.randn(1, 16 + token, 16) * 0.3)
        self.blocks = nn.Sequential(Block(16, 4, packed), Block(16, 2, packed))
        self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 5)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        if self.token is not None:
            x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1)
        x = self.norm(self.blocks(x + self.positions))
        return self.head(x[:, 0] if self.token is not None else x.mean(1))


class Beside(nn.Module):
    """Attention among the pixels of an image, as convolutional networks have it."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU())
        self.q, self.k, self.v = nn.Conv2d(8, 4, 1), nn.Conv2d(8, 4, 1), nn.Conv2d(8, 8, 1)
        self.gamma, self.head = nn.Parameter(torch.tensor(0.6)), nn.Linear(8, 5)

    def forward(self, x):
        x = self.first(x)
        n, c, h, w = x.shape
        q, k, v = (f(x).view(n, -1, h * w) for f in (self.q, self.k, self.v))
        shares = torch.softmax(torch.bmm(q.permute(0, 2, 1), k), -1)
        y = torch.bmm(v, shares.permute(0, 2, 1)).view(n, c, h, w)
        return self.head((self.gamma * y + x).mean([2, 3]))


class Crossed(nn.Module):
    """Attention of a signal to a shorter one, in one head."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = nn.Conv1d(6, 8, 1), nn.Conv1d(6, 8, 2, 2), nn.Conv1d(6, 4, 2, 2)
        self.head = nn.Linear(4 * 12, 5)

    def forward(self, x):
        q, k, v = self.q(x).transpose(1, 2), self.k(x), self.v(x).transpose(1, 2)
        return self.head((torch.softmax(q @ k * 8 ** -0.5, -1) @ v).flatten(1))


TRANSFORMERS = {
    **{f"multihead-{'first' if first else 'second'}-{heads}":
       (lambda first=first, heads=heads: Second(first, heads), [12, 16])
       for first, heads in itertools.product((True, False), (1, 4))},
    **{f"encoder-{'first' if first else 'second'}-{'pre' if pre else 'post'}-{act}":
       (lambda first=first, pre=pre, act=act: Encoder(first, pre, act), [12, 6])
       for first, pre, act in ((True, True, "gelu"), (True, False, "relu"), (False, True, "relu"),
                               (False, False, "gelu"))},
    **{f"vision-{'token' if token else 'mean'}-{'packed' if packed else 'apart'}":
       (lambda token=token, packed=packed: Vision(token, packed), [3, 16, 16])
       for token, packed in itertools.product((True, False), (True, False))},
    "attention-beside": (Beside, [3, 12, 12]), "attention-crossed": (Crossed, [6, 12]),
}

for name, (make, shape) in TRANSFORMERS.items():
    for opset, fold, batch in ((9, True, "N"), (11, False, "N"), (12, True, 4), (13, True, "N"), (14, True, 1),
                               (16, False, 1), (17, True, "N")):
        label = f"{'' if fold else 'unfolded-'}{'' if batch == 'N' else f'batch{batch}-'}opset{opset}"
        FORMS[f"torch-{name}-{label}"] = (exported(make, shape, fold, batch), opset, None)


def dynamo(name, shape):
    """A file as torch.onnx.export(dynamo=True) writes it, by the operators of its library."""
    return form(f"dynamo-{name}", (18, 21), shape=shape, batch="s77")


def dense(n, x, i, o, name):
    """A linear layer of rank 3: Transpose, MatMul, Add."""
    w = n.op("Transpose", first=n.const(normal(o, i), f"{name}.weight"), perm=[1, 0])
    n.op("MatMul", w, first=x)
    return n.op("Add", n.const(normal(o), f"{name}.bias"))


def batch_and(n, x, *sizes):
    """A shape: the batch of x, and the sizes."""
    batch = n.op("Shape", first=x, start=0, end=1)
    return n.op("Concat", n.ints(*sizes), first=batch, axis=0)


def attention(n, q, k, v, t, c, heads):
    """scaled_dot_product_attention: the root of the scale on queries and keys, keys transposed in rank 3."""
    each = c // heads
    shape = batch_and(n, "x", t, heads, each)
    q, k, v = (n.op("Transpose", first=n.op("Reshape", shape, first=y, allowzero=1), perm=[0, 2, 1, 3])
               for y in (q, k, v))
    k = n.op("Transpose", first=n.op("Reshape", n.ints(-1, t, each), first=k, allowzero=0), perm=[0, 2, 1])
    k = n.op("Reshape", batch_and(n, "x", heads, each, t), first=k, allowzero=0)
    root = n.const(np.float32(each ** -0.25))
    scores = n.op("MatMul", n.op("Mul", root, first=k), first=n.op("Mul", root, first=q))
    y = n.op("MatMul", v, first=n.op("Softmax", first=scores, axis=-1))
    return n.op("Reshape", batch_and(n, "x", t, c), first=n.op("Transpose", first=y, perm=[0, 2, 1, 3]), allowzero=1)


def norm(n, x, c, name):
    return n.op("LayerNormalization", n.const(normal(c) + 1, f"{name}.weight"), n.const(normal(c), f"{name}.bias"),
                first=x, axis=-1, epsilon=1e-5, stash_type=1)


@dynamo("encoder", [12, 8])
def _(n):
    x = "x"
    for layer in range(2):
        y = norm(n, x, 8, f"{layer}.norm1")
        q, k, v = (dense(n, y, 8, 8, f"{layer}.{name}") for name in ("q", "k", "v"))
        y = dense(n, attention(n, q, k, v, 12, 8, 2), 8, 8, f"{layer}.out")
        x = n.op("Add", y, first=x)
        y = dense(n, norm(n, x, 8, f"{layer}.norm2"), 8, 16, f"{layer}.widen")
        y = dense(n, n.op("Gelu", first=y) if n.opset >= 20 else n.op("Relu", first=y), 16, 8, f"{layer}.narrow")
        x = n.op("Add", y, first=x)
    n.op("ReduceMean", n.ints(1), first=x, keepdims=0)
    n.op("Gemm", n.const(normal(5, 8), "fc.weight"), n.const(normal(5), "fc.bias"), transB=1)


@dynamo("multihead", [12, 8])
def _(n):
    x = n.op("Transpose", first="x", perm=[1, 0, 2])  # the batch second
    y = dense(n, x, 8, 24, "in_proj")
    last = n.op("Concat", n.ints(3, 8), first=n.op("Shape", first=y, start=0, end=2), axis=0)
    y = n.op("Unsqueeze", n.ints(0), first=n.op("Reshape", last, first=y, allowzero=1))
    y = n.op("Squeeze", n.ints(-2), first=n.op("Transpose", first=y, perm=[3, 1, 2, 0, 4]))
    q, k, v = (n.op("Gather", n.const(np.array(i, np.int64)), first=y, axis=0) for i in range(3))
    q, k, v = (n.op("Transpose", first=n.op("Reshape", n.ints(12, -1, 4), first=y, allowzero=1), perm=[1, 0, 2])
               for y in (q, k, v))
    q, k, v = (n.op("Reshape", batch_and(n, "x", 2, 12, 4), first=y, allowzero=1) for y in (q, k, v))
    scores = n.op("MatMul", n.op("Transpose", first=k, perm=[0, 1, 3, 2]),
                  first=n.op("Mul", n.const(np.float32(0.5)), first=q))
    y = n.op("MatMul", v, first=n.op("Softmax", first=scores, axis=-1))
    n.op("Reshape", n.ints(-1, 8), first=n.op("Transpose", first=y, perm=[2, 0, 1, 3]))
    n.op("Gemm", n.const(normal(8, 8), "out.weight"), n.const(normal(8), "out.bias"), transB=1)
    y = n.op("Transpose", first=n.op("Reshape", n.ints(12, -1, 8), first=n.last, allowzero=1), perm=[1, 0, 2])
    n.op("Gather", n.const(np.array(0, np.int64)), first=y, axis=1)
