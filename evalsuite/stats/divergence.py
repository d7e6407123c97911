"""How far two distributions over the same outcomes are apart, in nats (Kullback and Leibler 1951, Lin 1991)."""

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.spread import Floats


def kl(p: ArrayLike, q: ArrayLike) -> Floats:
    """KL(p ‖ q) along the last axis: what it costs to expect q where p is true; infinite where q rules out p.

    Shapes (..., k) of probabilities; returns (...). For drift p is the base and q the adapter. ValueError
    when they are no probabilities.
    """
    first, second = _chances(p, "p"), _chances(q, "q")
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(first > 0, first * (np.log(first) - np.log(second)), 0.0)
    return np.asarray(np.maximum(terms.sum(axis=-1), 0.0), dtype=np.float64)


def js(p: ArrayLike, q: ArrayLike) -> Floats:
    """The Jensen-Shannon divergence along the last axis: symmetric, between 0 and log 2."""
    first, second = _chances(p, "p"), _chances(q, "q")
    middle = (first + second) / 2
    return np.asarray((kl(first, middle) + kl(second, middle)) / 2)


def _chances(values: ArrayLike, what: str) -> Floats:
    chances = np.asarray(values, dtype=np.float64)
    if chances.ndim < 1 or not (chances >= 0).all() or not np.allclose(chances.sum(axis=-1), 1, atol=1e-3):
        raise ValueError(f"{what}: expected probabilities that add up to 1 along the last axis")
    return chances
