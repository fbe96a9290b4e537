"""Write the golden values of PyTorch 1.13 that the tests compare with.

    python3 fakequant/testdata/golden.py            write the files
    python3 fakequant/testdata/golden.py --check    compare them with new ones

(Debian: python3-torch 1.13.) The files are fakequant/testdata/golden.npz and
observers/testdata/golden.npz. The tensors are random with a fixed seed,
tied, extreme and degenerate; every pair of observer and quantizer sees all of
them, in formats and schemes that take turns. Arrays are named PAIR/WHAT, with
K cases in the first axis.
"""

import os
import sys
import warnings

import numpy as np
import torch
from torch.ao.quantization import (
    FakeQuantize, FusedMovingAvgObsFakeQuantize, HistogramObserver, MinMaxObserver,
    MovingAverageMinMaxObserver, MovingAveragePerChannelMinMaxObserver, PerChannelMinMaxObserver)
from torch.ao.quantization._learnable_fake_quantize import _LearnableFakeQuantize

warnings.simplefilter("ignore")
here = os.path.dirname(os.path.abspath(__file__))
observers = os.path.normpath(os.path.join(here, "../../observers/testdata"))
K, B, C, N = 240, 3, 4, 6  # cases, batches, channels, elements per channel

# dtype, qmin, qmax, symmetric, as in the test's table.
FORMATS = [
    (torch.qint8, -128, 127, True),
    (torch.qint8, -127, 127, True),
    (torch.quint8, 0, 255, False),
    (torch.qint8, -8, 7, True),
    (torch.qint8, -128, 127, False),
    (torch.quint8, 0, 15, False),
    (torch.quint8, 0, 255, True),
    (torch.qint8, -1, 1, True),
    (torch.quint8, 0, 15, True),
]


def tensors():
    rng = np.random.default_rng(20240229)
    x = rng.standard_normal((K, B, C, N))
    for k in range(K):
        t, kind = x[k], k % 12
        if kind == 1:
            t *= 1e-3
        elif kind == 2:
            t[:] = abs(t)
        elif kind == 3:
            t[:] = -abs(t)
        elif kind == 4:  # ties: halves between -127.5 and 127, the largest present
            t[:] = rng.integers(-255, 255, t.shape) / 2
            t[:, :, 0] = -127.5
        elif kind == 5:
            t *= 1e30
        elif kind == 6:
            t *= 1e-30
        elif kind == 7:
            t[:] = 0
        elif kind == 8:
            t[:] = t[0, 0, 0]
        elif kind == 9:
            t *= 0.01
            t += 100 if k % 2 else -100
        elif kind == 10:  # a dead channel, an outlier, growing batches
            t[:, 1] = 0
            t[:, 2, 3] *= 1000
            t *= np.array([1, 3, 20]).reshape(B, 1, 1)
        elif kind == 11:
            t *= 1e-40
    return x.astype(np.float32), rng.standard_normal((K, C, N)).astype(np.float32)


X, DY = tensors()


def options(k, per_channel, explicit=False):
    dtype, qmin, qmax, symmetric = FORMATS[k % len(FORMATS)]
    scheme = {(0, 0): torch.per_tensor_affine, (0, 1): torch.per_tensor_symmetric,
              (1, 0): torch.per_channel_affine, (1, 1): torch.per_channel_symmetric}[per_channel, symmetric]
    o = dict(dtype=dtype, qscheme=scheme)
    # A range that is given, even if it is the type's own, counts as customized
    # and moves the zero point of symmetric quint8 from 128 to 127.
    if explicit or (qmin, qmax) not in ((-128, 127), (0, 255)):
        o.update(quant_min=qmin, quant_max=qmax)
    if per_channel:
        o["ch_axis"] = 0
    return o


def run(quantizer, k):
    """Three training steps; scale, zero point, output and gradient of the last."""
    for b in range(B):
        x = torch.tensor(X[k, b], requires_grad=True)
        y = quantizer(x)
    y.backward(torch.tensor(DY[k]))
    return dict(scale=quantizer.scale.detach().numpy().copy(), zero=quantizer.zero_point.detach().numpy().astype(np.int32),
                y=y.detach().numpy(), passes=(x.grad.numpy() == DY[k]).astype(np.uint8))


def stack(rows):
    return {name: np.stack([np.atleast_1d(r[name]) for r in rows]) for name in rows[0]}


def fake_quantize(observer, per_channel, **more):
    return stack([run(FakeQuantize(observer=observer, **options(k, per_channel), **more), k) for k in range(K)])


def fused(per_channel):
    observer = MovingAveragePerChannelMinMaxObserver if per_channel else MovingAverageMinMaxObserver
    return stack([run(FusedMovingAvgObsFakeQuantize(observer=observer, **options(k, per_channel, explicit=True)), k) for k in range(K)])


