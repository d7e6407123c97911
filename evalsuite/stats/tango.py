"""Tango's score test for the difference of two shares measured on the same items (Tango 1998)."""

import math
from dataclasses import dataclass

import numpy as np

from evalsuite.stats.distribution import normal_critical
from evalsuite.stats.interval import Interval
from evalsuite.stats.spread import ROUNDING, Floats

HALVINGS = 60  # bisection of an interval of length 2 down to the last bit of a double


@dataclass(frozen=True, slots=True)
class Discordance:
    """How many of n paired items only the candidate got right (gained) and only the baseline (lost)."""

    gained: int
    lost: int
    n: int

    def statistic(self, null: float) -> float:
        """Z for "the true difference is `null`", positive when the observed one is larger.

        Defined without a single discordant pair too; at null = 0 it is McNemar's z.
        """
        if abs(null) > 1:
            return math.copysign(math.inf, -null)
        excess = self.gained - self.lost - self.n * null
        b = -self.gained - self.lost + (2 * self.n - self.gained + self.lost) * null
        c = -self.lost * null * (1 - null)
        share = (math.sqrt(max(0.0, b * b - 8 * self.n * c)) - b) / (4 * self.n)
        variance = self.n * (2 * share + null * (1 - null))
        if variance <= 0:  # no discordant pair and no difference claimed: the data agree with the claim
            return 0.0 if abs(excess) <= ROUNDING * self.n else math.copysign(math.inf, excess)
        return excess / math.sqrt(variance)

    def interval(self, confidence: float) -> Interval:
        """All differences that the two-sided test at 1 - confidence does not reject."""
        critical = normal_critical(confidence)
        value = (self.gained - self.lost) / self.n
        low = self._crossing(critical, below=-1.0, above=value)
        high = self._crossing(-critical, below=value, above=1.0)
        return Interval(low, high, confidence).around(value)

    def _crossing(self, level: float, *, below: float, above: float) -> float:
        # The statistic falls as the null rises, so the bound is where it passes `level`.
        for _ in range(HALVINGS):
            middle = (below + above) / 2
            if self.statistic(middle) > level:
                below = middle
            else:
                above = middle
        return (below + above) / 2


def intervals(gained: Floats, lost: Floats, n: Floats, *, confidence: float) -> tuple[Floats, Floats]:
    """Lower and upper ends of `Discordance.interval` for many counts at once, to the last bit; shapes (m,)."""
    critical, value = normal_critical(confidence), (gained - lost) / n

    def crossing(level: float, below: Floats, above: Floats) -> Floats:
        for _ in range(HALVINGS):
            middle = (below + above) / 2
            passed = _statistics(gained, lost, n, middle) > level
            below, above = np.where(passed, middle, below), np.where(passed, above, middle)
        return (below + above) / 2

    low = crossing(critical, np.full_like(value, -1.0), value)
    high = crossing(-critical, value, np.full_like(value, 1.0))
    return np.minimum(low, value), np.maximum(high, value)


def _statistics(gained: Floats, lost: Floats, n: Floats, null: Floats) -> Floats:
    """`Discordance.statistic` of each, for nulls from -1 to 1."""
    excess = gained - lost - n * null
    b = -gained - lost + (2 * n - gained + lost) * null
    c = -lost * null * (1 - null)
    share = (np.sqrt(np.maximum(0.0, b * b - 8 * n * c)) - b) / (4 * n)
    variance = n * (2 * share + null * (1 - null))
    flat = np.where(np.abs(excess) <= ROUNDING * n, 0.0, np.copysign(np.inf, excess))
    return np.where(variance <= 0, flat, excess / np.sqrt(np.where(variance <= 0, 1.0, variance)))
