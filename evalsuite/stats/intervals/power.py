"""How many samples a question needs, and many p-values at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalsuite.stats.intervals.mean import normal_critical
from evalsuite.stats.intervals.spread import ROUNDING, Floats


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


@dataclass(frozen=True, slots=True)
class PairedVariance:
    """Where the noise of a paired comparison comes from, in squared score units.

    `between` is ω², the variance over questions of the difference of the two systems' expected scores.
    `candidate` and `baseline` are σ², the mean variance of the answers to one question, averaged over that
    many answers each. A win rate against one half has `between` 0.25 at most.
    """

    between: float
    candidate: float = 0.0
    baseline: float = 0.0
    candidate_answers: int = 1
    baseline_answers: int = 1

    @property
    def total(self) -> float:
        """The variance that one question adds to the difference."""
        return self.between + self.candidate / self.candidate_answers + self.baseline / self.baseline_answers


def sample_size(
    effect: float,
    variance: PairedVariance,
    *,
    confidence: float = 0.95,
    power: float = 0.8,
) -> int:
    """The questions needed to see a true difference of `effect` with this power (Eq. 9).

    ValueError for an effect of 0, which no sample shows.
    """
    if effect == 0:
        raise ValueError("effect is 0; no number of samples shows a difference that does not exist")
    return math.ceil((_reach(confidence, power) / effect) ** 2 * variance.total)


def minimum_detectable_effect(
    n: int,
    variance: PairedVariance,
    *,
    confidence: float = 0.95,
    power: float = 0.8,
) -> float:
    """The smallest true difference that n questions show with this power, in score units (Eq. 10)."""
    if n < 1:
        raise ValueError(f"n is {n}; at least one question is needed")
    return _reach(confidence, power) * math.sqrt(variance.total / n)


def samples_to_settle(
    gap: float, *, standard_error: float | None, n: int, confidence: float = 0.95, power: float = 0.8
) -> int | None:
    """About how many samples in all would move a two-sided interval clear of a threshold.

    `gap` is estimate minus threshold, `standard_error` (clustered or not) what n samples gave. Supposes
    that the true gap is the observed one; then the rule is settled with probability `power`. A constant
    sample (standard error 0) is supposed to stay constant, and its error is the guard of `Spread` on a
    scale of 1. Always more than n. None when the gap is 0 but for rounding, or one sample gave no standard
    error. For a one-sided rule at level c give confidence 2 c - 1.
    """
    if abs(gap) <= ROUNDING or standard_error is None:
        return None
    if standard_error > 0:
        needed = n * (_reach(confidence, power) * standard_error / gap) ** 2
    else:
        needed = normal_critical(confidence) * 2 / abs(gap)
    return max(n + 1, math.ceil(needed))


def _reach(confidence: float, power: float) -> float:
    return normal_critical(confidence) + _power_quantile(power)


def _power_quantile(power: float) -> float:
    if not 0.5 <= power < 1:
        raise ValueError(f"power is {power!r}; it must be at least 0.5 and below 1, for example 0.8")
    return normal_critical(2 * power - 1) if power > 0.5 else 0.0
