"""What an undecided rule would still need: samples, and the money for them."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.gate.words import declared
from evalsuite.records import Evidence


@dataclass(frozen=True, slots=True)
class Need:
    """About how many samples in all would settle a rule (None: hardly any number), and what the missing ones cost."""

    samples: int | None
    n: int
    money: float | None = None

    @property
    def words(self) -> str:
        """The need as the end of a sentence."""
        if self.samples is None:
            return "more samples would hardly settle it"
        cost = f", for about ${self.money:,.2f}" if self.money else ""
        more = self.samples - self.n
        noun = "sample" if more == 1 else "samples"
        return f"about {more:,} more {noun} ({self.samples:,} in all) would settle it{cost}"


def need(metric: str, n: int, *, wanted: int | None, evidence: Evidence) -> Need:
    """The need for `wanted` samples in all where there are n, at the price of one sample of the metric's entry."""
    price = price_of(metric, evidence)
    money = None if wanted is None or price is None else max(0, wanted - n) * price
    return Need(wanted, n, money)


def price_of(metric: str, evidence: Evidence) -> float | None:
    """What one more sample of the metric's entry costs in dollars; None where nobody knows."""
    its = declared(metric, evidence)
    return evidence.facts.prices.get(its.entry) if its is not None and its.entry is not None else None