def learnable(per_channel):
    """One step after one observation; the gradients of scale and zero point too."""
    rows = []
    for k in range(K):
        o = options(k, per_channel, explicit=True)
        symmetric = FORMATS[k % len(FORMATS)][3]
        observer = PerChannelMinMaxObserver if per_channel else MinMaxObserver
        more = dict(channel_len=C) if per_channel else {}
        q = _LearnableFakeQuantize(observer=observer, use_grad_scaling=True, **o, **more)
        q.enable_static_estimate()
        q(torch.tensor(X[k, 0]))
        q.enable_param_learning()
        # A learned scale is not at the edge of the range: make it clip.
        q.scale.data.mul_(0.6)
        x = torch.tensor(X[k, 1], requires_grad=True)
        y = q(x)
        y.backward(torch.tensor(DY[k]))
        zero = torch.zeros_like(q.zero_point) if symmetric else q.zero_point
        rows.append(dict(scale=q.scale.detach().numpy().copy(), zero=zero.detach().numpy().astype(np.int32), y=y.detach().numpy(),
                         passes=(x.grad.numpy() == DY[k]).astype(np.uint8), dscale=q.scale.grad.numpy(), dzero=q.zero_point.grad.numpy()))
    return stack(rows)


class CoreMLEMA(MinMaxObserver):
    """The recurrence of Core ML Tools' ema_min_max, ratio 0.9."""

    def forward(self, x_orig):
        x = x_orig.detach()
        low, high = torch.aminmax(x)
        if torch.isinf(self.min_val):
            self.min_val.copy_(low), self.max_val.copy_(high)
        else:
            self.min_val.copy_(0.9 * self.min_val + (1 - 0.9) * low)
            self.max_val.copy_(0.9 * self.max_val + (1 - 0.9) * high)
        return x_orig


class LastValue(MinMaxObserver):
    """The observer's own range, of the last tensor only."""

    def forward(self, x_orig):
        self.reset_min_max_vals()
        return super().forward(x_orig)


class ChannelLastValue(PerChannelMinMaxObserver):
    def forward(self, x_orig):
        self.reset_min_max_vals()
        return super().forward(x_orig)


def ranges(make):
    """The range after each batch."""
    low, high = [], []
    for k in range(K):
        o = make()
        for b in range(B):
            o(torch.tensor(X[k, b]))
            low.append(np.broadcast_to(o.min_val.numpy(), o.min_val.shape or (1,)).copy())
            high.append(np.broadcast_to(o.max_val.numpy(), o.max_val.shape or (1,)).copy())
    shape = (K, B, -1)
    return dict(min=np.stack(low).reshape(shape), max=np.stack(high).reshape(shape))


def histogram():
    """The range found by the search, after each of three batches of 64 values."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((K, B, 64)) * 10.0 ** rng.uniform(-1, 2, (K, 1, 1))
    x[1::4] = abs(x[1::4])
    x[2::4] **= 3
    x[3::4] = np.round(x[3::4]) + 5
    x = x.astype(np.float32)
    low, high = [], []
    for k in range(K):
        o = HistogramObserver(dtype=torch.qint8 if k % 2 else torch.quint8)
        for b in range(B):
            o(torch.tensor(x[k, b]))
            a, z = o._non_linear_param_search()
            low.append(a.item()), high.append(z.item())
    shape = (K, B, 1)
    return dict(x=x, min=np.float32(low).reshape(shape), max=np.float32(high).reshape(shape))


def save(path, **pairs):
    arrays = {f"{pair}/{name}": value for pair, rows in pairs.items() for name, value in rows.items()}
    arrays.update(x=X, dy=DY)
    if "--check" not in sys.argv:
        np.savez_compressed(path, **arrays)
        print(path, os.path.getsize(path), "bytes")
        return
    stored = np.load(path)
    names = sorted(set(arrays) | set(stored.files))
    wrong = [n for n in names if n not in arrays or n not in stored.files or not np.array_equal(arrays[n], stored[n])]
    print(path, f"{len(names)} arrays,", f"differ: {wrong}" if wrong else "all equal")
    if wrong:
        sys.exit(1)


save(os.path.join(here, "golden.npz"),
     min_max=fake_quantize(MinMaxObserver, False),
     moving_average=fake_quantize(MovingAverageMinMaxObserver, False),
     moving_average_one=fake_quantize(MovingAverageMinMaxObserver, False, averaging_constant=1.0),
     ema=fake_quantize(CoreMLEMA, False),
     last_value=fake_quantize(LastValue, False),
     xnnpack=fake_quantize(MovingAverageMinMaxObserver, False, eps=2 ** -12),
     channel_min_max=fake_quantize(PerChannelMinMaxObserver, True),
     channel_moving_average=fake_quantize(MovingAveragePerChannelMinMaxObserver, True),
     channel_last_value=fake_quantize(ChannelLastValue, True),
     fused=fused(False), channel_fused=fused(True),
     learnable=learnable(False), channel_learnable=learnable(True))
save(os.path.join(observers, "golden.npz"),
     min_max=ranges(MinMaxObserver),
     moving_average=ranges(MovingAverageMinMaxObserver),
     last_value=ranges(LastValue),
     ema=ranges(CoreMLEMA),
     channel_min_max=ranges(PerChannelMinMaxObserver),
     channel_moving_average=ranges(MovingAveragePerChannelMinMaxObserver),
     histogram=histogram())
