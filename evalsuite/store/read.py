"""Reads: typed values out of the store, through the queries in `queries/`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evalsuite.records import (
    Adapter,
    Comparison,
    LayerNorm,
    Measurement,
    Metric,
    Rendered,
    Reply,
    Result,
    Results,
    RuleOutcome,
    TrainingPoint,
    TrainingRecord,
    Verdict,
    by_name,
)
from evalsuite.store import Store
from evalsuite.store.query import every
from evalsuite.store.query import rows as _rows


@dataclass(frozen=True)
class SpecRun:
    """What one run planned for one spec."""

    run_id: str
    started_at: datetime
    spec: str
    plan_digest: str
    base_model: str
    base_digest: str
    adapter_digest: str | None
    method: str
    adapter_type: str | None
    reference: str | None


@dataclass(frozen=True)
class PlannedStep:
    """A step of a recorded plan, and when it was finished, if it was."""

    digest: str
    kind: str
    entry: str | None
    role: str | None
    finished_at: datetime | None
    seconds: float | None


@dataclass(frozen=True)
class TrainingFacts:
    """What is kept of a training."""

    adapter: Adapter
    tokens_seen: int
    tokens_per_second: float
    wall_seconds: float
    peak_memory_mb: float
    trained_parameters: int
    total_parameters: int
    held_out_loss: float | None
    curve: tuple[TrainingPoint, ...]
    norms: tuple[LayerNorm, ...]
    record: TrainingRecord | None


@dataclass(frozen=True)
class AskedPrompt:
    """A prompt as one step asked it."""

    role: str | None
    step: str
    digest: str
    prompt: Rendered


@dataclass(frozen=True)
class RunRow:
    """One run."""

    run_id: str
    started_at: datetime
    finished_at: datetime | None
    status: str


def finished(store: Store, digests: Sequence[str]) -> frozenset[str]:
    """Which of the steps are done; none when there is no store yet."""
    if not store.results.exists() or not digests:
        return frozenset()
    return frozenset(row["step_digest"] for row in _rows(store, "finished", [list(digests)]))


def paces(store: Store) -> dict[tuple[str, str | None, str | None], float]:
    """The median seconds of the steps ever run, by kind, entry and role; empty when there is no store yet."""
    if not store.results.exists():
        return {}
    return {(row["kind"], row["entry"], row["role"]): row["seconds"] for row in _rows(store, "paces", [])}


def trained_adapter(store: Store, step_digest: str) -> Adapter | None:
    """The adapter that a training step left, where a moved store has it now; None when the step has not run."""
    if not store.results.exists():
        return None
    rows = _rows(store, "trained_adapter", [step_digest])
    if not rows:
        return None
    noted = Path(rows[0]["path"])
    here = store.adapters / noted.name
    path = here if here.is_dir() and not noted.is_dir() else noted
    return Adapter(rows[0]["name"], path, rows[0]["adapter_digest"])


def runs(store: Store) -> list[RunRow]:
    """All runs, newest first."""
    return [RunRow(**row) for row in _rows(store, "runs", [])]


def latest_specs(store: Store) -> list[SpecRun]:
    """For each spec, what the latest run that had it planned; by name."""
    return [SpecRun(**row) for row in _rows(store, "latest_specs", [])]


def spec_of_adapter(store: Store, adapter_digest: str) -> SpecRun | None:
    """The latest run of a spec with exactly these weights, or None when there is none."""
    rows = _rows(store, "spec_of_adapter", [adapter_digest])
    return SpecRun(**rows[0]) if rows else None


def specs_of_run(store: Store, run_id: str) -> list[SpecRun]:
    """The specs of one run; by name."""
    return [SpecRun(**row) for row in _rows(store, "specs_of_run", [run_id])]


def met_last(store: Store, spec: str) -> list[tuple[str, str]] | None:
    """Pairing and opponent of each pair step against a spec in the latest run of a spec; None when it had no run."""
    if not store.results.exists():
        return None
    known, met = every(store, [("latest_specs", ()), ("met_last", [spec])])
    if spec not in {row["spec"] for row in known}:
        return None
    return [(row["entry"], row["opponent"]) for row in met]


def runs_of_adapter(store: Store, weights: str) -> list[SpecRun]:
    """What runs planned for specs whose adapter has these weights; the latest first."""
    return [SpecRun(**row) for row in _rows(store, "runs_of_adapter", [weights])]


def steps_of(store: Store, spec: SpecRun) -> list[PlannedStep]:
    """The planned steps of a spec in order."""
    return [PlannedStep(**row) for row in _rows(store, "steps_of", [spec.run_id, spec.spec])]


def steps_of_run(store: Store, run_id: str) -> list[tuple[str, PlannedStep]]:
    """The planned steps of all specs of a run, each with its spec; by spec, in order."""
    return [(row.pop("spec"), PlannedStep(**row)) for row in _rows(store, "steps_of_run", [run_id])]


def training_facts(store: Store, step_digest: str) -> TrainingFacts | None:
    """What is kept of a training step, or None when it has not run."""
    queries = ("training", "training_points", "layer_norms", "training_record")
    rows, points, norms, records = every(store, [(query, [step_digest]) for query in queries])
    if not rows:
        return None
    row = rows[0]
    return TrainingFacts(
        adapter=Adapter(row.pop("name"), Path(row.pop("path")), row.pop("adapter_digest")),
        curve=tuple(TrainingPoint(**point) for point in points),
        norms=tuple(LayerNorm(**norm) for norm in norms),
        # Trainings of an older evalsuite have none.
        record=_record(**records[0]) if records else None,
        **row,
    )


def _record(data: str, versions: str, **fields: Any) -> TrainingRecord:
    return TrainingRecord(data=json.loads(data), versions=json.loads(versions), **fields)


def errors_of(store: Store, run_id: str) -> list[tuple[str, str]]:
    """The specs of a run that could not be carried through, and why."""
    return [(row["spec"], row["error"]) for row in _rows(store, "run_errors", [run_id])]


def document_of(store: Store, spec: SpecRun) -> Mapping[str, Any]:
    """The spec as it was resolved when it was planned."""
    found: Mapping[str, Any] = json.loads(_rows(store, "spec_document", [spec.run_id, spec.spec])[0]["document"])
    return found


def environment_of(store: Store, run_id: str) -> Mapping[str, Any]:
    """Versions and machine of a run."""
    found: Mapping[str, Any] = json.loads(_rows(store, "environment", [run_id])[0]["environment"])
    return found


def aggregates_of(store: Store, step_digests: Sequence[str]) -> list[Result]:
    """The aggregates of the steps, without their samples."""
    return [Result(**row) for row in _rows(store, "results", [list(step_digests)])]


def results_of(store: Store, subject: str, step_digests: Sequence[str]) -> Results:
    """Aggregates and per-sample scores of the steps; unscored samples are left out of the scores."""
    digests = [list(step_digests)]
    by_metric = {result.metric: result for result in aggregates_of(store, step_digests)}
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    slices: dict[str, dict[str, str]] = defaultdict(dict)
    for row in _rows(store, "scores", digests):
        if row["value"] is not None:
            scores[row["metric"]][row["sample_id"]] = row["value"]
        if row["group"] is not None:
            groups[row["metric"]][row["sample_id"]] = row["group"]
        if row["weight"] is not None:
            weights[row["metric"]][row["sample_id"]] = row["weight"]
        if row["subject"] is not None:
            slices[row["metric"]][row["sample_id"]] = row["subject"]
    metrics = by_name(metrics_of(store, step_digests))
    return Results(subject, by_metric, dict(scores), dict(groups), dict(weights), metrics, dict(slices))


def metrics_of(store: Store, step_digests: Sequence[str]) -> list[Metric]:
    """What the figures of the steps are, as those declared it who yielded them."""
    return [Metric(**row) for row in _rows(store, "metrics", [list(step_digests)])]


def measured_on(store: Store, step_digests: Sequence[str]) -> dict[str, Measurement]:
    """What each figure of the steps was measured on; left out where an older evalsuite did not keep it."""
    found = _rows(store, "measured_on", [list(step_digests)])
    return {row["metric"]: Measurement(row["measured"], tuple(row["words"]), row["entry"]) for row in found}


def comparisons_of(store: Store, step_digests: Sequence[str]) -> list[Comparison]:
    """The paired differences of the steps; by metric."""
    return [Comparison(**row) for row in _rows(store, "comparisons", [list(step_digests)])]


def replies_of(store: Store, step_digest: str) -> list[Reply]:
    """The replies of one step; by sample."""
    return [Reply(**row) for row in _rows(store, "replies", [step_digest])]


def prompts_asked(store: Store, entry: str, sample: str) -> list[AskedPrompt]:
    """How a sample of an entry was asked, the latest step first; empty when it never was."""
    return [
        AskedPrompt(row["role"], row["step_digest"], row["prompt_digest"], _rendered(row))
        for row in _rows(store, "prompts_asked", [entry, sample])
    ]


def samples_asked(store: Store) -> dict[str, list[str]]:
    """The samples whose prompts are kept, by entry."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in _rows(store, "samples_asked", []):
        found[row["entry"]].append(row["sample_id"])
    return dict(found)


def verdict_of(store: Store, step_digest: str) -> Verdict | None:
    """The verdict of a decide step, or None when it has not run."""
    outcomes = _rows(store, "rule_outcomes", [step_digest])
    rows = _rows(store, "verdict", [step_digest])
    if not rows:
        return None
    row = rows[0]
    return Verdict(row["answer"], row["policy"], tuple(RuleOutcome(**found) for found in outcomes), row["baseline"])


def _rendered(row: dict[str, Any]) -> Rendered:
    return Rendered(row["text"], tuple(row["tokens"]), tuple(row["pieces"]))
