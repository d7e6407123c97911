"""The latest of every spec, read at once: results, verdicts of all runs, styles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from evalsuite.records import UNKNOWN, Answer, Comparison, Measurement, Metric, Result, RuleOutcome, by_name
from evalsuite.store import Store
from evalsuite.store.connect import reading
from evalsuite.store.query import Rows, every, rows

_FIELDS = ("spec", "base_model", "role", "kind", "step", "metric")
# The kinds of step that ask base and candidate the same.
_OF_BOTH = ("score", "probe")


@dataclass(frozen=True, slots=True)
class MeasuredMetric:
    """A figure of a step of a spec's latest run, and what it was measured on; `role` says of whom, if of anybody."""

    spec: str
    base_model: str
    role: str | None
    kind: str
    step: str
    metric: str
    measurement: Measurement


def measured_metrics(store: Store) -> list[MeasuredMetric]:
    """Every figure of every spec's latest run, by spec and in the order of its steps."""
    found, words = every(store, [("measured_metrics", ()), ("measurement_words", ())])
    told = {row["measured"]: Measurement(row["measured"], tuple(row["words"])) for row in words}
    of_spec: dict[str, Rows] = {}
    for row in found:
        of_spec.setdefault(row["spec"], []).append(row)
    return [one for rows in of_spec.values() for one in _of_spec(rows, told)]


def _of_spec(found: Rows, told: Mapping[str, Measurement]) -> list[MeasuredMetric]:
    """The figures of one spec, each with its measurement or what stands in for it."""
    known: dict[tuple[str, str], Measurement] = {}
    sizes: dict[tuple[str, str], int] = {}
    for row in found:
        key = row["kind"], row["step_entry"]
        sizes[key] = max(sizes.get(key, 0), row["size"] or 0)
        if row["measured"] and row["kind"] in _OF_BOTH:
            known[key] = told[row["measured"]]

    def measurement(row: dict[str, Any]) -> Measurement:
        if row["measured"]:
            return told[row["measured"]]
        # A step about all entries was measured on what the figure's own entry was.
        of = row["step_entry"] or row["entry"]
        keys = [(kind, of) for kind in ((row["kind"],) if row["step_entry"] else _OF_BOTH)]
        return next((known[key] for key in keys if key in known), None) or _counted(max(sizes.get(k, 0) for k in keys))

    return [MeasuredMetric(**{name: row[name] for name in _FIELDS}, measurement=measurement(row)) for row in found]


def _counted(samples: int) -> Measurement:
    if not samples:
        return UNKNOWN
    return Measurement(f"of {samples} samples", (f"{samples:,} samples", "kept by an older evalsuite"))


_QUERIES = ("board_specs", "board_results", "board_changes", "board_verdicts", "board_trainings", "board_metrics")


@dataclass(frozen=True)
class TrainingCost:
    """What a training cost: seconds and parameters."""

    wall_seconds: float
    trained_parameters: int
    total_parameters: int


@dataclass(frozen=True)
class Entry:
    """What the store knows of one spec's latest run, without its samples.

    `base` are the results of what it is compared with, which people call `reference`: its base model, as a rule.
    `measured` says what each metric was measured on, of the candidate and of the base that was asked the same.
    """

    run_id: str
    started_at: datetime
    spec: str
    base_model: str
    adapter_digest: str | None
    method: str
    adapter_type: str | None
    tags: tuple[str, ...]
    results: Mapping[str, Result] = field(default_factory=dict)
    base: Mapping[str, Result] = field(default_factory=dict)
    changes: tuple[Comparison, ...] = ()
    policy: str | None = None
    answer: Answer | None = None
    outcomes: tuple[RuleOutcome, ...] = ()
    training: TrainingCost | None = None
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    measured: Mapping[str, Measurement] = field(default_factory=dict)
    reference: str = ""


def adapters(store: Store) -> list[tuple[str, str]]:
    """The name and the base model of every spec, in the order of the leaderboard; much less than `entries` reads."""
    return [(row["spec"], row["base_model"]) for row in rows(store, "adapters")]


def entries(store: Store) -> list[Entry]:
    """Every spec's latest run, by name; raises StoreError when there is no store yet."""
    with reading(store):
        specs, results, changes, verdicts, trainings, declared = every(store, [(query, ()) for query in _QUERIES])
        measured = _measured(measured_metrics(store))
    of_base = _by_spec([row for row in results if row["role"] == "base"])
    of_candidate = _by_spec([row for row in results if row["role"] == "candidate"])
    named = _by_spec(declared)
    compared, decided, trained = _by_spec(changes), _by_spec(verdicts), _by_spec(trainings)
    return [
        Entry(
            **{**spec, "tags": tuple(spec["tags"])},
            results=_results(of_candidate[spec["spec"]]),
            base=_results(of_base[spec["spec"]]),
            changes=tuple(Comparison(**row) for row in compared[spec["spec"]]),
            **_verdict(decided[spec["spec"]]),
            metrics=by_name(Metric(**row) for row in named[spec["spec"]]),
            measured=measured[spec["spec"]],
            training=next((TrainingCost(**row) for row in trained[spec["spec"]]), None),
        )
        for spec in specs
    ]


def _measured(found: list[MeasuredMetric]) -> defaultdict[str, dict[str, Measurement]]:
    """What each spec's metrics were measured on: the candidate's step says it where both roles have the metric."""
    named: defaultdict[str, dict[str, Measurement]] = defaultdict(dict)
    for one in sorted(found, key=lambda one: one.role == "candidate"):
        named[one.spec][one.metric] = one.measurement
    return named


def _results(found: Rows) -> dict[str, Result]:
    return {row["metric"]: Result(**{key: row[key] for key in row if key != "role"}) for row in found}


def _verdict(found: Rows) -> dict[str, Any]:
    if not found:
        return {}
    policy, answer = found[0]["policy"], found[0]["answer"]
    outcomes = [
        RuleOutcome(answer=row.pop("found"), **{key: row[key] for key in row if key not in ("policy", "answer")})
        for row in found
        if row["rule"] is not None
    ]
    return {"policy": policy, "answer": answer, "outcomes": tuple(outcomes)}


def _by_spec(found: Rows) -> defaultdict[str, Rows]:
    grouped: defaultdict[str, Rows] = defaultdict(list)
    for row in found:
        grouped[row.pop("spec")].append(row)
    return grouped


@dataclass(frozen=True)
class PastVerdict:
    """One spec's verdict in one run; `step_digest` is that of the step that decided."""

    run_id: str
    started_at: datetime
    spec: str
    adapter_digest: str | None
    step_digest: str
    policy: str
    baseline: str
    answer: Answer


def past_verdicts(store: Store) -> list[PastVerdict]:
    """Every verdict of every run, newest run first; raises StoreError when there is no store yet."""
    return [PastVerdict(**row) for row in rows(store, "verdict_history")]


@dataclass(frozen=True)
class StyleFigure:
    """A score of base, candidate or author, of the whole rubric or of one criterion, or the candidate's fidelity."""

    spec: str
    base_model: str
    entry: str
    role: str
    kind: Literal["score", "compare"]
    step: str
    result: Result


def style_figures(store: Store) -> list[StyleFigure]:
    """Every figure of every judged set with an author, by entry and spec; raises StoreError without a store."""
    found = []
    for row in rows(store, "styles"):
        about = {key: row.pop(key) for key in ("spec", "base_model", "entry", "role", "kind", "step")}
        found.append(StyleFigure(**about, result=Result(**row)))
    return found
