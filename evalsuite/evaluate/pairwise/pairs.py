"""Pairs: the candidate's replies against an opponent's, judged in both orders, and what the outcomes come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalsuite.evaluate.scoring.aggregate import aggregate
from evalsuite.plugins import Grader
from evalsuite.records import (
    Choice,
    Chosen,
    Metric,
    Outcome,
    Pair,
    Prompt,
    Reply,
    Result,
    Sample,
    Score,
    clusters_of,
    usage_of,
)
from evalsuite.spec.declared import PAIRED

if TYPE_CHECKING:
    from evalsuite.stats.intervals.spread import Floats


WIN, TIE, LOSS = 1.0, 0.5, 0.0

# Refits take a millisecond or two each; ends of an interval are steady to about a point with so many.
_REFITS = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcome of one pair, the candidate's reply, and the characters of the opponent's."""

    outcome: float
    ours: Reply
    theirs: int


@dataclass(frozen=True, slots=True)
class Left:
    """How many pairs have no outcome: no readable preference, or no answer of the opponent's."""

    unread: int
    lacking: int

    @property
    def reason(self) -> str | None:
        """Both in words."""
        said = [f"{self.unread} pairs without a usable preference"] if self.unread else []
        said += [f"{self.lacking} samples that the opponent did not answer"] if self.lacking else []
        return "; ".join(said) or None


def rate(metric: str, judged: Sequence[Judged], *, left: Left, swapped: int, seed: int) -> Result:
    """The win rate, a tie counting half, with its question-bootstrap interval and the counts behind it."""
    from evalsuite.stats.intervals.bootstrap import Resampling, win_rate

    unscored, reason = left.unread + left.lacking, left.reason
    if not judged:
        return Result(metric, None, None, None, 0, unscored=unscored, reason=reason or "no pairs")
    outcomes = [one.outcome for one in judged]
    found = win_rate(outcomes, questions=_questions(judged), resampling=Resampling(seed=seed))
    wins, ties, losses = (outcomes.count(value) for value in (WIN, TIE, LOSS))
    detail = f"{wins} won, {ties} tied, {losses} lost; {swapped} pairs changed with the order"
    low, high = found.interval.low, found.interval.high
    return Result(metric, found.value, low, high, n=len(judged), unscored=unscored, reason=reason, detail=detail)


def at_equal_length(metric: str, judged: Sequence[Judged], won: Result, *, seed: int) -> Result:
    """AlpacaEval's length-controlled win rate as a share; the GLM has no instruction difficulties.

    `reason` warns when it lies more than 10 points from the win rate `won`. Where all pairs end alike there is
    nothing that length could explain, so value and interval are those of the win rate.
    """
    from evalsuite.stats.intervals.bootstrap import Resampling
    from evalsuite.stats.ratings.length_control import length_controlled

    if len(judged) < 2:
        return Result(metric, None, None, None, 0, reason="fewer than two judged pairs")
    if len({one.outcome for one in judged}) == 1:
        detail = "all pairs ended alike, so length explains nothing: as judged"
        return Result(metric, won.value, won.low, won.high, n=won.n, detail=detail)
    longer = [one.theirs - len(one.ours.text) for one in judged]
    outcomes = [one.outcome for one in judged]
    unknown = [0.0] * len(judged)
    resampling = Resampling(seed=seed, resamples=_REFITS)
    found = length_controlled(longer, unknown, outcomes, resampling=resampling)
    weights, interval = found.weights, found.interval
    assert interval is not None
    if not (weights.length or weights.model):
        # The penalty took everything away, in the resamples too: a half without any width.
        why = f"{len(judged)} pairs are too few to tell the model from the length of its replies"
        return Result(metric, None, None, None, len(judged), reason=why)
    detail = (
        f"without instruction difficulties, as none are known; weight of length {weights.length:.3g}, "
        f"of the model {weights.model:.3g}"
    )
    if _questions(judged) is not None:
        detail += "; the interval takes the prompts of a group as if each stood alone"
    value, low, high = (share / 100 for share in (found.win_rate, interval.low, interval.high))
    return Result(metric, value, low, high, n=len(judged), reason=found.warning, detail=detail)


def ratio_of_lengths(metric: str, judged: Sequence[Judged], *, seed: int) -> Result:
    """Mean characters of the candidate's replies over the opponent's, with a percentile interval over questions."""
    import numpy as np

    from evalsuite.stats.intervals.bootstrap import Resampling, percentile_interval

    labels = _questions(judged) or range(len(judged))
    codes = np.unique(list(labels), return_inverse=True)[1]
    # One row per question, so that its prompts are drawn together.
    ours, theirs = (
        np.bincount(codes, lengths)
        for lengths in ([len(one.ours.text) for one in judged], [one.theirs for one in judged])
    )
    if not judged or not theirs.sum():
        why = "the opponent's replies are all empty" if judged else "no judged pairs"
        return Result(metric, None, None, None, len(judged), reason=why)

    def ratio(times: Floats) -> float | None:
        below = float(times @ theirs)
        return float(times @ ours) / below if below else None

    value = float(ours.sum() / theirs.sum())
    found = percentile_interval(ratio, n=len(ours), value=value, resampling=Resampling(seed=seed, resamples=1000))
    mean, other = (float(lengths.sum()) / len(judged) for lengths in (ours, theirs))
    detail = f"{mean:.0f} characters a reply, the opponent's {other:.0f}"
    if not np.isfinite([found.low, found.high]).all():
        return Result(metric, None, None, None, len(judged), reason="too few of the opponent's replies have any text")
    return Result(metric, value, found.low, found.high, n=len(judged), detail=detail)


