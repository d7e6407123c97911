"""Are two systems equal for all practical purposes? Two one-sided tests (Schuirmann 1987)."""

from collections.abc import Iterable
from dataclasses import dataclass

from numpy.typing import ArrayLike

from evalsuite.stats.interval import Interval
from evalsuite.stats.paired import pairs
from evalsuite.stats.spread import as_scores


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether the difference surely lies within the margins; `p_value` is the larger of the two tests'.

    `interval` is two-sided at 2 · confidence - 1, so that it lies within the margins exactly when equivalent.
    """

    difference: float
    interval: Interval
    p_value: float
    equivalent: bool
    n: int


def equivalence(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    margins: tuple[float, float],
    clusters: Iterable[object] | None = None,
    confidence: float = 0.95,
) -> Equivalence:
    """Is candidate minus baseline surely above the lower margin and below the upper one?

    Shapes (n,), (n,) and n labels; margins in score units, the first below the second. Student's t, or Tango's
    score test for unclustered 0/1 scores. ValueError for margins in the wrong order.
    """
    if not margins[0] < margins[1]:
        raise ValueError(f"margins are {margins!r}; the first must be below the second")
    if not 0.5 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}; a one-sided test needs more than 0.5 and less than 1")
    new, old = as_scores(candidate, "candidate"), as_scores(baseline, "baseline")
    tested = pairs(new, old, clusters=clusters, bounds=None)
    p_value = max(tested.p_above(margins[0]), 1 - tested.p_above(margins[1]))
    interval = tested.interval(2 * confidence - 1)
    return Equivalence(
        tested.value, interval, p_value, margins[0] < interval.low <= interval.high < margins[1], len(new)
    )
