"""Means over samples of different size: tokens of a text, say (ratio estimator, Cochran 1977, ch. 6)."""

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.distribution import t_tail
from evalsuite.stats.interval import t_interval
from evalsuite.stats.paired import Difference
from evalsuite.stats.spread import Floats, Spread, as_scores, measure


def weighted_difference(candidate: ArrayLike, baseline: ArrayLike, *, weights: ArrayLike) -> Difference:
    """Candidate minus baseline on the same samples, weighted, with Student's t on the weighted differences.

    Shapes (n,) each. Differences that are all zero are no change, and p is 1.
    """
    new, sizes = _checked(candidate, weights)
    old, _ = _checked(baseline, weights)
    gaps = new - old
    value = float(gaps @ sizes / sizes.sum())
    spread = _spread(gaps - value, sizes)
    if not gaps.any():
        spread = Spread(0.0, 0.0, len(gaps), None)
    p_value = 1.0 if value == 0 else 2 * t_tail(abs(value) / spread.guarded, spread.degrees)
    interval = t_interval(value, spread, confidence=0.95).around(value)
    return Difference(value, interval, spread.standard_error, None, len(gaps), None, p_value)


def _spread(residuals: Floats, sizes: Floats) -> Spread:
    # n w / Σ w turns the ratio's error into that of a plain mean of as many numbers.
    return measure(residuals * sizes * len(sizes) / sizes.sum())


def _checked(scores: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    values, sizes = as_scores(scores), np.asarray(weights, dtype=np.float64)
    if values.shape != sizes.shape or not (sizes > 0).all():
        raise ValueError(f"{len(values)} scores, {sizes.size} weights; each score needs a weight above 0")
    return values, sizes
