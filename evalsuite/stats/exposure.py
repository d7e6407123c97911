"""How much better a model knows a planted secret than chance would have it (Carlini et al. 2019)."""

import math

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.spread import as_scores


def exposure(rank: int, candidates: int) -> float:
    """log2 |R| - log2 rank, in bits, of a canary at this rank (1 is best) among all its possible forms."""
    if not 1 <= rank <= candidates:
        raise ValueError(f"rank {rank} of {candidates}; the best rank is 1")
    return math.log2(candidates) - math.log2(rank)


def sampled_exposure(canary: float, others: ArrayLike) -> float:
    """The exposure of a canary's loss among those of drawn alternatives (n,), by the empirical share.

    The canary is one of the candidates, so the largest value that n alternatives can show is log2(n + 1).
    """
    losses = as_scores(others, "losses")
    return exposure(1 + int(np.count_nonzero(losses < canary)), len(losses) + 1)
