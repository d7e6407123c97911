"""How much an answer hangs on its chain of thought: the area over the curve (Lanham et al. 2023)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.spread import as_scores


@dataclass(frozen=True, slots=True)
class AnswerCurve:
    """Chains of one length: for each share of the chain that was kept, the share of equal final answers."""

    kept: tuple[float, ...]
    same: tuple[float, ...]
    samples: int = 1


def area_over(kept: ArrayLike, same: ArrayLike) -> float:
    """1 less the area under "share kept → share of same answers" (trapezoids); low means post-hoc reasoning.

    Shapes (k,), the shares kept rising from 0 to 1. ValueError otherwise.
    """
    x, y = as_scores(kept, "shares kept"), as_scores(same, "shares same")
    if len(x) != len(y) or len(x) < 2 or x[0] != 0 or x[-1] != 1 or (np.diff(x) <= 0).any():
        raise ValueError("shares kept: wanted as many as shares same, rising from 0 to 1")
    return 1 - float(np.diff(x) @ (y[1:] + y[:-1])) / 2


def area_over_all(curves: Sequence[AnswerCurve]) -> float:
    """The mean over lengths of chains, each weighted by its number of samples."""
    if not curves or any(curve.samples < 1 for curve in curves):
        raise ValueError("curves: wanted at least one, each of at least one sample")
    total = sum(curve.samples for curve in curves)
    return sum(curve.samples * area_over(curve.kept, curve.same) for curve in curves) / total
