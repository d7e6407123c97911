"""Two systems on the same items: the difference of their means."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.distribution import normal_tail, t_tail
from evalsuite.stats.interval import Interval, t_interval
from evalsuite.stats.spread import Bounds, Floats, Spread, as_scores, is_binary, measure, within
from evalsuite.stats.tango import Discordance, intervals


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
