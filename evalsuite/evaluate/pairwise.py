"""Pairs: the candidate's replies against a baseline's, each pair judged in both orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalsuite.evaluate.aggregate import aggregate
from evalsuite.evaluate.judge import Choice, Chosen, Grader, Pair
from evalsuite.records import Outcome, Prompt, Reply, Result, Sample, Score, clusters_of
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
    entry: Pairing, candidate: Sequence[Reply], baseline: Sequence[Reply], *, judge: Grader, seed: int
) -> Outcome:
    """Win, tie or loss of each pair, and the win rate (a tie counts half) with its question-bootstrap interval."""
    pairs = [Pair(ours.prompt, ours.text, theirs.text) for ours, theirs in zip(candidate, baseline, strict=True)]
    # Both orders at once, so that twice as many calls are in flight.
    chosen = judge.prefer([*pairs, *(pair.swapped for pair in pairs)])
    orders = list(zip(candidate, chosen[: len(pairs)], chosen[len(pairs) :], strict=True))
    metric, scores, swapped = f"{entry.name}.win_rate", [], 0
    for ours, forward, backward in orders:
        if forward.choice is None or backward.choice is None:
            why = forward.reason or backward.reason or "no reason given"
            scores.append(Score(ours.sample_id, metric, None, f"the judge gave no usable preference: {why}"))
            continue
        swapped += {forward.choice, backward.choice} not in ({"first", "second"}, {"tie"})
        scores.append(Score(ours.sample_id, metric, preference(forward.choice, backward.choice)))
    shown = tuple(replace(ours, target=theirs.text) for ours, theirs in zip(candidate, baseline, strict=True))
    apart, summed = _disagreement(entry, orders)
    result = _result(metric, scores, candidate, seed=seed, swapped=swapped)
    return Outcome(shown, (*scores, *apart), (result, *summed))


def _disagreement(entry: Pairing, orders: Sequence[tuple[Reply, Chosen, Chosen]]) -> tuple[list[Score], list[Result]]:
    """How many of a panel's members said otherwise, on average over both orders; nothing for a single judge."""
    metric = f"{entry.name}.judge_disagreement"
    scores, samples = [], []
    for ours, forward, backward in orders:
        shares = [one.disagreement for one in (forward, backward) if one.disagreement is not None]
        if shares:
            scores.append(Score(ours.sample_id, metric, sum(shares) / len(shares)))
            samples.append(Sample(ours.sample_id, Prompt.user(ours.prompt), "", group=ours.group))
    return scores, [aggregate(metric, scores, samples)] if scores else []


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
