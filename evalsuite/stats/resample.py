"""Percentile intervals of any statistic by resampling whole units (Efron 1979)."""

import math
from collections.abc import Callable

import numpy as np

from evalsuite.stats.bootstrap import Resampling
from evalsuite.stats.interval import Interval
from evalsuite.stats.spread import Floats

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


def _draws(statistic: Statistic, n: int, resampling: Resampling) -> Floats:
    generator = np.random.default_rng(resampling.seed)
    even = np.full(n, 1 / n)
    draws = np.empty(resampling.resamples)
    for i in range(resampling.resamples):
        found = statistic(generator.multinomial(n, even).astype(np.float64))
        draws[i] = math.nan if found is None else found
    return draws
