"""Pairs: the candidate's replies against an opponent's, each pair judged in both orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from evalsuite.evaluate.aggregate import aggregate
from evalsuite.evaluate.judge import Choice, Chosen, Grader, Pair, usage_of
from evalsuite.evaluate.pair_figures import LOSS, TIE, WIN, Judged, Left, at_equal_length, rate, ratio_of_lengths
from evalsuite.records import Metric, Outcome, Prompt, Reply, Sample, Score
from evalsuite.spec.declared import PAIRED

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
    said = usage_of(chosen for one in met for chosen in (one.forward, one.backward))
    return Outcome(shown, (*scores, *stable, *apart), tuple(results), judging=said).declaring(of.values())


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
