"""Observers: tensors in, ranges out.

Those that look at everything seen keep everything seen and compute the range
from its definition; torch_histogram is PyTorch's own.
"""
import math
import warnings

import torch
from torch.ao.quantization.observer import HistogramObserver

import scales
from ties import Ties


def observer(cfg, f, scheme, dialect):
    """The observer of a configuration, for integers of format f."""
    o, kind = cfg, cfg["Kind"]
    free_ends = scheme == "affine" or f.unsigned
    c, percent = o["Constant"] or 0.01, (o["Percentile"] or 99.99) / 100
    whole = {
        "min_max": extremes,
        "mean_sigma": lambda x: mean_sigma(x, o["Sigmas"] or 3),
        "mean_abs": lambda x: mean_abs(x, f),
        "streaming_percentile": each(lambda x: streaming_percentile(x, percent, free_ends)),
        "histogram": binned(lambda *bins: least_uniform_error(*bins, f.steps + 1)),
        "entropy": binned(lambda *bins: least_divergence(*bins, f.high + (not f.unsigned))),
        "mse": binned(lambda *bins: least_square(*bins, f, scheme, dialect)),
    }
    if kind in whole:
        return Whole(whole[kind], BINS.get(kind))
    return {
        "moving_average_min_max": lambda: Average(extremes, c),
        "ema_min_max": lambda: Average(extremes, o["Constant"] or 0.1),
        "percentile": lambda: Average(lambda x: percentile(x, percent, free_ends), c),
        "last_value": lambda: Average(extremes, 1),
        "last_mse": lambda: Average(whole["mse"], 1, BINS["mse"]),
        "torch_histogram": TorchHistogram,
        "fixed": lambda: Fixed(o["Min"], o["Max"]),
    }[kind]()


# The bins that an observer counts in: x in units of their width.
BINS = dict.fromkeys(("mse", "histogram", "entropy"), lambda x: x / width(x))
BINS["streaming_percentile"] = lambda x: torch.frexp(x).mantissa * 256
BINS["torch_histogram"] = lambda x: 2048 * (x - x.min()) / (x.max() - x.min() + 1e-30)


CLOSE = 1e-5  # of an error: float32 may find another one the least
searches = {"close": 0}  # that had such errors, since it was asked


def close_searches():
    """How many searches there were, since it was last asked, whose least error has a rival."""
    n, searches["close"] = searches["close"], 0
    return n


def rivals(least, other):
    """Counts a search in which other is next to the least error."""
    searches["close"] += math.isfinite(least) and abs(other - least) <= CLOSE * abs(least)


def vague(x, bins):
    """How many numbers of x are so near the edges of bins that float32 may count them in other bins."""
    v = bins(x)
    off = (v - v.round()).abs()
    return ((off > 0) & (off < 3e-7 * (1 + v.abs().max()))).sum().item()


class Average:
    """A range that moves a share c of the way towards each tensor's."""

    def __init__(self, measure, c, bins=None):
        self.measure, self.c, self.bins, self.range = measure, c, bins, None

    def observe(self, x):
        new = self.measure(x)
        if self.range is not None:
            new = tuple(m + self.c * (n - m) for m, n in zip(self.range, new))
        self.range = new


class Whole:
    """The range of everything seen."""

    def __init__(self, measure, bins):
        self.measure, self.bins, self.seen, self.known = measure, bins, None, None

    def observe(self, x):
        self.seen = x.clone() if self.seen is None else torch.cat((self.seen, x), 1)
        self.known = None

    @property
    def range(self):
        if self.known is None and self.seen is not None:
            self.known = self.measure(self.seen)
        return self.known


class Fixed:
    bins = None

    def __init__(self, lo, hi):
        self.lo, self.hi, self.range = lo, hi, None

    def observe(self, x):
        ones = torch.ones(len(x), dtype=x.dtype)
        self.range = as_float32(self.lo) * ones, as_float32(self.hi) * ones


class TorchHistogram:
    bins = staticmethod(BINS["torch_histogram"])

    def __init__(self):
        self.torch, self.range = None, None

    def observe(self, x):
        torch.set_default_dtype(torch.float32)  # it mixes dtypes otherwise
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.torch = self.torch or HistogramObserver()
            self.torch(x.float())
            lo, hi = self.torch._non_linear_param_search()
        torch.set_default_dtype(torch.float64)
        self.range = lo.double().reshape(1), hi.double().reshape(1)


def as_float32(v):
    return torch.tensor(v, dtype=torch.float32).item()


def extremes(x):
    return x.min(1).values, x.max(1).values


def mean_sigma(x, k):
    mean, r = x.mean(1), k * x.std(1, unbiased=False)
    return mean - r, mean + r


def mean_abs(x, f):
    m = 2 * x.abs().mean(1) * f.high ** 0.5
    return torch.zeros_like(m) if f.unsigned else -m, m


def percentile(x, p, free_ends):
    n = x.shape[1]
    k = min(max(int(p * n + 0.5), 1), n)
    if free_ends:
        ordered = x.sort(1).values
        return ordered[:, n - k], ordered[:, k - 1]
    m = x.abs().sort(1).values[:, k - 1]
    return -m, m


def each(measure):
    """The measure of one group's values, for all groups; searches are made once."""
    known = {}

    def once(row):
        key = row.numpy().tobytes()
        if key not in known:
            known[key] = measure(row)
        return known[key]

    def of(x):
        ends = [once(row) for row in x]
        return tuple(torch.tensor(side, dtype=x.dtype) for side in zip(*ends))
    return of


