"""Single samples: what was said to them, which moved, and which a person can label next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evalsuite.records import Reply, by_name, called, metric_of
from evalsuite.store import Store, read
from evalsuite.store.query import rows

Which = Literal["all", "differs", "first lost", "first won", "unscored", "judges disagree"]


@dataclass(frozen=True)
class ScoredStep:
    """A finished step with scores: of which spec and base model, which entry, whose replies, and its metrics."""

    spec: str
    base_model: str
    entry: str
    role: str | None
    digest: str
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class ScoredAnswer:
    """What one side said to a sample and scored; None where it was not asked, or could not be scored.

    `apart` is how far a panel's members were apart, `turned` whether a judge changed its choice with the order.
    """

    reply: Reply | None
    value: float | None
    apart: float | None
    turned: bool | None


@dataclass(frozen=True)
class SampleBeside:
    """One of `found` samples, and the answer of each side in their order."""

    sample_id: str
    found: int
    answers: tuple[ScoredAnswer, ...]


def scored_steps(store: Store, specs: Sequence[str]) -> list[ScoredStep]:
    """The finished steps with scores of the specs' latest runs; by spec in the order given, and by entry."""
    found = rows(store, "sample_entries", {"specs": list(specs)})
    return [ScoredStep(**{**row, "metrics": tuple(row["metrics"])}) for row in found]


def sample_beside(store: Store, steps: Sequence[str], metric: str, *, which: Which, at: int) -> SampleBeside | None:
    """The sample in place `at` of those that fit, by id, with the answers of each step; the last one when `at` is
    beyond. None when no sample fits. `first lost` and `first won` look at the first two steps: the better
    score won, or the higher one where neither way is better.
    """
    metrics = read.metrics_of(store, steps)
    given = {
        **{"steps": list(steps), "metric": metric, "which": which, "at": at},
        "less_is_better": metric_of(by_name(metrics), metric).direction == "lower",
        "disagreements": list(called(metrics, "judge_disagreement")),
        "consistencies": list(called(metrics, "position_consistency")),
    }
    found = rows(store, "sample_beside", given)
    if not found:
        return None
    return SampleBeside(found[0]["sample_id"], found[0]["found"], tuple(_answer(row) for row in found))


def _answer(row: dict[str, Any]) -> ScoredAnswer:
    fields = ("sample_id", "prompt", "text", "target", "group", "note")
    reply = Reply(**{name: row[name] for name in fields}) if row["text"] is not None else None
    return ScoredAnswer(reply, row["value"], row["apart"], row["turned"])


@dataclass(frozen=True, slots=True)
class Rise:
    """A sample of one metric whose score rose by so much (or fell, below 0) from step `base` to step `candidate`.

    `total` counts all of the metric that moved in the same direction.
    """

    metric: str
    sample_id: str
    base: str
    candidate: str
    rise: float
    total: int


def metrics_of_steps(store: Store, steps: Sequence[str]) -> dict[str, dict[str, bool]]:
    """The metrics of each step that has scores, and whether its samples have weights."""
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for row in rows(store, "moved_metrics", [list(steps)]):
        found[row["step_digest"]][row["metric"]] = row["weighed"]
    return dict(found)


def rises(store: Store, pairs: Sequence[tuple[str, str, str]], *, most: int) -> list[Rise]:
    """The samples that moved, by (base step, candidate step, metric); those that moved most first.

    At most so many of each metric that rose, and as many that fell.
    """
    if not pairs:
        return []
    bases, candidates, metrics = (list(part) for part in zip(*pairs, strict=True))
    given = {"bases": bases, "candidates": candidates, "metrics": metrics, "most": most}
    return [Rise(**row) for row in rows(store, "moved", given)]


def replies_to(store: Store, sample_id: str, *, before: str, after: str) -> tuple[Reply | None, Reply | None]:
    """What two steps said to one sample; None where a step has no reply to it."""
    found = rows(store, "replies_to", {"sample": sample_id, "before": before, "after": after})
    said = {row.pop("step_digest"): Reply(**row) for row in found}
    return said.get(before), said.get(after)


@dataclass(frozen=True)
class UnlabelledPair:
    """Two different replies to one question, of the first and the second step; `waiting` counts it and those after."""

    sample_id: str
    question: str
    first: str
    second: str
    waiting: int


@dataclass(frozen=True)
class UnlabelledReply:
    """One reply of one of the steps; `waiting` counts it and those after."""

    step_digest: str
    sample_id: str
    question: str
    reply: str
    waiting: int


def unlabelled_pair(
    store: Store, first: str, second: str, *, by: str, skipped: Sequence[str] = ()
) -> UnlabelledPair | None:
    """The next pair of two steps' replies for a person, or None when all are labelled or skipped."""
    given = {"first": first, "second": second, "by": by, "skipped": list(skipped)}
    found = rows(store, "unlabelled_pair", given)
    return UnlabelledPair(**found[0]) if found else None


def unlabelled_reply(
    store: Store, steps: Sequence[str], *, by: str, rubric_digest: str, skipped: Sequence[str] = ()
) -> UnlabelledReply | None:
    """The next reply of some steps for a person to score by a rubric, or None when none is left."""
    given = {"steps": list(steps), "by": by, "rubric_digest": rubric_digest, "skipped": list(skipped)}
    found = rows(store, "unlabelled_reply", given)
    return UnlabelledReply(**found[0]) if found else None
