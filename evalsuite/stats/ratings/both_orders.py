"""Pairs judged in both orders, and grades relative to another system's (Zheng et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evalsuite.stats.intervals.bootstrap import Resampling, Undefined, percentile_interval
from evalsuite.stats.intervals.mean import Estimate, Interval, mean
from evalsuite.stats.intervals.spread import Floats, as_scores

Verdict = Literal["first", "second", "tie", "error"]
Winner = Literal["win", "tie", "lose"]


@dataclass(frozen=True, slots=True)
class BothOrders:
    """What a judge said with the candidate first, and with it second; positions, not names."""

    candidate_first: Verdict
    candidate_second: Verdict


@dataclass(frozen=True, slots=True)
class PositionBias:
    """Shares of pairs: same winner in both orders, the first position in both, the second in both.

    `error` is the share with an unread verdict; `conflict` is 1 - consistency among the read pairs (FairEval's
    conflict rate). With MT-bench's near-equal answers the shares of all pairs add up to 1 with `mixed`.
    """

    consistency: Estimate
    biased_to_first: float
    biased_to_second: float
    mixed: float
    error: float
    conflict: float | None
    n: int


def winner(pair: BothOrders) -> Winner | None:
    """The candidate's outcome: what both orders agree on, otherwise a tie; None when one was not read."""
    seen = _outcome(pair.candidate_first, candidate="first"), _outcome(pair.candidate_second, candidate="second")
    if None in seen:
        return None
    return seen[0] if seen[0] == seen[1] else "tie"


def position_bias(pairs: Sequence[BothOrders]) -> PositionBias:
    """How much the order of two answers decided. ValueError without pairs."""
    if not pairs:
        raise ValueError("no pairs; a bias of nothing is not defined")
    said = [(pair.candidate_first, pair.candidate_second) for pair in pairs]
    same = [
        "error" not in one and _outcome(one[0], candidate="first") == _outcome(one[1], candidate="second")
        for one in said
    ]
    n, errors = len(said), sum("error" in one for one in said)
    first, second = said.count(("first", "first")), said.count(("second", "second"))
    return PositionBias(
        consistency=mean(same),
        biased_to_first=first / n,
        biased_to_second=second / n,
        mixed=(n - sum(same) - first - second - errors) / n,
        error=errors / n,
        conflict=1 - sum(same) / (n - errors) if errors < n else None,
        n=n,
    )


def _outcome(verdict: Verdict, *, candidate: Literal["first", "second"]) -> Winner | None:
    if verdict == "error":
        return None
    return "tie" if verdict == "tie" else "win" if verdict == candidate else "lose"


@dataclass(frozen=True, slots=True)
class GradedPair:
    """The two grades of one review; None where the judge's line could not be read."""

    model: float | None
    reference: float | None
    model_first: bool
    question: str


@dataclass(frozen=True, slots=True)
class RelativeScore:
    """100 · Σ model / Σ reference: pooled over all reviews, and for each order that was judged.

    The mean of the two orders is another number than the pooled one; the pooled one is what QLoRA prints.
    """

    pooled: float
    interval: Interval | None
    model_first: float | None
    reference_first: float | None
    model_total: float
    reference_total: float
    n: int
    dropped: int


def relative_score(pairs: Sequence[GradedPair], *, resampling: Resampling | None = None) -> RelativeScore | Undefined:
    """Total the grades; a review with an unread grade is dropped and counted, never scored.

    The interval resamples questions. Undefined when nothing is left or the reference's grades are all 0.
    """
    kept = [pair for pair in pairs if pair.model is not None and pair.reference is not None]
    dropped = len(pairs) - len(kept)
    if not kept:
        return Undefined(f"no review could be read; {dropped} dropped")
    if any(grade is not None and grade < 0 for pair in kept for grade in (pair.model, pair.reference)):
        raise ValueError("grades: below 0; an unread grade is None, not -1")
    pooled = _ratio(kept)
    if pooled is None:
        return Undefined("the reference's grades add up to 0, so nothing can be relative to them")
    return RelativeScore(
        pooled=pooled,
        interval=None if resampling is None else _interval(kept, pooled, resampling),
        model_first=_ratio([pair for pair in kept if pair.model_first]),
        reference_first=_ratio([pair for pair in kept if not pair.model_first]),
        model_total=_total(kept)[0],
        reference_total=_total(kept)[1],
        n=len(kept),
        dropped=dropped,
    )


def _total(pairs: Sequence[GradedPair]) -> tuple[float, float]:
    return sum(pair.model or 0.0 for pair in pairs), sum(pair.reference or 0.0 for pair in pairs)


def _ratio(pairs: Sequence[GradedPair]) -> float | None:
    model, reference = _total(pairs)
    return 100 * model / reference if reference > 0 else None


def _interval(pairs: Sequence[GradedPair], value: float, resampling: Resampling) -> Interval:
    by_question: dict[str, list[GradedPair]] = {}
    for pair in pairs:
        by_question.setdefault(pair.question, []).append(pair)
    totals = [_total(group) for group in by_question.values()]
    model, reference = as_scores([m for m, _ in totals]), as_scores([r for _, r in totals])

    def statistic(chosen: Floats) -> float | None:
        divisor = float(chosen @ reference)
        return 100 * float(chosen @ model) / divisor if divisor > 0 else None

    return percentile_interval(statistic, n=len(totals), value=value, resampling=resampling)
