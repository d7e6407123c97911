"""Pairs: the candidate's replies against a baseline's, each pair judged in both orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from evalsuite.evaluate.judge import Choice, Grader, grader
from evalsuite.records import Outcome, Reply, Result, Score, clusters_of
from evalsuite.spec.judge import Judge
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.suite import Pairing

WIN, TIE, LOSS = 1.0, 0.5, 0.0


def preference(forward: Choice, backward: Choice) -> float:
    """The candidate's outcome when both orders agree, otherwise a tie; `forward` shows the candidate first."""
    # Judges favour a position; one order alone would measure the position.
    if (forward, backward) == ("first", "second"):
        return WIN
    if (forward, backward) == ("second", "first"):
        return LOSS
    return TIE


def compare(
    entry: Pairing, candidate: Sequence[Reply], baseline: Sequence[Reply], *, judging: tuple[Judge, Rubric], seed: int
) -> Outcome:
    """Win, tie or loss of each pair, and the win rate (a tie counts half) with its question-bootstrap interval."""
    return contest(entry, candidate, baseline, judge=grader(*judging), seed=seed)


def contest(
    entry: Pairing, candidate: Sequence[Reply], baseline: Sequence[Reply], *, judge: Grader, seed: int
) -> Outcome:
    """The same with a judge that is there already."""
    metric, scores, orders = f"{entry.name}.win_rate", [], Counter[str]()
    for ours, theirs in zip(candidate, baseline, strict=True):
        forward = judge.prefer(ours.prompt, ours.text, theirs.text)
        backward = judge.prefer(ours.prompt, theirs.text, ours.text)
        if forward is None or backward is None:
            scores.append(Score(ours.sample_id, metric, None, "the judge gave no usable preference"))
            continue
        orders["same" if {forward, backward} in ({"first", "second"}, {"tie"}) else "swapped"] += 1
        scores.append(Score(ours.sample_id, metric, preference(forward, backward)))
    shown = tuple(replace(ours, target=theirs.text) for ours, theirs in zip(candidate, baseline, strict=True))
    return Outcome(shown, tuple(scores), (_result(metric, scores, candidate, seed=seed, swapped=orders["swapped"]),))


def _result(metric: str, scores: Sequence[Score], replies: Sequence[Reply], *, seed: int, swapped: int) -> Result:
    from evalsuite.stats.bootstrap import Resampling, win_rate

    values = {score.sample_id: score.value for score in scores if score.value is not None}
    unscored = len(scores) - len(values)
    reason = f"{unscored} pairs without a usable preference" if unscored else None
    if not values:
        return Result(metric, None, None, None, 0, unscored=unscored, reason=reason or "no pairs")
    outcomes = list(values.values())
    groups = {reply.sample_id: reply.group for reply in replies if reply.group is not None}
    questions = clusters_of(groups, list(values))
    estimate = win_rate(outcomes, questions=questions, resampling=Resampling(seed=seed))
    wins, ties, losses = (outcomes.count(value) for value in (WIN, TIE, LOSS))
    detail = f"{wins} won, {ties} tied, {losses} lost; {swapped} pairs changed with the order"
    low, high = estimate.interval.low, estimate.interval.high
    return Result(metric, estimate.value, low, high, n=len(outcomes), unscored=unscored, reason=reason, detail=detail)
