"""How much an answer hangs on its chain of thought: the area over the curve (Lanham et al. 2023)."""

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.spread import as_scores


def area_over(kept: ArrayLike, same: ArrayLike) -> float:
    """1 less the area under "share kept → share of same answers" (trapezoids); low means post-hoc reasoning.

    Shapes (k,), the shares kept rising from 0 to 1. ValueError otherwise.
    """
    x, y = as_scores(kept, "shares kept"), as_scores(same, "shares same")
    if len(x) != len(y) or len(x) < 2 or x[0] != 0 or x[-1] != 1 or (np.diff(x) <= 0).any():
        raise ValueError("shares kept: wanted as many as shares same, rising from 0 to 1")
    return 1 - float(np.diff(x) @ (y[1:] + y[:-1])) / 2
