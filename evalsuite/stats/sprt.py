"""Wald's sequential test of one share against another (Wald 1945)."""

import math
from typing import Literal

from evalsuite.stats.wager import checked_alpha

Decision = Literal["accept", "reject", "undecided"]


class Sprt:
    """Is the share `against` or more (accept), or only `null` (reject)? Asked after every success or failure.

    `alpha` bounds accepting wrongly, `beta` rejecting wrongly, both approximately (Wald's bounds).
    """

    def __init__(self, null: float, against: float, *, alpha: float = 0.05, beta: float = 0.2) -> None:
        if not 0 < null < against < 1:
            raise ValueError(f"shares are {null!r} and {against!r}; wanted 0 < null < against < 1")
        checked_alpha(alpha)
        if not 0 < beta < 1 - alpha:
            raise ValueError(f"beta is {beta!r}; it must lie between 0 and 1 - alpha")
        self.upper = math.log((1 - beta) / alpha)
        self.lower = math.log(beta / (1 - alpha))
        self.success_step = math.log(against / null)
        self.failure_step = math.log((1 - against) / (1 - null))
        self.log_ratio = 0.0
        self.n = 0
        self.decision: Decision = "undecided"

    def add(self, success: bool) -> Decision:
        """Take one outcome; returns the decision, which stays once it is made."""
        self.n += 1
        self.log_ratio += self.success_step if success else self.failure_step
        if self.decision == "undecided":
            if self.log_ratio >= self.upper:
                self.decision = "accept"
            elif self.log_ratio <= self.lower:
                self.decision = "reject"
        return self.decision
