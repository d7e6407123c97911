"""Quality against cost: what an adapter cost, and which adapters no other beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evalsuite.records import Direction
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


def front(points: Sequence[tuple[float, float]], direction: Direction) -> frozenset[int]:
    """The indices of the (cost, value) points that no other point beats: cheaper and at least as good, or better.

    None where neither way of the value is better.
    """
    if direction == "neither":
        return frozenset()
    best: set[int] = set()
    least = float("inf")
    # What of the value is bad, so that less of it is better as less of the cost is.
    bad = [(cost, -value if direction == "higher" else value, index) for index, (cost, value) in enumerate(points)]
    for _, value, index in sorted(bad):
        if value < least:
            least = value
            best.add(index)
    return frozenset(best)
