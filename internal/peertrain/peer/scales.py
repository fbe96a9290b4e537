"""Ranges to scales and zero points: formats, schemes and dialects, in float64.

The rules are those that docs/numerics.md tabulates, each after its tool.
"""
import re
from typing import NamedTuple

import torch


class Format(NamedTuple):
    bits: int
    unsigned: bool
    narrow: bool

    @property
    def low(self):
        if self.bits == 1:
            return -1
        return 0 if self.unsigned else -(1 << self.bits - 1) + self.narrow

    @property
    def high(self):
        if self.bits == 1:
            return 1
        return (1 << self.bits) - 1 if self.unsigned else (1 << self.bits - 1) - 1

    @property
    def values(self):
        return self.steps + 1

    @property
    def steps(self):
        return self.high - self.low

    @property
    def step(self):
        """What integers of weights are multiples of when they are shipped, within -7..7."""
        step = 1
        while 2 * step * max(self.high, -self.low) <= 7:
            step *= 2
        return step

    @property
    def least_scale(self):
        return 2.0 ** -14  # of up to 8 bits


def parse(text):
    """The format of a name such as int8_narrow; None for float32."""
    if text == "float32":
        return None
    if text == "binary":
        return Format(1, False, True)
    sign, bits, narrow = re.fullmatch(r"(u?)int(\d+)(_narrow)?", text).groups()
    return Format(int(bits), sign == "u", narrow is not None)


def choose(dialect, scheme, f, lo, hi, ties):
    """Scale and zero point of each range lo..hi."""
    lo, hi = lo.clamp(max=0), hi.clamp(min=0)
    s, z = RULES[dialect](scheme == "affine", f, lo, hi, ties)
    if scheme == "power_of_two":
        s = 2 ** ties.round(s.log2(), "ceil")
    elif scheme == "power_of_two_nearest":
        s = 2 ** ties.round(s.log2())
    return s, torch.as_tensor(z, dtype=s.dtype).expand_as(s).clamp(f.low, f.high)


def zero_at_min(f, lo, s, ties):
    return f.low - ties.round(lo / s)


def largest(lo, hi):
    return torch.maximum(-lo, hi)


def default(affine, f, lo, hi, ties):
    if affine:
        s = ((hi - lo) / f.steps).clamp(min=f.least_scale)
        return s, zero_at_min(f, lo, s, ties)
    top = hi if f.unsigned else largest(lo, hi)
    return (top / f.high).clamp(min=f.least_scale), 0


def torch_rule(least):
    def rule(affine, f, lo, hi, ties):
        if affine:
            s = ((hi - lo) / f.steps).clamp(min=least)
            return s, zero_at_min(f, lo, s, ties)
        middle = 128 if f.bits == 8 else (f.low + f.high) // 2
        return (largest(lo, hi) / (f.steps / 2)).clamp(min=least), middle if f.unsigned else 0
    return rule


def torch_fused(affine, f, lo, hi, ties):
    n = f.steps // 2
    two_sided = ~torch.tensor(affine) & (lo < 0) & (hi > 0)
    m = torch.maximum(-lo / (n + 1), hi / n)
    lo, hi = torch.where(two_sided, -m * (n + 1), lo), torch.where(two_sided, m * n, hi)
    s = (hi - lo) / f.steps
    s = torch.where(s == 0, torch.full_like(s, 0.1), s)
    stretch = (6.1e-5 / s).clamp(min=1)
    s, lo = s * stretch, lo * stretch
    one_sided = ties.round((f.low - lo / s).clamp(f.low, f.high))
    return s, torch.where(two_sided, torch.full_like(s, round((f.low + f.high) / 2)), one_sided)


def or_one(s):
    return torch.where(s < 2.0 ** -126, torch.ones_like(s), s)


def coreml_ptq(affine, f, lo, hi, ties):
    if affine:
        width = or_one(hi - lo)
        z = ties.round((f.low * hi - f.high * lo) / width)
        return torch.where(hi > lo, (hi - lo) / f.steps, torch.ones_like(lo)), torch.where(hi > lo, z, torch.zeros_like(z))
    n = (1 << f.bits - 1) - 1
    return or_one(largest(lo, hi) / n), n if f.unsigned else 0


def tflite(affine, f, lo, hi, ties):
    if not affine:
        m = largest(lo, hi)
        lo, hi = -m, m
    s = or_one((hi - lo) / f.steps)
    if not affine and not f.unsigned:
        return s, 0
    return s, ties.round((f.low - lo / s).clamp(f.low, f.high), "half_away")


def brevitas(affine, f, lo, hi, ties):
    if affine:
        s = ((hi - lo) / f.steps).clamp(min=1e-10)
        return s, zero_at_min(f, lo, s, ties)
    return (largest(lo, hi) / (f.high if f.unsigned else -f.low)).clamp(min=1e-10), 0


def aimet(affine, f, lo, hi, ties):
    if affine:
        s = ((hi - lo) / f.steps).clamp(min=2.0 ** -23)
        return s, zero_at_min(f, lo, s, ties)
    s = hi / f.high if f.unsigned else torch.maximum(lo / f.low, hi / f.high)
    return s.clamp(min=2.0 ** -23), 0


def qkeras(affine, f, lo, hi, ties):
    top = hi if f.unsigned else largest(lo, hi)
    return (top / f.high).clamp(min=1e-7), 0


def onnx(affine, f, lo, hi, ties):
    if not affine:
        if f.unsigned:
            return or_one(2 * largest(lo, hi) / f.steps), (f.high + 1) // 2
        return or_one(largest(lo, hi) / f.high), 0
    s = or_one((hi - lo) / f.steps)
    return s, ties.round((f.low - lo / s).clamp(f.low, f.high))


RULES = {
    "default": default, "torch": torch_rule(2.0 ** -23), "torch_fused": torch_fused,
    "xnnpack": torch_rule(2.0 ** -12), "coreml": torch_rule(2.0 ** -23), "coreml_ptq": coreml_ptq,
    "tflite": tflite, "brevitas": brevitas, "aimet": aimet, "qkeras": qkeras, "onnx": onnx,
}

# How a dialect rounds, if the configuration does not say.
ROUNDING = {"tflite": "half_up", "qkeras": "half_away"}