def _questions(judged: Sequence[Judged]) -> list[str] | None:
    groups = {one.ours.sample_id: one.ours.group for one in judged if one.ours.group is not None}
    return clusters_of(groups, [one.ours.sample_id for one in judged])


# The metric of a figure such as `win_rate`.
Naming = Callable[[str], Metric]


@dataclass(frozen=True, slots=True)
class _Met:
    """Two replies to one sample, and what the judge said with the candidate first and with it second."""

    ours: Reply
    theirs: Reply
    forward: Chosen
    backward: Chosen

    @property
    def outcome(self) -> float | None:
        """Win, tie or loss; None where one order has no answer."""
        if self.forward.choice is None or self.backward.choice is None:
            return None
        return preference(self.forward.choice, self.backward.choice)

    @property
    def consistent(self) -> bool:
        """Whether the same reply, or neither, was preferred in both orders."""
        return {self.forward.choice, self.backward.choice} in ({"first", "second"}, {"tie"})


def preference(forward: Choice, backward: Choice) -> float:
    """The candidate's outcome when both orders agree, otherwise a tie; `forward` shows the candidate first."""
    # Judges favour a position; one order alone would measure the position.
    if (forward, backward) == ("first", "second"):
        return WIN
    if (forward, backward) == ("second", "first"):
        return LOSS
    return TIE


def compare(
    named: Naming, candidate: Sequence[Reply], opponent: Sequence[Reply], *, judge: Grader, seed: int
) -> Outcome:
    """Win, tie or loss of each pair, and what they come to.

    The win rate (a tie counts half), the same at equal length, the ratio of lengths, and how often the judge said
    the same in both orders. A sample that the opponent did not answer, or was asked otherwise, is unscored.
    """
    known = {reply.sample_id: reply for reply in opponent}
    met = list(_judged([(reply, known[reply.sample_id]) for reply in candidate if _answered(reply, known)], judge))
    lacking = [reply for reply in candidate if not _answered(reply, known)]
    of = {figure: named(figure) for figure in PAIRED}
    won_by = of["win_rate"].name
    scores = _outcomes(won_by, met, lacking)
    judged = [Judged(one.outcome, one.ours, len(one.theirs.text)) for one in met if one.outcome is not None]
    swapped = sum(not one.consistent for one in met if one.outcome is not None)
    left = Left(unread=len(met) - len(judged), lacking=len(lacking))
    shown = tuple(replace(one.ours, target=one.theirs.text) for one in met)
    # How the samples hang together, for the figures that are means of scores.
    samples = [Sample(reply.sample_id, Prompt.user(reply.prompt), "", group=reply.group) for reply in candidate]
    consistency, disagreement = of["position_consistency"], of["judge_disagreement"]
    stable, apart = _stability(consistency.name, met), _disagreement(disagreement.name, met)
    won = rate(won_by, judged, left=left, swapped=swapped, seed=seed)
    results = [won, at_equal_length(of["length_controlled"].name, judged, won, seed=seed)]
    results.append(ratio_of_lengths(of["length_ratio"].name, judged, seed=seed))
    if stable:
        results.append(replace(aggregate(consistency, stable, samples), detail=_favoured(met)))
    if apart:
        results.append(aggregate(disagreement, apart, samples))
    judging = usage_of([one for pair in met for one in (pair.forward, pair.backward)])
    return Outcome(shown, (*scores, *stable, *apart), tuple(results), judging=judging).declaring(of.values())


def _answered(reply: Reply, known: dict[str, Reply]) -> bool:
    return reply.sample_id in known and known[reply.sample_id].prompt == reply.prompt


def _judged(pairs: Sequence[tuple[Reply, Reply]], judge: Grader) -> Iterator[_Met]:
    asked = [Pair(ours.prompt, ours.text, theirs.text) for ours, theirs in pairs]
    # Both orders at once, so that twice as many calls are in flight.
    chosen = judge.prefer([*asked, *(pair.swapped for pair in asked)])
    for (ours, theirs), forward, backward in zip(pairs, chosen[: len(pairs)], chosen[len(pairs) :], strict=True):
        yield _Met(ours, theirs, forward, backward)


def _outcomes(metric: str, met: Sequence[_Met], lacking: Sequence[Reply]) -> list[Score]:
    scores = [Score(one.ours.sample_id, metric, one.outcome, _reason(one)) for one in met]
    return scores + [Score(reply.sample_id, metric, None, "the opponent has no answer to it") for reply in lacking]


def _reason(one: _Met) -> str | None:
    if one.outcome is not None:
        return None
    return f"the judge gave no usable preference: {one.forward.reason or one.backward.reason or 'no reason given'}"


def _stability(metric: str, met: Sequence[_Met]) -> list[Score]:
    return [Score(one.ours.sample_id, metric, float(one.consistent)) for one in met if one.outcome is not None]


def _disagreement(metric: str, met: Sequence[_Met]) -> list[Score]:
    """How many of a panel's members said otherwise, on average over both orders; nothing for a single judge."""
    scores = []
    for one in met:
        shares = [found.disagreement for found in (one.forward, one.backward) if found.disagreement is not None]
        if shares:
            scores.append(Score(one.ours.sample_id, metric, sum(shares) / len(shares)))
    return scores


def _favoured(met: Sequence[_Met]) -> str:
    said = [(one.forward.choice, one.backward.choice) for one in met]
    first, second = said.count(("first", "first")), said.count(("second", "second"))
    return f"{first} pairs to whoever stood first, {second} to whoever stood second"
