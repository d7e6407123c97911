"""Confidence sequences in closed form, wider than betting and without a grid (Waudby-Smith and Ramdas 2024, §3)."""

import math

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.interval import Interval
from evalsuite.stats.spread import Floats, as_scores, within
from evalsuite.stats.wager import Wager, checked_alpha


def hoeffding_sequence(samples: ArrayLike, *, alpha: float = 0.05) -> Interval:
    """The predictable-mixture Hoeffding interval after these samples in [0, 1]; valid at any time."""
    x = within(as_scores(samples, "samples"), (0.0, 1.0))
    t = np.arange(1, len(x) + 1)
    sizes = np.minimum(1.0, np.sqrt(8 * math.log(2 / checked_alpha(alpha)) / (t * np.log1p(t))))
    cost = float((sizes**2).sum()) / 8
    return _around(x, sizes, costs=(cost, cost), alpha=alpha)


def bernstein_sequence(samples: ArrayLike, *, alpha: float = 0.05) -> Interval:
    """The predictable-mixture empirical-Bernstein interval after these samples in [0, 1]; valid at any time."""
    x = within(as_scores(samples, "samples"), (0.0, 1.0))
    wager = Wager(2 / checked_alpha(alpha))
    sizes = np.empty(len(x))
    for i, sample in enumerate(x):
        sizes[i] = min(0.5, wager.size())
        wager.see(float(sample))
    weights = -np.log1p(-sizes) - sizes
    costs = float(weights @ _surprise(x)), float(weights @ _surprise(1 - x))
    return _around(x, sizes, costs=costs, alpha=alpha)


def _surprise(x: Floats) -> Floats:
    # Each end foresees the mean of the earlier samples, and its own worst before the first.
    before = np.concatenate([[0.0], np.cumsum(x)[:-1] / np.arange(1, len(x))])
    surprise: Floats = (x - before) ** 2
    return surprise


def _around(x: Floats, sizes: Floats, *, costs: tuple[float, float], alpha: float) -> Interval:
    weight = float(sizes.sum())
    centre = float(sizes @ x) / weight
    down, up = ((math.log(2 / alpha) + cost) / weight for cost in costs)
    return Interval(centre - down, centre + up, 1 - alpha).clipped(0.0, 1.0)
