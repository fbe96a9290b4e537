"""Fake quantization: the methods of docs/numerics.md.

Each is written as the surrogate whose derivative autograd takes: the function
that has the rounding error of each number as a constant.
"""
import numpy as np
import torch

import scales
from ranges import close_searches, observer, vague
from ties import BAND

# What a method learns: positive numbers by their logarithms, and a zero point.
LEARNED = {"lsq": ["log_scale"], "lsq_plus": ["log_scale", "learned_zero"], "pact": ["log_alpha"],
           "learned_range": ["log_min", "log_max"], "learned_binary": ["log_scale"],
           "learned_ternary": ["log_scale"]}
BINARY, TERNARY = ("binary", "learned_binary"), ("ternary", "learned_ternary")
GREATEST = 2.0 ** 40  # of a learned number


class Quantizer:
    """Rounds the tensors of one grid, step after step."""

    def __init__(self, name, cfg, groups, weights):
        self.name, self.cfg, self.groups, self.weights = name, cfg, groups, weights
        self.format = scales.parse(cfg["Format"])
        self.method, self.scheme, self.dialect = cfg["Method"], cfg["Scheme"], cfg["Dialect"]
        self.rounding = cfg["Rounding"]
        if self.rounding == "half_even":
            self.rounding = scales.ROUNDING.get(self.dialect, "half_even")
        self.observer = observer(cfg["Observer"], self.format, self.scheme, self.dialect)
        self.observing = self.enabled = False
        self.stale = False  # the observer has seen more than the scale knows
        self.steps = 0  # with rounding on
        self.scale = torch.ones(groups, dtype=torch.float64)
        self.zero = torch.zeros_like(self.scale)
        self.learned = {n: torch.zeros_like(self.scale).requires_grad_() for n in LEARNED.get(self.method, [])}
        self.leaves = {}  # what they represent in this step
        self.unit = None  # |f| of the channels that what is learned follows, for each group; None: 1

    # A step: begin, then see and fake for each use, then finish.

    def begin(self, observing, enabled):
        self.observing, self.enabled = observing, enabled
        self.uses = 0  # those that have rounded in this step
        self.leaves.clear()

    @property
    def whole(self):
        """It rounds as the frozen model does."""
        return self.enabled and self.blend() == 1 and self.method != "stochastic"

    @property
    def rests(self):
        return self.whole and not self.observing

    def follow(self, f):
        """The grid is in multiples of the factors of the channels, if each has scales of its own."""
        if ("log_scale" in self.learned or self.method == "dorefa") and self.groups % len(f) == 0:
            self.unit = f.abs().repeat_interleave(self.groups // len(f))

    def fake(self, x, ties, observes=True, ships=None, error=0.0):
        """x, observed (unless it is a mean) and rounded; or what ships in its place."""
        rows = x.reshape(self.groups, -1)
        if observes and self.observing:
            self.see(rows.detach(), ties)
        if not self.enabled:
            return x
        self.settle(ties)
        y, share = self.surrogate(x, rows, ties), self.blend()
        if share < 1:
            y = rows + share * (y - rows)
        if ships is not None:
            y = straight(y, self.nearest(ships.reshape(rows.shape), ties, error))
        self.uses += 1
        return y.reshape(x.shape)

    def blend(self):
        """λ of the ramp."""
        start, finish = self.cfg["Ramp"]["Start"], self.cfg["Ramp"]["Finish"]
        if self.steps >= finish:
            return 1.0
        return 0.0 if self.steps <= start else 1 - ((finish - self.steps) / (finish - start)) ** 3

    def finish(self):
        """The gradients of learned numbers, after autograd."""
        for name, p in self.learned.items():
            v = self.leaves.get(name)
            p.grad = torch.zeros_like(p)
            if self.observing or not self.enabled or v is None:
                continue
            dv = torch.zeros_like(p) if v.grad is None else v.grad
            if name == "log_alpha":
                dv = dv + self.blend() * 2 * self.cfg["Decay"] * v.detach()
            size = v.detach()
            if self.method == "learned_range":
                size = torch.maximum(size, self.scale)
            p.grad = dv if name == "learned_zero" else dv / size
        self.steps += self.enabled

    # Ranges.

    def see(self, rows, ties):
        self.observer.observe(rows)
        self.seen = self.units().detach()  # what the range is in multiples of
        if self.observer.bins is not None:
            ties.vague += vague(rows, self.observer.bins)
        self.stale = True
        if self.method in BINARY + TERNARY:
            beyond = (rows.abs() > self.threshold(rows)).double()
            self.level = (rows.abs() * beyond).sum(1) / beyond.sum(1).clamp(min=1)

    def threshold(self, rows):
        """Of magnitudes; below it three values are 0. Two values have none."""
        return 0.7 * rows.detach().abs().mean(1, keepdim=True) if self.method in TERNARY else -1

    def settle(self, ties):
        """Scale and zero point of what was observed and learned."""
        f, m = self.format, self.method
        if self.stale:
            self.calibrate(*self.observer.range, ties)
            ties.vague += close_searches()
        self.stale = False
        if m == "dorefa":
            self.scale = (self.units().detach() * self.peak.tanh() / f.high).clamp(min=f.least_scale)
        elif m == "pact":
            self.scale = self.leaf("log_alpha").detach() / f.high
        elif m == "learned_range":
            self.scale, self.zero = self.choose(-self.leaf("log_min").detach(), self.leaf("log_max").detach(), ties)
        elif "log_scale" in self.learned:
            self.scale = self.step().detach()
            if m == "lsq_plus":
                self.zero = ties.round(self.learned["learned_zero"].clamp(f.low, f.high))

    def calibrate(self, lo, hi, ties):
        self.leaves.clear()
        largest = torch.maximum(hi, -lo)
        if self.method == "dorefa":
            self.peak = (largest / self.seen).clamp(min=1e-7)
        elif self.method == "pact":
            self.start("log_alpha", hi if self.format.unsigned else largest)
        elif self.method == "learned_range":
            self.start("log_min", -lo)
            self.start("log_max", hi)
        else:
            if self.method in BINARY + TERNARY:
                self.scale = self.level.clamp(min=self.format.least_scale)
            else:
                self.scale, self.zero = self.choose(lo, hi, ties)
            if "log_scale" in self.learned:
                self.start("log_scale", self.scale)
            if self.method == "lsq_plus":
                self.learned["learned_zero"].data = self.zero.clone()

    def choose(self, lo, hi, ties):
        return scales.choose(self.dialect, self.scheme, self.format, lo, hi, ties)

    def start(self, name, value):
        self.learned[name].data = (value.clamp(self.format.least_scale, GREATEST) / self.seen).log()

    def leaf(self, name):
        """The value that a learned tensor represents, to differentiate by."""
        if name not in self.leaves:
            v, unit = self.learned[name].detach().clone(), self.units().detach()
            if name != "learned_zero":
                v = (unit * v.exp()).clamp(self.format.least_scale, GREATEST) / unit
            self.leaves[name] = v.requires_grad_()
        return self.leaves[name]

    def units(self):
        return torch.ones_like(self.scale) if self.unit is None else self.unit

    def step(self, grad=1.0):
        """The learned scale; the leaf's gradient is multiplied by grad."""
        return scaled(self.leaf("log_scale"), grad) * self.units()

    # Surrogates.

    def surrogate(self, x, rows, ties):
        m = self.method
        if m in BINARY:
            return self.levels(rows, 2.0 * ties.above(rows, self.band(rows), rows == 0) - 1)
        if m in TERNARY:
            return self.levels(rows, self.beyond(rows, ties).double() - self.beyond(-rows, ties).double())
        if m == "dorefa":
            return self.dorefa(rows, ties)
        s, z, f = self.scale.unsqueeze(1), self.zero.unsqueeze(1), self.format
        v = rows.detach() / s
        n = ties.round(v, self.rounding)
        inside, q = (n >= f.low - z) & (n <= f.high - z), n.clamp(f.low - z, f.high - z)
        if m == "pact":
            return self.pact(rows, s * q, ties)
        if m == "stochastic":
            q = ties.round(v + self.uniform(x), "floor").clamp(f.low - z, f.high - z)
        if m == "ste_pass_through":
            return straight(rows, s * q)
        if m not in LEARNED:
            return straight(rows * inside, s * q)
        grad = 1 / (rows.shape[1] * f.high) ** 0.5
        if m == "learned_range":
            return self.learned_range(rows, v, n, q, inside)
        s = self.step(grad).unsqueeze(1)
        end = q
        if m == "lsq_plus":
            zeta = scaled(self.leaf("learned_zero").unsqueeze(1), grad)
            end = q - (zeta - zeta.detach())
        return straight(torch.where(inside, rows + s * (n - v), s * end), self.scale.unsqueeze(1) * q)

    def levels(self, rows, q):
        """Scale times q, whose gradient is the scale's and, in units of the channel, that of the rows."""
        y = self.scale.unsqueeze(1) * q
        if not self.learned:
            return straight(rows, y)
        units = self.units().unsqueeze(1)
        w = rows / units
        slope = self.step(rows.shape[1] ** -0.5).unsqueeze(1) * q + (w - w.detach()) * units.detach()
        return straight(slope, y)

    def nearest(self, rows, ties, error):
        s, z, f = self.scale.unsqueeze(1), self.zero.unsqueeze(1), self.format
        return s * ties.round(rows / s, error=error).clamp(f.low - z, f.high - z)

    def band(self, x):
        return BAND * (x.detach().abs().max() + 1e-30)

    def beyond(self, rows, ties):
        gap = rows.detach() - self.threshold(rows)
        return ties.above(gap, self.band(rows), rows != rows)

    def dorefa(self, rows, ties):
        levels, peak, units = self.format.high, self.peak.unsqueeze(1), self.units().unsqueeze(1)
        w = rows / units
        n = ties.round(levels * (w.detach().tanh() / (2 * peak.tanh()) + 0.5), "half_even")
        inside, n = (n >= 0) & (n <= levels), n.clamp(0, levels)
        y = self.scale.unsqueeze(1) * (2 * n - levels)
        slope = (y / units).detach() + (w.tanh() - w.tanh().detach()) * inside
        return straight(units * slope, y)

    def pact(self, rows, y, ties):
        alpha = self.leaf("log_alpha").unsqueeze(1)
        low = self.format.low / self.format.high

        def reached(gap):
            return ties.above(gap.detach(), self.band(rows), gap == gap)
        above, below = reached(rows - alpha), ~reached(rows - low * alpha)
        return straight(torch.where(above, alpha, torch.where(below, low * alpha, rows)), y)

    def learned_range(self, rows, v, n, q, inside):
        low, high, steps = self.leaf("log_min").unsqueeze(1), self.leaf("log_max").unsqueeze(1), self.format.steps
        ends = torch.where(n > q, high.expand_as(rows), -low.expand_as(rows))
        slope = torch.where(inside, rows + (high + low) / steps * (n - v), ends)
        return straight(slope, self.scale.unsqueeze(1) * q)

    def uniform(self, x):
        """Stochastic rounding's numbers, a function of seed, step, use and place in memory."""
        pixels = not self.weights and x.dim() == 4  # in the order N H W C
        shape = x.permute(0, 2, 3, 1).shape if pixels else x.shape
        with np.errstate(over="ignore"):
            step = mix(np.uint64(self.cfg["Seed"]) ^ mix(np.uint64(self.steps + (self.uses << 40))))
            u = (mix(step + np.arange(x.numel(), dtype=np.uint64)) >> np.uint64(11)) / 2.0 ** 53
        u = torch.from_numpy(u).reshape(shape)
        if pixels:
            u = u.permute(0, 3, 1, 2)
        return u.reshape(self.groups, -1)


class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, slope, value):
        return value.detach().clone()

    @staticmethod
    def backward(ctx, dy):
        return dy, None


def straight(slope, value):
    """value, to the bit, with the derivative of slope."""
    return Straight.apply(slope, value)


def scaled(x, g):
    """x, with a gradient times g."""
    return g * x + (1 - g) * x.detach()


def mix(v):
    """SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, fig. 17)."""
    v = v + np.uint64(0x9e3779b97f4a7c15)
    v = (v ^ (v >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
    v = (v ^ (v >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    return v ^ (v >> np.uint64(31))
