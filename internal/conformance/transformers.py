"""Attention, as PyTorch's modules and other people's write it."""

import itertools
import math

import torch
from torch import nn

from architectures import exported
from forms import FORMS
from networks import Encoder


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
