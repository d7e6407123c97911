"""What the outcomes of judged pairs come to: the win rate, the same at equal length, the ratio of lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalsuite.records import Reply, Result, clusters_of

if TYPE_CHECKING:
    from evalsuite.stats.spread import Floats

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
    from evalsuite.stats.bootstrap import Resampling, win_rate

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
    """AlpacaEval's length-controlled win rate (METHODS §10) as a share; the GLM has no instruction difficulties.

    `reason` warns when it lies more than 10 points from the win rate `won`. Where all pairs end alike there is
    nothing that length could explain, so value and interval are those of the win rate.
    """
    from evalsuite.stats.bootstrap import Resampling
    from evalsuite.stats.length_control import length_controlled

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

    from evalsuite.stats.bootstrap import Resampling
    from evalsuite.stats.resample import percentile_interval

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
