"""Paired differences of means, by sample, from counts, or by tokens (Tango 1998, Miller 2024, Cochran 1977)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.intervals.mean import Interval, normal_critical, normal_tail, t_interval, t_tail
from evalsuite.stats.intervals.spread import ROUNDING, Bounds, Floats, Spread, as_scores, is_binary, measure, within

HALVINGS = 60  # bisection of an interval of length 2 down to the last bit of a double


@dataclass(frozen=True, slots=True)
class Discordance:
    """How many of n paired items only the candidate got right (gained) and only the baseline (lost)."""

    gained: int
    lost: int
    n: int

    def statistic(self, null: float) -> float:
        """Z for "the true difference is `null`", positive when the observed one is larger.

        Defined without a single discordant pair too; at null = 0 it is McNemar's z.
        """
        if abs(null) > 1:
            return math.copysign(math.inf, -null)
        excess = self.gained - self.lost - self.n * null
        b = -self.gained - self.lost + (2 * self.n - self.gained + self.lost) * null
        c = -self.lost * null * (1 - null)
        share = (math.sqrt(max(0.0, b * b - 8 * self.n * c)) - b) / (4 * self.n)
        variance = self.n * (2 * share + null * (1 - null))
        if variance <= 0:  # no discordant pair and no difference claimed: the data agree with the claim
            return 0.0 if abs(excess) <= ROUNDING * self.n else math.copysign(math.inf, excess)
        return excess / math.sqrt(variance)

    def interval(self, confidence: float) -> Interval:
        """All differences that the two-sided test at 1 - confidence does not reject."""
        critical = normal_critical(confidence)
        value = (self.gained - self.lost) / self.n
        low = self._crossing(critical, below=-1.0, above=value)
        high = self._crossing(-critical, below=value, above=1.0)
        return Interval(low, high, confidence).around(value)

    def _crossing(self, level: float, *, below: float, above: float) -> float:
        # The statistic falls as the null rises, so the bound is where it passes `level`.
        for _ in range(HALVINGS):
            middle = (below + above) / 2
            if self.statistic(middle) > level:
                below = middle
            else:
                above = middle
        return (below + above) / 2


def intervals(gained: Floats, lost: Floats, n: Floats, *, confidence: float) -> tuple[Floats, Floats]:
    """Lower and upper ends of `Discordance.interval` for many counts at once, to the last bit; shapes (m,)."""
    critical, value = normal_critical(confidence), (gained - lost) / n

    def crossing(level: float, below: Floats, above: Floats) -> Floats:
        for _ in range(HALVINGS):
            middle = (below + above) / 2
            passed = _statistics(gained, lost, n, middle) > level
            below, above = np.where(passed, middle, below), np.where(passed, above, middle)
        return (below + above) / 2

    low = crossing(critical, np.full_like(value, -1.0), value)
    high = crossing(-critical, value, np.full_like(value, 1.0))
    return np.minimum(low, value), np.maximum(high, value)


def _statistics(gained: Floats, lost: Floats, n: Floats, null: Floats) -> Floats:
    """`Discordance.statistic` of each, for nulls from -1 to 1."""
    excess = gained - lost - n * null
    b = -gained - lost + (2 * n - gained + lost) * null
    c = -lost * null * (1 - null)
    share = (np.sqrt(np.maximum(0.0, b * b - 8 * n * c)) - b) / (4 * n)
    variance = n * (2 * share + null * (1 - null))
    flat = np.where(np.abs(excess) <= ROUNDING * n, 0.0, np.copysign(np.inf, excess))
    return np.where(variance <= 0, flat, excess / np.sqrt(np.where(variance <= 0, 1.0, variance)))


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate minus baseline; `correlation` is None where one of them gives every item the same score."""

    value: float
    interval: Interval
    standard_error: float | None
    correlation: float | None
    n: int
    clusters: int | None
    p_value: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """Paired scores, ready to be tested against any true difference.

    `discordance` is set for unclustered 0/1 scores, which take Tango's score test; others take Student's t.
    `limit` is the largest difference the scale allows, infinite when the scale is unknown.
    """

    value: float
    spread: Spread
    discordance: Discordance | None
    limit: float

    def interval(self, confidence: float) -> Interval:
        """All differences that the two-sided test does not reject."""
        if self.discordance:
            return self.discordance.interval(confidence)
        free = t_interval(self.value, self.spread, confidence=confidence)
        return free.clipped(-self.limit, self.limit).around(self.value)

    def p_above(self, null: float) -> float:
        """The one-sided p-value of "the true difference is at most `null`"."""
        return self._tail(self._statistic(null))

    def p_other(self, null: float) -> float:
        """The two-sided p-value of "the true difference is `null`"."""
        return 2 * self._tail(abs(self._statistic(null)))

    def _statistic(self, null: float) -> float:
        if self.discordance:
            return self.discordance.statistic(null)
        return (self.value - null) / self.spread.guarded

    def _tail(self, statistic: float) -> float:
        return normal_tail(statistic) if self.discordance else t_tail(statistic, self.spread.degrees)


