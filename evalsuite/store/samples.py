"""Single samples: what specs were scored on, and one sample at a time with all that was said to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evalsuite.records import Reply, by_name, called, metric_of
from evalsuite.store import Store, read
from evalsuite.store.rows import rows

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
class Answer:
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
    answers: tuple[Answer, ...]


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


def _answer(row: dict[str, Any]) -> Answer:
    fields = ("sample_id", "prompt", "text", "target", "group", "note")
    reply = Reply(**{name: row[name] for name in fields}) if row["text"] is not None else None
    return Answer(reply, row["value"], row["apart"], row["turned"])
