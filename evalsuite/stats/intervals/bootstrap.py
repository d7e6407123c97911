"""Intervals by resampling whole items: fidelity, win rates, any other figure (Efron 1979, Hesterberg 2015)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.intervals.mean import Estimate, Interval, normal_tail, t_critical, t_interval, wilson
from evalsuite.stats.intervals.spread import ROUNDING, Floats, Spread, as_scores, cluster_codes, measure
from evalsuite.stats.paired.mean_difference import difference

CELLS = 2_000_000  # numbers gathered at once, so that memory stays at some 16 MB whatever the sample


@dataclass(frozen=True, slots=True)
class Resampling:
    """How to resample: the seed is never left to chance."""

    seed: int
    resamples: int = 10_000
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.resamples < 100:
            raise ValueError(f"resamples is {self.resamples}; below 100 the ends of an interval mean nothing")


@dataclass(frozen=True, slots=True)
class Undefined:
    """Why there is no number."""

    reason: str


def fidelity(
    candidate: ArrayLike, base: ArrayLike, *, author: ArrayLike, resampling: Resampling
) -> Estimate | Undefined:
    """How far the candidate went from the base model (0) to the author's own text (1), on the same items.

    (mean candidate - mean base) / (mean author - mean base); it may fall below 0 or exceed 1. Shapes (n,),
    one score per item (average the votes on an item first). Items are resampled, all three scores together;
    the interval is the expanded percentile interval. Where every resample gives the same ratio, the
    interval is ± t 2 / n, the guard for constant scores on a scale of 1. Undefined when the paired 95 %
    interval of author minus base does not lie above 0, or the resampled ratio has no finite bound.
    ValueError when lengths differ.
    """
    scores = [as_scores(candidate, "candidate"), as_scores(base, "base"), as_scores(author, "author")]
    if len({len(column) for column in scores}) > 1:
        counts = ", ".join(str(len(column)) for column in scores)
        raise ValueError(f"{counts} scores of candidate, base and author; pair them by item")
    reach = difference(scores[2], scores[1]).interval
    if reach.low <= 0:
        return Undefined(
            f"the author's text does not score clearly above the base model: author minus base lies between "
            f"{reach.low:.3g} and {reach.high:.3g} (95 %, n = {len(scores[0])})"
        )
    gains = np.column_stack([scores[0] - scores[1], scores[2] - scores[1]])
    value = float(gains[:, 0].mean() / gains[:, 1].mean())
    gained, possible = _resampled_sums(gains, resampling).T
    # A resample whose author is not above the base counts as infinitely far; too many undo the interval.
    draws = np.full(len(gained), math.inf) * np.where(gained > 0, 1, -1)
    np.divide(gained, possible, out=draws, where=possible > 0)
    interval, error = _of_draws(value, draws, units=len(gains), resampling=resampling)
    if interval is not None and not math.isfinite(interval.high - interval.low):
        return Undefined("the author is so little above the base model that the resampled ratio has no bound")
    if interval is None:
        guard = Spread(0.0, 2 / len(gains), len(gains), None)
        interval = t_interval(value, guard, confidence=resampling.confidence)
    return Estimate(value, interval, len(gains), None, error)


def win_rate(outcomes: ArrayLike, *, questions: Iterable[object] | None = None, resampling: Resampling) -> Estimate:
    """The share of wins, ties counting half, with an interval from resampling questions, never votes.

    Shape (n,) of 1 (win), 0.5 (tie) and 0 (loss), and n question labels when a question has several votes.
    The interval is the expanded percentile interval, or Wilson's at the number of questions where every
    resample is the same (all outcomes equal, or one question). `standard_error` is Miller's Eq. 4.
    ValueError for other outcomes.
    """
    votes = as_scores(outcomes, "outcomes")
    if not np.isin(votes, (0.0, 0.5, 1.0)).all():
        raise ValueError("outcomes: a win is 1, a tie 0.5, a loss 0; found something else")
    labels = None if questions is None else list(questions)
    spread = measure(votes, labels)
    codes = np.arange(len(votes)) if labels is None else cluster_codes(labels, len(votes))
    table = np.column_stack([np.bincount(codes, votes), np.bincount(codes).astype(np.float64)])
    sums = _resampled_sums(table, resampling)
    value = float(votes.mean())
    interval, _ = _of_draws(value, sums[:, 0] / sums[:, 1], units=len(table), resampling=resampling)
    if interval is None:
        interval = wilson(value, len(table), confidence=resampling.confidence)
    return Estimate(value, interval, len(votes), spread.clusters, spread.standard_error)


def _resampled_sums(rows: Floats, resampling: Resampling) -> Floats:
    """Column sums of as many rows drawn with replacement, per resample; the order of rows does not matter."""
    rows = rows[np.lexsort(rows.T)]
    generator = np.random.default_rng(resampling.seed)
    sums = np.empty((resampling.resamples, rows.shape[1]))
    step = max(1, CELLS // rows.size)
    for start in range(0, resampling.resamples, step):
        block = sums[start : start + step]
        block[:] = rows[generator.integers(len(rows), size=(len(block), len(rows)))].sum(axis=1)
    return sums


def _of_draws(
    value: float, draws: Floats, *, units: int, resampling: Resampling
) -> tuple[Interval | None, float | None]:
    """Expanded percentile interval (Hesterberg 2015) and standard error; no interval when no draw differs.

    The plain percentile interval is too narrow for few units by the factor that separates z from t
    sqrt(n/(n-1)); looking that much further out in the tails makes up for it. No standard error when a draw
    is infinite.
    """
    finite = bool(np.isfinite(draws).all())
    if finite and np.ptp(draws) <= ROUNDING * max(1.0, abs(value)):
        return None, 0.0
    confidence = resampling.confidence
    tail = normal_tail(t_critical(confidence, units - 1) * math.sqrt(units / (units - 1)))
    beyond = int(tail * len(draws))
    low, high = np.sort(draws)[[beyond, -1 - beyond]]
    interval = Interval(float(low), float(high), confidence).around(value)
    return interval, float(draws.std(ddof=1)) if finite else None


Statistic = Callable[[Floats], float | None]


def percentile_interval(statistic: Statistic, *, n: int, value: float, resampling: Resampling) -> Interval:
    """The percentile interval of `statistic`, which is given how often each of the n units was drawn (n,).

    A resample for which the statistic is None counts as far out at both ends.
    """
    draws = _draws(statistic, n, resampling)
    tail = (1 - resampling.confidence) / 2
    low = float(np.quantile(np.where(np.isnan(draws), -np.inf, draws), tail, method="lower"))
    high = float(np.quantile(np.where(np.isnan(draws), np.inf, draws), 1 - tail, method="higher"))
    return Interval(low, high, resampling.confidence).around(value)


def _draws(statistic: Statistic, n: int, resampling: Resampling) -> Floats:
    generator = np.random.default_rng(resampling.seed)
    even = np.full(n, 1 / n)
    draws = np.empty(resampling.resamples)
    for i in range(resampling.resamples):
        found = statistic(generator.multinomial(n, even).astype(np.float64))
        draws[i] = math.nan if found is None else found
    return draws
