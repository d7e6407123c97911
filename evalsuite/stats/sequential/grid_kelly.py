"""A test of a mean by many gamblers at once, each with a bet of a fixed size.

Grid Kelly (Waudby-Smith and Ramdas 2024): the mean of several e-values is an e-value. Whichever size suits the unknown
mean and spread soon owns most of the capital, at the price of a factor: the number of gamblers. Where samples vary
little this settles far earlier than one cautious bet whose size is foreseen from the samples so far.
"""

import math
from typing import Literal

from evalsuite.stats.sequential.betting import checked_alpha

# Shares of the largest bet that can never lose all; geometric, so that weak and strong effects both find their size.
SIZES = tuple(0.95 * 0.05 ** (1 - place / 7) for place in range(8))


class GridTest:
    """Evidence against "the mean is at most `mean`" (side "above") or "at least" (below), valid at any time.

    Samples lie between 0 and 1, independent or in random order. Under the claim the capital reaches 1 / alpha with
    probability alpha at most, however often one looks (Ville 1939). ValueError for a mean or sample out of range.
    """

    def __init__(self, mean: float, *, alpha: float, side: Literal["above", "below"]) -> None:
        if not 0 < mean < 1:
            raise ValueError(f"mean is {mean!r}; a claim that can be bet against lies between 0 and 1")
        self.mean, self.alpha = mean, checked_alpha(alpha)
        self._sign, room = (1.0, mean) if side == "above" else (-1.0, 1 - mean)
        self._bets = tuple(size / room for size in SIZES)
        self._capital = [0.0] * len(SIZES)
        self._best = 0.0

    def add(self, sample: float) -> None:
        """Take one sample."""
        if not 0 <= sample <= 1:
            raise ValueError(f"sample is {sample!r}; bets are on samples between 0 and 1")
        gain = self._sign * (sample - self.mean)
        self._capital = [old + math.log1p(bet * gain) for old, bet in zip(self._capital, self._bets, strict=True)]
        self._best = max(self._best, self._log_mean())

    @property
    def p_value(self) -> float:
        """1 over the largest capital so far; valid at any time."""
        return math.exp(-self._best)

    @property
    def rejected(self) -> bool:
        """Whether the claim was ever refuted; once refuted, it stays so."""
        return self._best >= -math.log(self.alpha)

    def _log_mean(self) -> float:
        most = max(self._capital)
        return most + math.log(sum(math.exp(one - most) for one in self._capital) / len(self._capital))
