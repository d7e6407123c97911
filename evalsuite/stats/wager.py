"""How much to bet on the next sample: sizes that use earlier samples only (Waudby-Smith and Ramdas 2024, §4)."""

import math
from dataclasses import dataclass


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
