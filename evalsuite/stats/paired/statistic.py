"""The paired difference of a figure that is no mean: resampled for its interval, swapped for its p-value."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.intervals.bootstrap import Resampling, percentile_interval
from evalsuite.stats.intervals.spread import ROUNDING, Floats
from evalsuite.stats.paired.mean_difference import Difference


def statistic_difference(
    candidate: ArrayLike, baseline: ArrayLike, *, statistic: Callable[[Floats], float], resampling: Resampling
) -> Difference:
    """`statistic` of the candidate's rows minus that of the baseline's, row i of both being the same item.

    Shapes (n, k). The interval resamples items (percentile bootstrap); the p-value exchanges candidate and baseline
    item by item at random, p = (1 + as far out) / (resamples + 1) (Phipson and Smyth 2010). ValueError when shapes
    differ or there is no item.
    """
    new, old = np.asarray(candidate, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    if new.shape != old.shape or new.ndim != 2 or not len(new):
        raise ValueError(f"rows of shape {new.shape} and {old.shape}; wanted as many of both, at least one")
    value = statistic(new) - statistic(old)
    if np.array_equal(new, old):
        interval = percentile_interval(lambda counts: 0.0, n=len(new), value=0.0, resampling=resampling)
        return Difference(0.0, interval, 0.0, None, len(new), None, 1.0)

    def drawn(counts: Floats) -> float:
        chosen = np.repeat(np.arange(len(new)), counts.astype(np.intp))
        return statistic(new[chosen]) - statistic(old[chosen])

    interval = percentile_interval(drawn, n=len(new), value=value, resampling=resampling)
    generator = np.random.default_rng(resampling.seed)
    beyond = 0
    for _ in range(resampling.resamples):
        swap = generator.integers(0, 2, size=(len(new), 1), dtype=np.int8).astype(bool)
        gap = statistic(np.where(swap, old, new)) - statistic(np.where(swap, new, old))
        beyond += abs(gap) >= abs(value) - ROUNDING
    p_value = (1 + beyond) / (resampling.resamples + 1)
    return Difference(value, interval, None, None, len(new), None, p_value)


def binned_error(rows: Floats, *, bins: int = 10) -> float:
    """The expected calibration error of rows of (confidence, right): see `intervals.calibration`."""
    codes = np.minimum((rows[:, 0] * bins).astype(np.intp), bins - 1)
    return float(np.abs(np.bincount(codes, rows[:, 1] - rows[:, 0], minlength=bins)).sum() / len(rows))


def column_mean(rows: Floats) -> float:
    """The mean of the first column."""
    return float(rows[:, 0].mean())