def streaming_percentile(x, p, free_ends):
    """The percentile to within a bfloat16's bits, outward, inside the extremes."""
    def outward(v):
        bits = v.float().abs().view(torch.int32) | 0xffff
        return bits.view(torch.float32).double() * v.sign()
    lo, hi = percentile(x.reshape(1, -1), p, free_ends)
    lo, hi = outward(lo).item(), outward(hi).item()
    if free_ends:
        return max(lo, x.min().item()), min(hi, x.max().item())
    m = min(hi, x.abs().max().item())
    return -m, m


def binned(search):
    """A search among bins whose width is 2ⁿ, 1024 on each side of 0."""
    def of(x):
        least, most = x.min().item(), x.max().item()
        if least == most:
            return least, most
        places = (x / width(x)).floor().long()
        lo, hi = search(places, width(x), least, most)
        return max(as_float32(lo), least), min(as_float32(hi), most)
    return each(of)


def width(x):
    return 2.0 ** (torch.frexp(x.abs().max()).exponent.item() - 10)


def filled(places):
    """The counts of the bins from the first to the last with one, and the first."""
    first = places.min().item()
    return torch.bincount(places - first).double(), first


def least_square(places, width, least, most, f, scheme, dialect):
    """The range with the least squared error: both ends shrunk alike, then, if there is a zero point, each."""
    counts, first = filled(places)
    full = counts.nonzero().flatten()
    x, weight = (first + full + 0.5) * width, counts[full]
    fractions = torch.arange(100, 0, -1, dtype=torch.float64) / 100

    def best(lo, hi):
        s, z = scales.choose(dialect, scheme, f, lo, hi, Ties())
        s, z = s.unsqueeze(1), z.unsqueeze(1)
        y = s * (x / s).clamp(f.low - z, f.high - z).round()
        errors = (weight * (x - y) ** 2).sum(1)
        i = errors.argmin()
        others = errors[(lo != lo[i]) | (hi != hi[i])]
        if len(others):
            rivals(errors[i].item(), others.min().item())
        return lo[i], hi[i]

    def tried(kept, shrunk):
        return torch.cat((kept.reshape(1), shrunk.expand(100)))

    least, most = x.new_tensor(least), x.new_tensor(most)
    lo, hi = best(tried(least, fractions * least), tried(most, fractions * most))
    if scheme == "affine":
        lo, hi = best(tried(lo, lo), tried(hi, fractions * most))
        lo, hi = best(tried(lo, fractions * least), tried(hi, hi))
    return lo.item(), hi.item()


def least_divergence(places, width, _least, _most, levels):
    """TensorRT's threshold: the least KL divergence of the quantized magnitudes."""
    mass = torch.bincount(torch.where(places >= 0, places, -1 - places)).double()
    keep, least = len(mass), float("inf")
    for n in range(len(mass), levels - 1, -1):
        d = divergence(mass[:n], mass[n:].sum(), levels)
        rivals(least, d)
        if d < least:
            keep, least = n, d
    return -width * keep, width * keep


def divergence(kept, beyond, levels):
    n = len(kept)
    if kept[-1] == 0 and beyond > 0:
        return float("inf")
    level = torch.zeros(n, dtype=torch.long)
    level[[l * n // levels for l in range(1, levels)]] = 1
    level = level.cumsum(0)  # of each bin; n ≥ levels, so that none is empty
    full = (kept > 0).double()
    mean = torch.zeros(levels).double().index_add(0, level, kept) / \
        torch.zeros(levels).double().index_add(0, level, full).clamp(min=1)
    p, q = kept.clone(), mean[level] * full
    p[-1] += beyond
    p, q, on = p / p.sum(), q / q.sum(), kept > 0
    return (p[on] * (p[on] / q[on]).log()).sum().item()


def least_uniform_error(places, width, _least, _most, levels):
    """PyTorch's search for the least L2 error, with values uniform in their bins."""
    counts, first = filled(places)
    step, total = 1e-5, counts.sum().item()
    share = (counts.cumsum(0) / total).tolist()
    alpha, beta, start, end, least = 0.0, 1.0, 0, len(share) - 1, float("inf")
    left_at, right_at = start, end
    while alpha < beta:
        while left_at < len(share) - 1 and share[left_at] < alpha + step:
            left_at += 1
        while right_at > 0 and share[right_at] > beta - step:
            right_at -= 1
        l, r = min(max(left_at, start), end), max(min(right_at, end), start)
        next_start, next_end = start, end
        if l - start > end - r:
            next_start, alpha = l, alpha + step
        else:
            next_end, beta = r, beta - step
        if (next_start, next_end) == (start, end):
            beta -= step * max(int((beta - share[right_at]) / step) - 2, 0)  # nothing changes until the next bin
            continue
        error = uniform_error(counts, next_start, next_end, levels)
        rivals(least, error)
        if error > least:
            break
        least, start, end = error, next_start, next_end
    return width * (first + start), width * (first + end + 1)


def uniform_error(counts, start, end, levels):
    """Σ counts·∫(x − centre)² over the bins, in units of their width."""
    width = (end - start + 1) / levels
    begin = torch.arange(len(counts), dtype=torch.float64) - start

    def level(x):
        return (x / width).floor().clamp(0, levels - 1)

    def cube(a, b):
        return (b ** 3 - a ** 3) / 3

    half = torch.tensor(width / 2, dtype=torch.float64)
    first, last = level(begin), level(begin + 1)
    error = cube(begin - (first + 0.5) * width, half)
    error = error + (last - first - 1) * cube(-half, half)
    error = error + cube(-half, begin + 1 - (last + 0.5) * width)
    return (counts * error).sum().item()
