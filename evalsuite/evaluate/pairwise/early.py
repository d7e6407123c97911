"""Judging in random order and batches, until the rules that asked for it are settled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from evalsuite.data.digest import shuffled
from evalsuite.records import Outcome, Reply, Result, Score

REASON = "not judged: the gate's rules were settled early"


def in_batches(
    replies: Sequence[Reply],
    judge: Callable[[Sequence[int]], Outcome],
    *,
    settled: Callable[[Outcome], bool],
    batch: int,
    seed: int,
) -> Outcome:
    """What `judge` says of the replies at these places, `batch` questions more at a time, until `settled` holds.

    `judge` is asked about all places so far, so the reply cache must answer for those it has judged before. Samples
    that are never judged are unscored with a reason, and the intervals of what was judged hold at any stopping time.
    """
    groups = {reply.sample_id: reply.group for reply in replies if reply.group is not None}
    places = {reply.sample_id: place for place, reply in enumerate(replies)}
    order = shuffled(places, seed=seed, groups=groups)
    questions = list(dict.fromkeys(groups.get(key, f"sample {key}") for key in order))
    number = {question: index for index, question in enumerate(questions)}
    for judged in range(batch, len(questions), batch):
        asked = [key for key in order if number[groups.get(key, f"sample {key}")] < judged]
        outcome = judge(sorted(places[key] for key in asked))
        if settled(outcome):
            return _stopped(outcome, replies, asked)
    return judge(range(len(replies)))


def _stopped(outcome: Outcome, replies: Sequence[Reply], order: Sequence[str]) -> Outcome:
    asked = set(order)
    left = [reply.sample_id for reply in replies if reply.sample_id not in asked]
    metrics = dict.fromkeys(score.metric for score in outcome.scores)
    # A slice has no scores of its own to follow, so nothing of it holds at any stopping time.
    parts = {metric.name for metric in outcome.metrics if metric.parent is not None and metric.name not in metrics}
    stopped = replace(
        outcome,
        replies=tuple(replies),
        scores=(*outcome.scores, *(Score(key, metric, None, REASON) for metric in metrics for key in left)),
        results=tuple(
            _at_any_time(result, outcome.scores, order, left=len(left)) if result.metric in metrics else result
            for result in outcome.results
            if result.metric not in parts
        ),
    )
    return replace(stopped, metrics=()).declaring(outcome.metrics)


def _at_any_time(result: Result, scores: Sequence[Score], order: Sequence[str], *, left: int) -> Result:
    """The result with an interval that holds although one looked after every batch."""
    from evalsuite.stats.sequential.betting import ConfidenceSequence

    values = {score.sample_id: score.value for score in scores if score.metric == result.metric}
    sequence = ConfidenceSequence()
    for key in order:
        value = values.get(key)
        if value is not None:
            sequence.add(value)
    reason = f"{left} {REASON}" if result.reason is None else f"{result.reason}; {left} {REASON}"
    found = sequence.interval
    return replace(result, low=found.low, high=found.high, unscored=result.unscored + left, reason=reason)
