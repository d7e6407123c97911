"""A score with its interval (Wilson 1927, Miller 2024), and the quantiles and tails that it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from numpy.typing import ArrayLike

from evalsuite.stats.intervals.spread import Bounds, Spread, as_scores, is_binary, measure, within


def normal_critical(confidence: float) -> float:
    """The z that leaves (1 - confidence) / 2 in each tail: 1.96 for 0.95."""
    return -NormalDist().inv_cdf((1 - _checked(confidence)) / 2)


def normal_tail(z: float) -> float:
    """P(Z > z), accurate far out in the tail."""
    return math.erfc(z / math.sqrt(2)) / 2


def t_critical(confidence: float, degrees: int) -> float:
    """The t that leaves (1 - confidence) / 2 in each tail at `degrees` of freedom."""
    from scipy.special import stdtrit  # scipy.special alone: scipy.stats takes ten times as long to import

    return -float(stdtrit(degrees, (1 - _checked(confidence)) / 2))


def t_tail(t: float, degrees: int) -> float:
    """P(T > t) at `degrees` of freedom."""
    from scipy.special import stdtr

    return float(stdtr(degrees, -t))


def fair_coin_tail(heads: int, tosses: int) -> float:
    """P(at most `heads` heads in `tosses` tosses of a fair coin); 0 below zero heads."""
    from scipy.special import bdtr

    return float(bdtr(heads, tosses, 0.5)) if heads >= 0 else 0.0


def _checked(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}; it must lie between 0 and 1, for example 0.95")
    return confidence


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the truth lies with this confidence; an end is infinite when the data say nothing about it."""

    low: float
    high: float
    confidence: float

    def clipped(self, low: float, high: float) -> Interval:
        """The part of the interval that is possible at all."""
        return Interval(max(self.low, float(low)), min(self.high, float(high)), self.confidence)

    def around(self, value: float) -> Interval:
        """The interval, widened (in practice by a rounding error) so that it contains the estimate."""
        return Interval(min(self.low, value), max(self.high, value), self.confidence)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number, its interval, and how much evidence is behind it.

    `n` counts scores, `clusters` the groups they came in (None when no groups were given). `standard_error`
    is the textbook figure: 0 for constant scores, None where one unit gives none. The interval guards both
    cases.
    """

    value: float
    interval: Interval
    n: int
    clusters: int | None
    standard_error: float | None


def mean(
    scores: ArrayLike,
    *,
    clusters: Iterable[object] | None = None,
    confidence: float = 0.95,
    bounds: Bounds | None = None,
) -> Estimate:
    """The mean score with an interval that stays honest when samples are few, clustered or all equal.

    Scores of 0 and 1 get the Wilson interval (Wilson 1927); with clusters at the effective sample size
    share (1-share) / SE² and Student's t in place of z (Korn and Graubard 1998, Dean and Pagano 2015).
    Other scores get value ± t SE at units - 1 degrees of freedom, SE from the CLT or Miller 2024 Eq. 4
    (arXiv 2411.00640). `bounds` is the range the scores can take: it clips the interval, and bounds it for
    constant or single scores, which without bounds have an infinite one. Shapes: (n,) and n labels.
    ValueError when n is 0 or a score is NaN or out of bounds.
    """
    sample = within(as_scores(scores), bounds)
    value = float(sample.mean())
    spread = measure(sample, clusters, scale=bounds[1] - bounds[0] if bounds else 0.0)
    if is_binary(sample, bounds):
        interval = _of_share(value, spread, n=len(sample), confidence=confidence)
    else:
        interval = t_interval(value, spread, confidence=confidence).clipped(*(bounds or (-math.inf, math.inf)))
    return Estimate(value, interval.around(value), len(sample), spread.clusters, spread.standard_error)


def wilson(share: float, n: float, *, confidence: float = 0.95) -> Interval:
    """The Wilson score interval of a share seen in n samples; n may be an effective sample size."""
    return _score_interval(share, n, critical=normal_critical(confidence), confidence=confidence)


def t_interval(value: float, spread: Spread, *, confidence: float) -> Interval:
    """value ± t SE with the guarded standard error; unbounded when that is infinite."""
    half = t_critical(confidence, spread.degrees) * spread.guarded
    return Interval(value - half, value + half, confidence)


def _of_share(share: float, spread: Spread, *, n: int, confidence: float) -> Interval:
    if spread.units == n:
        return wilson(share, n, confidence=confidence)
    if not spread.standard_error:
        # All answers equal, or one cluster: how alike a cluster is, is unknown, so each counts as one sample.
        return wilson(share, spread.units, confidence=confidence)
    effective = share * (1 - share) / spread.guarded**2
    critical = t_critical(confidence, spread.degrees)
    return _score_interval(share, effective, critical=critical, confidence=confidence)


def _score_interval(share: float, n: float, *, critical: float, confidence: float) -> Interval:
    square = critical**2 / n
    centre = (share + square / 2) / (1 + square)
    half = math.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square)
    return Interval(centre - half, centre + half, confidence).clipped(0.0, 1.0).around(share)
