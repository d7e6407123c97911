"""The latest results of every spec, read at once: what the leaderboard is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evalsuite.records import Answer, Comparison, Metric, Result, RuleOutcome, by_name
from evalsuite.store import Store
from evalsuite.store.rows import Rows, every, rows

_QUERIES = ("board_specs", "board_results", "board_changes", "board_verdicts", "board_trainings", "board_metrics")


@dataclass(frozen=True)
class Training:
    """What a training cost: seconds and parameters."""

    wall_seconds: float
    trained_parameters: int
    total_parameters: int


@dataclass(frozen=True)
class Entry:
    """What the store knows of one spec's latest run, without its samples; `probed` are the metrics of asking probes.

    `base` are the results of what it is compared with, which people call `reference`: its base model, as a rule.
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
    training: Training | None = None
    probed: frozenset[str] = frozenset()
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    reference: str = ""


def adapters(store: Store) -> list[tuple[str, str]]:
    """The name and the base model of every spec, in the order of the leaderboard; much less than `entries` reads."""
    return [(row["spec"], row["base_model"]) for row in rows(store, "adapters")]


def entries(store: Store) -> list[Entry]:
    """Every spec's latest run, by name; raises StoreError when there is no store yet."""
    specs, results, changes, verdicts, trainings, declared = every(store, [(query, ()) for query in _QUERIES])
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
            probed=frozenset(row["metric"] for row in of_candidate[spec["spec"]] if row["kind"] == "probe"),
            metrics=by_name(Metric(**row) for row in named[spec["spec"]]),
            training=next((Training(**row) for row in trained[spec["spec"]]), None),
        )
        for spec in specs
    ]


def _results(found: Rows) -> dict[str, Result]:
    return {row["metric"]: Result(**{key: row[key] for key in row if key not in ("role", "kind")}) for row in found}


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
