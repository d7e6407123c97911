"""Two systems on different items: only where pairing is impossible (Miller 2024, §4)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from numpy.typing import ArrayLike

from evalsuite.stats.distribution import t_critical, t_tail
from evalsuite.stats.interval import Interval
from evalsuite.stats.spread import Bounds, Spread, as_scores, measure, within


@dataclass(frozen=True, slots=True)
class UnpairedDifference:
    """Candidate minus baseline with √(SE_A² + SE_B²); a paired comparison of the same items is sharper."""

    value: float
    interval: Interval
    standard_error: float | None
    p_value: float
    n: tuple[int, int]
    clusters: tuple[int | None, int | None]


def unpaired_difference(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    clusters: tuple[Iterable[object] | None, Iterable[object] | None] = (None, None),
    confidence: float = 0.95,
    bounds: Bounds | None = None,
) -> UnpairedDifference:
    """The difference of two means over items that differ; Welch's t interval (1947).

    Shapes (n,), (m,), and labels for each. `bounds` is the range of a score; it clips the interval and guards
    constant scores as in `interval.mean`. ValueError for empty, NaN or out-of-range scores.
    """
    new = within(as_scores(candidate, "candidate"), bounds)
    old = within(as_scores(baseline, "baseline"), bounds)
    scale = bounds[1] - bounds[0] if bounds else 0.0
    spreads = measure(new, clusters[0], scale=scale), measure(old, clusters[1], scale=scale)
    value = float(new.mean() - old.mean())
    error = math.hypot(spreads[0].guarded, spreads[1].guarded)
    degrees = _welch(*spreads)
    half = t_critical(confidence, degrees) * error if math.isfinite(error) else math.inf
    limit = scale or math.inf
    published = [spread.standard_error for spread in spreads]
    return UnpairedDifference(
        value=value,
        interval=Interval(value - half, value + half, confidence).clipped(-limit, limit).around(value),
        standard_error=None if None in published else math.hypot(*(error or 0.0 for error in published)),
        p_value=min(1.0, 2 * t_tail(abs(value) / error, degrees)) if 0 < error < math.inf else 1.0,
        n=(len(new), len(old)),
        clusters=(spreads[0].clusters, spreads[1].clusters),
    )


def _welch(first: Spread, second: Spread) -> int:
    parts = [spread.guarded**2 for spread in (first, second)]
    if not all(math.isfinite(part) for part in parts) or sum(parts) == 0:
        return 1
    below = sum(part**2 / spread.degrees for part, spread in zip(parts, (first, second), strict=True))
    return max(1, math.floor(sum(parts) ** 2 / below))
