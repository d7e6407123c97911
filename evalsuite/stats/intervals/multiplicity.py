"""Many p-values at once: adjusted so that the usual threshold keeps its meaning."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalsuite.stats.intervals.spread import Floats


def holm(p_values: ArrayLike) -> Floats:
    """P-values adjusted for the chance of even one false alarm among them (Holm 1979); for blocking gates.

    Shape (m,) in and out, in the given order; empty stays empty. ValueError when one is not between 0 and 1.
    """
    p, order = _sorted(p_values)
    steps = np.arange(len(p), 0, -1)
    return _unsorted(np.maximum.accumulate(steps * p), order)


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """P-values adjusted for the share of false alarms among the rejected (Benjamini and Hochberg 1995).

    For exploring, not for gates. Shape (m,) in and out, in the given order; empty stays empty. ValueError
    when one is not between 0 and 1.
    """
    p, order = _sorted(p_values)
    ranks = np.arange(1, len(p) + 1)
    return _unsorted(np.minimum.accumulate((p * len(p) / ranks)[::-1])[::-1], order)


def _sorted(p_values: ArrayLike) -> tuple[Floats, NDArray[np.intp]]:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values: expected a list of numbers between 0 and 1")
    order = np.argsort(p, kind="stable")
    return p[order], order


def _unsorted(adjusted: Floats, order: NDArray[np.intp]) -> Floats:
    restored = np.empty_like(adjusted)
    restored[order] = np.minimum(adjusted, 1.0)
    return restored
