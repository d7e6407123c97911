"""Is the candidate at most a margin worse? A gate that can also say that it does not know yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from evalsuite.stats.intervals.mean import Interval
from evalsuite.stats.intervals.power import samples_to_settle
from evalsuite.stats.intervals.spread import as_scores
from evalsuite.stats.paired.mean_difference import pairs

Answer = Literal["pass", "fail", "undecided"]


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """The answer and its evidence.

    `low` and `high` are one-sided bounds of the difference, each at `confidence`. `p_value` belongs to
    "worse by the margin or more"; it is below 1 - confidence exactly when the answer is pass.
    `samples_needed` is about how many samples in all would settle an undecided answer, None when it is
    decided or cannot be foreseen.
    """

    difference: float
    low: float
    high: float
    p_value: float
    answer: Answer
    margin: float
    confidence: float
    n: int
    samples_needed: int | None


def non_inferiority(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    margin: float,
    clusters: Iterable[object] | None = None,
    confidence: float = 0.95,
) -> NonInferiority:
    """Pass when the candidate is surely less than `margin` worse, fail when surely more, otherwise undecided.

    Shapes (n,), (n,) and n labels; `margin` in score units, 0 or more. Unclustered 0/1 scores take
    Tango's score test with bounds by inversion, defined also when no answer changed; others Student's t on
    the paired differences. Failing to find a difference is not a pass. ValueError for a negative margin or
    a confidence of 0.5 or less.
    """
    if not margin >= 0:
        raise ValueError(f"margin is {margin!r}; give the largest loss that is still accepted, 0 or more")
    return _tested(candidate, baseline, margin=margin, clusters=clusters, confidence=confidence)


def superiority(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    by: float = 0.0,
    clusters: Iterable[object] | None = None,
    confidence: float = 0.95,
) -> NonInferiority:
    """Pass when the candidate is surely more than `by` better, fail when surely less, otherwise undecided.

    The same test as `non_inferiority` with the margin `-by`. ValueError for a negative `by`.
    """
    if not by >= 0:
        raise ValueError(f"by is {by!r}; give the gain that is wanted, 0 or more")
    return _tested(candidate, baseline, margin=-by, clusters=clusters, confidence=confidence)


def _tested(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    margin: float,
    clusters: Iterable[object] | None,
    confidence: float,
) -> NonInferiority:
    if not 0.5 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}; a one-sided bound needs more than 0.5 and less than 1")
    new, old = as_scores(candidate, "candidate"), as_scores(baseline, "baseline")
    tested = pairs(new, old, clusters=clusters, bounds=None)
    two_sided = 2 * confidence - 1
    interval = tested.interval(two_sided)
    answer = _answer(interval, margin)
    gap, error = tested.value + margin, tested.spread.standard_error
    needed = samples_to_settle(gap, standard_error=error, n=len(new), confidence=two_sided)
    return NonInferiority(
        difference=tested.value,
        low=interval.low,
        high=interval.high,
        p_value=tested.p_above(-margin),
        answer=answer,
        margin=margin,
        confidence=confidence,
        n=len(new),
        samples_needed=needed if answer == "undecided" else None,
    )


def _answer(interval: Interval, margin: float) -> Answer:
    if interval.low > -margin:
        return "pass"
    if interval.high < -margin:
        return "fail"
    return "undecided"
