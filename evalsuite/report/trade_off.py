"""Quality against cost: what an adapter cost, and which adapters no other beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evalsuite.report.leaderboard import Row


@dataclass(frozen=True)
class Cost:
    """A way to count what an adapter cost; `spreads` where values lie orders of magnitude apart."""

    title: str
    field: Literal["wall_seconds", "trained_parameters"]
    spreads: bool = False

    def of(self, row: Row) -> float | None:
        """What the adapter cost; None where nothing was trained here."""
        return None if row.training is None else float(getattr(row.training, self.field))


COSTS = (Cost("training time, s", "wall_seconds"), Cost("trained parameters", "trained_parameters", spreads=True))


def front(points: Sequence[tuple[float, float]]) -> frozenset[int]:
    """The indices of the (cost, value) points that no other point beats: cheaper and at least as good, or better."""
    best: set[int] = set()
    highest = float("-inf")
    for cost, value, index in sorted((c, -v, i) for i, (c, v) in enumerate(points)):
        del cost
        if -value > highest:
            highest = -value
            best.add(index)
    return frozenset(best)
