"""The paired permutation test: under "no difference" every difference could as well have the other sign (Fisher)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.spread import ROUNDING, Floats, as_scores, cluster_codes

EXACT_UP_TO = 16  # 65,536 sign patterns
BATCH = 4096


@dataclass(frozen=True, slots=True)
class SignFlips:
    """The two-sided p-value of the observed mean difference, over all sign patterns or over so many drawn ones."""

    difference: float
    p_value: float
    patterns: int
    exact: bool
    units: int


def sign_flips(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    clusters: Iterable[object] | None = None,
    seed: int,
    draws: int = 100_000,
) -> SignFlips:
    """Flip the sign of each item's difference, or of each cluster's sum, and see how often the mean is as far out.

    Shapes (n,), (n,) and n labels. All patterns up to 16 units; else `draws` random ones, with
    p = (1 + as far out) / (draws + 1), so that p is never 0 (Phipson and Smyth 2010). ValueError when the
    arrays differ in length.
    """
    new, old = as_scores(candidate, "candidate"), as_scores(baseline, "baseline")
    if len(new) != len(old):
        raise ValueError(f"{len(new)} candidate scores, {len(old)} baseline scores; pair them by item")
    gaps = new - old
    sums = gaps
    if clusters is not None:
        sums = np.bincount(cluster_codes(clusters, len(gaps)), gaps).astype(np.float64)
    # Differences that rounding alone makes smaller than the observed one count as equal.
    observed = abs(float(sums.sum())) - ROUNDING * float(np.abs(sums).sum())
    if len(sums) <= EXACT_UP_TO:
        patterns = 2 ** len(sums)
        codes = np.arange(patterns)
        signs = 1 - 2 * ((codes[:, None] >> np.arange(len(sums))) & 1)
        p_value = float((np.abs(signs @ sums) >= observed).mean())
        return SignFlips(float(gaps.mean()), p_value, patterns, True, len(sums))
    beyond = _beyond(sums, observed, generator=np.random.default_rng(seed), draws=draws)
    return SignFlips(float(gaps.mean()), (1 + beyond) / (draws + 1), draws, False, len(sums))


def _beyond(sums: Floats, observed: float, *, generator: np.random.Generator, draws: int) -> int:
    beyond = 0
    for start in range(0, draws, BATCH):
        size = min(BATCH, draws - start)
        signs = generator.integers(0, 2, size=(size, len(sums)), dtype=np.int8) * 2 - 1
        beyond += int((np.abs(signs @ sums) >= observed).sum())
    return beyond
