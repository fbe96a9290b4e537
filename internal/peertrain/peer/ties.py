"""Where the least change of a number changes a result by a whole step.

Rounding, masks, ReLUs and maxima have such points, and float32 may see a number
on the other side of one than float64 does: both are right. So each of these
decisions is taken here. A number within a band of float32's error about its
point is near; the judge may turn its decision round, one by one, and no other.
"""
import torch

BAND = 4e-6  # relative to the greatest number of a tensor: some 60 times float32's rounding
NOISE = 1e-5  # of the band: float64's own rounding, where a number is on its point


class Ties:
    """The decisions of one training step, numbered in their order."""

    def __init__(self, turned=()):
        self.turned = frozenset(turned)  # decisions that are taken the other way
        self.near = {}  # decision: the distance from its point, as a share of the band, and its number
        self.decided = 0  # numbers
        self.vague = 0  # numbers that an observer may count elsewhere
        self.calls = 0

    def above(self, gap, band, level, exact=False, of=None):
        """Whether gap > 0, or level where it is 0; which, if exact, float32 sees too.

        Equal numbers (of, or gap) are most often decided alike.
        """
        gap = torch.where(gap.abs() < NOISE * band, torch.zeros_like(gap), gap)
        up = torch.where(gap == 0, torch.as_tensor(level), gap > 0).contiguous()
        share = gap.abs() / band
        near = share <= 1
        if exact:
            near &= gap != 0
        for i in near.flatten().nonzero().flatten().tolist():
            decision = (self.calls, i)
            row, number = i * len(gap) // gap.numel(), (gap if of is None else of).flatten()[i].item()
            self.near[decision] = share.flatten()[i].item(), (self.calls, row, f"{number:.9g}")
            if decision in self.turned:
                up.view(-1)[i] = ~up.view(-1)[i]
        self.calls += 1
        self.decided += gap.numel()
        return up

    def round(self, v, mode="half_even", error=0.0):
        """v made whole, which float32 knows but for an error apart from its own rounding."""
        v = v.detach()
        band = BAND * (1 + v.abs().max()) + error
        if mode.startswith("half"):
            low = v.floor()
            level = {"half_even": low % 2 != 0, "half_up": low == low, "half_away": v > 0}[mode]
            return low + self.above(v - low - 0.5, band, level, of=v)
        near = v.round()
        down = {"floor": v == v, "ceil": v != v, "toward_zero": v > 0}[mode]
        whole = near + self.above(v - near, band, down, of=v) - down.to(v.dtype)
        return torch.where(near == 0, near, whole) if mode == "toward_zero" else whole

    def positive(self, x, of=None, summed=False):
        """x > 0, with a kink at 0; of is what x is the difference of.

        Products that add up to 0 may leave a remainder in float32.
        """
        x = x.detach()
        size = x if of is None else of.detach()
        return self.above(x, BAND * (size.abs().max() + 1e-30), x != x, exact=of is None and not summed)

    def first_max(self, windows):
        """The index of the first maximum along the last axis."""
        windows = windows.detach()
        top, place = (windows == windows.max(-1, keepdim=True).values).to(torch.uint8).max(-1)
        best = windows.gather(-1, place.unsqueeze(-1)).squeeze(-1)
        below = torch.where(windows < best.unsqueeze(-1), windows, torch.full_like(windows, -torch.inf))
        second, other = below.max(-1)
        finite = windows[windows.isfinite()]
        keeps = self.above(best - second, BAND * (finite.abs().max() + 1e-30), top == 1)
        return torch.where(keeps, place, other)
