"""How far the mean of a sample can be off: checked scores, clusters and their standard error."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bounds = tuple[float, float]

ROUNDING = 1e-9  # scores closer than this, relative to their size, are the same score


@dataclass(frozen=True, slots=True)
class Spread:
    """The standard error of a mean and the number of independent units behind it.

    `standard_error` is the published figure: CLT, or clustered (Miller 2024, Eq. 4); None with a single
    unit. `guarded` is what intervals and tests use. It equals `standard_error` for unclustered scores that
    vary. With clusters it is the larger of Eq. 4 and Eq. 4's cluster term times C/(C-1), since Eq. 4 alone
    is too small for few clusters. For constant scores it is 2 scale / units, which makes the 95 % bound
    just wider than the rule of three (Hanley and Lippman-Hand 1983); for one unit, or constant scores on an
    unknown scale, infinite.
    """

    standard_error: float | None
    guarded: float
    units: int
    clusters: int | None

    @property
    def degrees(self) -> int:
        """Degrees of freedom of a t test on these units."""
        return max(1, self.units - 1)


def as_scores(values: ArrayLike, what: str = "scores") -> Floats:
    """`values` as a one-dimensional array of finite numbers, at least one; ValueError otherwise."""
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 1:
        raise ValueError(f"{what}: expected one number per item, got an array of shape {scores.shape}")
    if len(scores) == 0:
        raise ValueError(f"{what}: no scores; a mean of nothing is not defined")
    if not np.isfinite(scores).all():
        bad = int((~np.isfinite(scores)).sum())
        raise ValueError(f"{what}: {bad} of {len(scores)} are not finite numbers; leave unscored items out")
    return scores


def within(scores: Floats, bounds: Bounds | None) -> Floats:
    """The same scores, known to lie within `bounds`; ValueError when one does not."""
    if bounds is None:
        return scores
    low, high = bounds
    if not low < high:
        raise ValueError(f"bounds are {bounds!r}; the first must be below the second")
    if scores.min() < low or scores.max() > high:
        raise ValueError(f"scores run from {scores.min():g} to {scores.max():g}, outside {bounds!r}")
    return scores


def is_binary(scores: Floats, bounds: Bounds | None) -> bool:
    """Whether scores are right/wrong: all 0 or 1, on a scale that is not declared to be another one."""
    return bounds in (None, (0, 1)) and bool(np.isin(scores, (0.0, 1.0)).all())


def cluster_codes(clusters: Iterable[object], n: int) -> NDArray[np.intp]:
    """Clusters numbered 0, 1, ... in order of appearance; any hashable label but None."""
    labels = list(clusters)
    if len(labels) != n:
        raise ValueError(f"{len(labels)} cluster labels for {n} scores; give one per score")
    if None in labels:
        raise ValueError("a score has no cluster label (None); give every score one")
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return np.array([numbers[label] for label in labels], dtype=np.intp)


def measure(scores: Floats, clusters: Iterable[object] | None = None, *, scale: float = 0.0) -> Spread:
    """The spread of the mean of `scores`; `scale` is the width of the range they can take, 0 when unknown."""
    n = len(scores)
    codes = None if clusters is None else cluster_codes(clusters, n)
    count = None if codes is None else int(codes.max()) + 1
    units = n if count is None else count
    if units == 1:
        return Spread(None, math.inf, 1, count)
    if np.ptp(scores) <= ROUNDING * max(float(np.abs(scores).max()), scale):
        return Spread(0.0, 2 * scale / units if scale > 0 else math.inf, units, count)
    residuals = scores - scores.mean()
    squares = float(residuals @ residuals)
    if codes is None or units == n:
        standard_error = math.sqrt(squares / (n - 1) / n)
        return Spread(standard_error, standard_error, units, count)
    sums = np.bincount(codes, residuals)
    between = float(sums @ sums) / n**2
    # Eq. 4 adds the products of different items only, so each item's own square keeps the factor n / (n-1).
    equation_4 = squares / n**2 / (n - 1) + between
    return Spread(math.sqrt(equation_4), math.sqrt(max(equation_4, between * units / (units - 1))), units, count)
