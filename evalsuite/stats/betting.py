"""A test of a mean that may be looked at after every sample (Waudby-Smith and Ramdas 2024, betting)."""

import math
from typing import Literal

from evalsuite.stats.wager import Wager, checked_alpha

Side = Literal["above", "below", "other"]

TRUNCATION = 0.5  # no bet may lose more than this share of the capital


class BettingTest:
    """Evidence against "the mean is `mean`" (side "other"), "is at most" (above) or "is at least" (below).

    Samples lie between 0 and 1. The e-value is the capital of a gambler who bets against the claim: under
    it, the capital reaches 1 / alpha with probability alpha at most, however often one looks (Ville 1939).
    For a paired difference in [-1, 1] give (difference + 1) / 2 and the mean (1 - margin) / 2.
    """

    def __init__(self, mean: float, *, alpha: float = 0.05, side: Side = "other") -> None:
        if not 0 <= mean <= 1:
            raise ValueError(f"mean is {mean!r}; samples and their mean lie between 0 and 1")
        self.mean, self.alpha, self.side = mean, checked_alpha(alpha), side
        self._wager = Wager((2 if side == "other" else 1) / alpha)
        self._up = self._down = 0.0
        self._best = -math.inf

    def add(self, sample: float) -> float:
        """Take one sample; returns the e-value."""
        size = self._wager.size()
        self._wager.see(sample)
        gain = sample - self.mean
        self._up += math.log1p(_truncated(size, self.mean) * gain)
        self._down += math.log1p(-_truncated(size, 1 - self.mean) * gain)
        self._best = max(self._best, self._log_capital())
        return self.e_value

    @property
    def n(self) -> int:
        """How many samples were taken."""
        return self._wager.seen

    @property
    def e_value(self) -> float:
        """The capital now, 1 at the start; its expectation is 1 at most while the claim holds."""
        return math.exp(min(self._log_capital(), 700.0))

    @property
    def p_value(self) -> float:
        """1 over the largest capital so far; valid at any time."""
        return min(1.0, math.exp(-max(self._best, 0.0)))

    @property
    def rejected(self) -> bool:
        """Whether the claim was ever refuted; once refuted, it stays so."""
        return self._best >= -math.log(self.alpha)

    def _log_capital(self) -> float:
        if self.side == "above":
            return self._up
        if self.side == "below":
            return self._down
        return max(self._up, self._down) - math.log(2)


def _truncated(size: float, room: float) -> float:
    return min(size, TRUNCATION / room) if room > 0 else size
