"""A mean from few human labels and many judge scores: PPI++ (Angelopoulos, Duchi and Zrnic 2023)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.intervals.mean import Interval, normal_critical
from evalsuite.stats.intervals.spread import Floats, as_scores


@dataclass(frozen=True, slots=True)
class Corrected:
    """The corrected mean; `trust` 0 uses the humans only, 1 takes the judge's word (plain PPI)."""

    value: float
    interval: Interval
    standard_error: float
    trust: float
    labelled: int
    unlabelled: int


def prediction_powered(
    human: ArrayLike,
    judge: ArrayLike,
    *,
    unlabelled: ArrayLike,
    trust: float | None = None,
    confidence: float = 0.95,
) -> Corrected:
    """Human mean plus trust · (the judge's mean on other items less its mean on the same items).

    Shapes (n,) and (n,) of the same items, and (N,) of the judge's scores on items without a label. Without
    `trust` the one that makes the interval shortest, between 0 and 1. SE² = Var(human - trust · judge) / n +
    trust² Var(judge elsewhere) / N, ddof 0 as in ppi-python. ValueError when lengths differ or n is below 2.
    """
    y, f = as_scores(human, "human labels"), as_scores(judge, "judge scores")
    u = as_scores(unlabelled, "judge scores without a label")
    if len(y) != len(f) or len(y) < 2:
        raise ValueError(f"{len(y)} human labels, {len(f)} judge scores; pair them by item, two at least")
    share = _best_trust(y, f, u) if trust is None else trust
    value = float(y.mean() + share * (u.mean() - f.mean()))
    error = math.sqrt(float(np.var(y - share * f)) / len(y) + share**2 * float(np.var(u)) / len(u))
    half = normal_critical(confidence) * error
    return Corrected(value, Interval(value - half, value + half, confidence), error, share, len(y), len(u))


def _best_trust(y: Floats, f: Floats, u: Floats) -> float:
    spread = float(np.var(np.concatenate([f, u]), ddof=1))
    if spread == 0:
        return 0.0
    together = float(((y - y.mean()) * (f - f.mean())).mean())
    return min(1.0, max(0.0, together / ((1 + len(y) / len(u)) * spread)))
