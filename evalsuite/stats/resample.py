"""Percentile and BCa intervals of any statistic by resampling whole units (Efron 1987)."""

import math
from collections.abc import Callable, Iterable
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.bootstrap import Resampling
from evalsuite.stats.distribution import normal_critical
from evalsuite.stats.interval import Interval
from evalsuite.stats.spread import Floats, as_scores, cluster_codes

Statistic = Callable[[Floats], float | None]


def percentile_interval(statistic: Statistic, *, n: int, value: float, resampling: Resampling) -> Interval:
    """The percentile interval of `statistic`, which is given how often each of the n units was drawn (n,).

    A resample for which the statistic is None counts as far out at both ends.
    """
    draws = _draws(statistic, n, resampling)
    tail = (1 - resampling.confidence) / 2
    low = float(np.quantile(np.where(np.isnan(draws), -np.inf, draws), tail, method="lower"))
    high = float(np.quantile(np.where(np.isnan(draws), np.inf, draws), 1 - tail, method="higher"))
    return Interval(low, high, resampling.confidence).around(value)


def bca_mean(scores: ArrayLike, *, clusters: Iterable[object] | None = None, resampling: Resampling) -> Interval:
    """The bias-corrected and accelerated interval of a mean, or of a mean difference, over items or clusters.

    Shapes (n,) and n labels. Constant scores, or a single unit, give no spread: the interval is that point;
    `interval.mean` guards this case. ValueError as for `interval.mean`.
    """
    sample = as_scores(scores)
    codes = np.arange(len(sample)) if clusters is None else cluster_codes(clusters, len(sample))
    sums, sizes = np.bincount(codes, sample), np.bincount(codes).astype(np.float64)
    value = float(sample.mean())

    def mean(chosen: Floats) -> float:
        return float(chosen @ sums / (chosen @ sizes))

    draws = _draws(mean, len(sums), resampling)
    if len(sums) == 1 or np.ptp(draws) == 0:
        return Interval(value, value, resampling.confidence)
    left_out = (sample.sum() - sums) / (len(sample) - sizes)
    gaps = left_out.mean() - left_out
    squares = float((gaps**2).sum())
    acceleration = float((gaps**3).sum()) / (6 * squares**1.5) if squares > 0 else 0.0
    # Draws equal to the value count half, so that lattices of few values are not biased to one side.
    below = (float((draws < value).sum()) + float((draws == value).sum()) / 2) / len(draws)
    bias = NormalDist().inv_cdf(min(max(below, 0.5 / len(draws)), 1 - 0.5 / len(draws)))
    reach = normal_critical(resampling.confidence)
    ends = [_adjusted(bias, z, acceleration) for z in (-reach, reach)]
    low, high = np.quantile(draws, ends)
    return Interval(float(low), float(high), resampling.confidence).around(value)


def _adjusted(bias: float, z: float, acceleration: float) -> float:
    return NormalDist().cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))


def _draws(statistic: Statistic, n: int, resampling: Resampling) -> Floats:
    generator = np.random.default_rng(resampling.seed)
    even = np.full(n, 1 / n)
    draws = np.empty(resampling.resamples)
    for i in range(resampling.resamples):
        found = statistic(generator.multinomial(n, even).astype(np.float64))
        draws[i] = math.nan if found is None else found
    return draws