def difference(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    clusters: Iterable[object] | None = None,
    confidence: float = 0.95,
    bounds: Bounds | None = None,
) -> Difference:
    """Candidate minus baseline on the same items, with interval and two-sided p-value from one test.

    Item i of both arrays is the same item; shapes (n,), (n,) and n labels. `standard_error` is the paired
    one of Miller 2024 §4, clustered by Eq. 4 applied to the differences. Unclustered 0/1 scores: Tango's
    interval and McNemar's z. Otherwise Student's t at units - 1 degrees of freedom. Differences that are
    all equal are guarded on the scale given by `bounds` (of a score), else on the observed range; one unit
    alone shows nothing (p = 1). ValueError when the arrays differ in length, are empty or hold NaN.
    """
    new, old = as_scores(candidate, "candidate"), as_scores(baseline, "baseline")
    tested = pairs(new, old, clusters=clusters, bounds=bounds)
    return Difference(
        value=tested.value,
        interval=tested.interval(confidence),
        standard_error=tested.spread.standard_error,
        correlation=_correlation(new, old),
        n=len(new),
        clusters=tested.spread.clusters,
        p_value=tested.p_other(0.0),
    )


def pairs(candidate: Floats, baseline: Floats, *, clusters: Iterable[object] | None, bounds: Bounds | None) -> Pairs:
    """The paired scores as a test; the choice between Tango and Student is made here and only here."""
    if len(candidate) != len(baseline):
        raise ValueError(f"{len(candidate)} candidate scores, {len(baseline)} baseline scores; pair them by item")
    both = within(np.concatenate([candidate, baseline]), bounds)
    binary = is_binary(both, bounds)
    limit = 1.0 if binary else bounds[1] - bounds[0] if bounds else math.inf
    scale = limit if math.isfinite(limit) else float(np.ptp(both))
    gaps = candidate - baseline
    spread = measure(gaps, clusters, scale=scale)
    discordance = None
    if binary and spread.units == len(gaps):
        discordance = Discordance(int((gaps > 0).sum()), int((gaps < 0).sum()), len(gaps))
    return Pairs(float(gaps.mean()), spread, discordance, limit)


def differences_of_counts(
    n: ArrayLike, gained: ArrayLike, lost: ArrayLike, *, confidence: float = 0.95
) -> list[tuple[float, Interval, float]]:
    """Value, interval and p-value that `difference` gives for n unclustered 0/1 scores, from the counts alone.

    Shapes (m,), one element per difference: the items, and those that only the candidate, only the baseline got right.
    """
    items, ours, theirs = (np.asarray(counts, dtype=np.float64) for counts in (n, gained, lost))
    low, high = intervals(ours, theirs, items, confidence=confidence)
    values = (ours - theirs) / items
    tests = [Discordance(int(a), int(b), int(m)).statistic(0.0) for a, b, m in zip(ours, theirs, items, strict=True)]
    return [
        (float(value), Interval(float(low[at]), float(high[at]), confidence), 2 * normal_tail(abs(tests[at])))
        for at, value in enumerate(values)
    ]


def _correlation(a: Floats, b: Floats) -> float | None:
    if measure(a).standard_error and measure(b).standard_error:
        return float(np.clip(np.corrcoef(a, b)[0, 1], -1.0, 1.0))
    return None


def weighted_difference(candidate: ArrayLike, baseline: ArrayLike, *, weights: ArrayLike) -> Difference:
    """Candidate minus baseline on the same samples, weighted, with Student's t on the weighted differences.

    Shapes (n,) each. Differences that are all zero are no change, and p is 1.
    """
    new, sizes = _checked(candidate, weights)
    old, _ = _checked(baseline, weights)
    gaps = new - old
    value = float(gaps @ sizes / sizes.sum())
    spread = _spread(gaps - value, sizes)
    if not gaps.any():
        spread = Spread(0.0, 0.0, len(gaps), None)
    p_value = 1.0 if value == 0 else 2 * t_tail(abs(value) / spread.guarded, spread.degrees)
    interval = t_interval(value, spread, confidence=0.95).around(value)
    return Difference(value, interval, spread.standard_error, None, len(gaps), None, p_value)


def _spread(residuals: Floats, sizes: Floats) -> Spread:
    # n w / Σ w turns the ratio's error into that of a plain mean of as many numbers.
    return measure(residuals * sizes * len(sizes) / sizes.sum())


def _checked(scores: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    values, sizes = as_scores(scores), np.asarray(weights, dtype=np.float64)
    if values.shape != sizes.shape or not (sizes > 0).all():
        raise ValueError(f"{len(values)} scores, {sizes.size} weights; each score needs a weight above 0")
    return values, sizes
