"""Single samples: which entries a spec was scored on, every sample's score on one metric, and one reply at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalsuite.records import Reply
from evalsuite.store import Store
from evalsuite.store.read import SpecRun
from evalsuite.store.rows import rows


@dataclass(frozen=True)
class ScoredStep:
    """A finished step with scores: which entry of the suite, whose replies, and its metrics."""

    entry: str
    role: str | None
    digest: str
    metrics: tuple[str, ...]


def scored_steps(store: Store, spec: SpecRun) -> list[ScoredStep]:
    """The finished steps of a spec that have scores, by entry."""
    found = rows(store, "entries", [spec.run_id, spec.spec])
    return [ScoredStep(**{**row, "metrics": tuple(row["metrics"])}) for row in found]


def scores_of(store: Store, step_digest: str, metric: str) -> Mapping[str, float | None]:
    """Every sample's score on one metric; None where it could not be scored."""
    return {row["sample_id"]: row["value"] for row in rows(store, "scores_of_metric", [step_digest, metric])}


def reply_of(store: Store, step_digest: str, sample_id: str) -> Reply | None:
    """What was said to one sample, or None where the step has no such sample."""
    found = rows(store, "reply", [step_digest, sample_id])
    return Reply(**found[0]) if found else None
