"""Tests and intervals of a mean that may be looked at after every sample (Waudby-Smith and Ramdas 2024)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalsuite.stats.intervals.mean import Interval
from evalsuite.stats.intervals.spread import Bounds


@dataclass(slots=True)
class Wager:
    """The running size of a bet against samples between 0 and 1.

    `stake` is 1 / alpha over the number of ways the bet is split: 2 / alpha for a two-sided test. Bets grow
    where the samples so far vary little, and shrink as 1 / sqrt(t log t) so that peeking costs nothing.
    """

    stake: float
    seen: int = 0
    total: float = 0.5
    squares: float = 0.25

    def size(self) -> float:
        """The next bet before truncation: sqrt(2 log(stake) / (t log(1 + t) variance))."""
        t = self.seen + 1
        variance = self.squares / t
        return math.sqrt(2 * math.log(self.stake) / (t * math.log1p(t) * variance))

    def centre(self) -> float:
        """The mean foreseen for the next sample: that of the earlier ones and one half."""
        return self.total / (self.seen + 1)

    def see(self, sample: float) -> None:
        """Take a sample into account; ValueError when it is not between 0 and 1."""
        if not 0 <= sample <= 1:
            raise ValueError(f"sample is {sample!r}; bets are on samples between 0 and 1")
        self.seen += 1
        self.total += sample
        self.squares += (sample - self.centre()) ** 2


def checked_alpha(alpha: float) -> float:
    """`alpha`, known to be a level of error; ValueError otherwise."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha!r}; it must lie between 0 and 1, for example 0.05")
    return alpha


Ends = Literal["both", "low", "high"]

_TRUNCATION = 0.5  # no bet may lose more than this share of the capital


class ConfidenceSequence:
    """All means that no bet has refuted so far; it may be read after every sample, and never grows again.

    `ends` "low" or "high" puts the whole error into one end, for a one-sided bound. `bounds` is the range
    of the samples: (-1, 1) for paired differences. Precise to the width of the range over `grid`.
    """

    def __init__(
        self, *, alpha: float = 0.05, ends: Ends = "both", bounds: Bounds = (0.0, 1.0), grid: int = 1000
    ) -> None:
        if not bounds[0] < bounds[1]:
            raise ValueError(f"bounds are {bounds!r}; the first must be below the second")
        self.alpha, self.ends, self.bounds = checked_alpha(alpha), ends, bounds
        self._wager = Wager((2 if ends == "both" else 1) / alpha)
        self._means = np.linspace(0.0, 1.0, grid + 1)
        with np.errstate(divide="ignore"):
            self._most_up = _TRUNCATION / self._means
            self._most_down = _TRUNCATION / (1 - self._means)
        self._up, self._down = np.zeros(grid + 1), np.zeros(grid + 1)
        self._low, self._high = 0.0, 1.0

    def add(self, sample: float) -> Interval:
        """Take one sample; returns the interval."""
        low, high = self.bounds
        size = self._wager.size()
        share = (sample - low) / (high - low)
        self._wager.see(share)
        gains = share - self._means
        self._up += np.log1p(np.minimum(size, self._most_up) * gains)
        self._down += np.log1p(-np.minimum(size, self._most_down) * gains)
        self._narrow()
        return self.interval

    @property
    def n(self) -> int:
        """How many samples were taken."""
        return self._wager.seen

    @property
    def interval(self) -> Interval:
        """What is left; each end is a refuted mean of the grid or the scale's end, a step outside at most."""
        low, high = self.bounds
        width = high - low
        return Interval(low + width * self._low, low + width * self._high, 1 - self.alpha)

    def _narrow(self) -> None:
        refuted = math.log((2 if self.ends == "both" else 1) / self.alpha)
        # The capital of "the mean is higher" falls in the mean and that of "lower" rises, so what is left is
        # one stretch. Should everything be refuted, which happens with probability alpha, the last stays.
        step = 1 / (len(self._means) - 1)
        if self.ends != "high":
            low = max(self._low, step * (int((self._up >= refuted).sum()) - 1), 0.0)
            self._low = min(low, self._high)
        if self.ends != "low":
            high = min(self._high, 1 - step * (int((self._down >= refuted).sum()) - 1), 1.0)
            self._high = max(high, self._low)
