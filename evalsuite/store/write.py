"""Writes: each function is one short transaction that can be repeated without harm."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evalsuite.data.digest import digest
from evalsuite.records import Measurement, Outcome, Training, TrainingRecord, Verdict
from evalsuite.store import Store
from evalsuite.store.connect import writing
from evalsuite.store.query import METRIC_COLUMNS, metric_rows, upsert

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_OF_SPEC = (
    "run_id", "spec", "plan_digest", "document", "base_model", "base_digest", "adapter_digest", "method",
    "adapter_type", "reference",
)  # fmt: skip


@dataclass(frozen=True)
class StepRow:
    """A step as the store knows it."""

    digest: str
    kind: str
    entry: str | None
    role: str | None
    judging: tuple[str, str, str, str] | None = None
    opponent: tuple[str, str, str, str | None] | None = None
    measured: tuple[Measurement, ...] = ()
    # Whom a pair step meets, as the suite names them or, in a round of all, by the spec's name.
    meets: str | None = None


@dataclass(frozen=True)
class SpecRow:
    """What a run planned for one spec."""

    name: str
    plan_digest: str
    document: Mapping[str, Any]
    base_model: str
    base_digest: str
    adapter_digest: str | None
    method: str
    adapter_type: str | None
    steps: tuple[StepRow, ...]
    reference: str | None = None


def start_run(store: Store, run_id: str, environment: Mapping[str, Any]) -> None:
    """Record that a run began; runs of processes that are gone are marked as interrupted."""
    with writing(store) as connection:
        for other, process in connection.execute(
            "SELECT run_id, process FROM runs WHERE status = 'running'"
        ).fetchall():
            if not _alive(process):
                connection.execute("UPDATE runs SET status = 'interrupted' WHERE run_id = ?", [other])
        connection.execute(
            "INSERT INTO runs VALUES (?, ?, NULL, 'running', ?, ?)",
            [run_id, _now(), os.getpid(), json.dumps(environment)],
        )


def finish_run(store: Store, run_id: str, status: str) -> None:
    """Record how a run ended: finished, failed or interrupted."""
    with writing(store) as connection:
        connection.execute("UPDATE runs SET status = ?, finished_at = ? WHERE run_id = ?", [status, _now(), run_id])


def save_errors(store: Store, run_id: str, errors: Sequence[tuple[str, str]]) -> None:
    """Record which specs of a run could not be carried through, and why."""
    with writing(store) as connection:
        rows = [(run_id, spec, error) for spec, error in errors]
        upsert(connection, "run_errors", ("run_id", "spec", "error"), rows)


def save_plan(store: Store, run_id: str, specs: Sequence[SpecRow]) -> None:
    """Record what a run planned for its specs, replacing what it planned for them before."""
    with writing(store) as connection:
        for spec in specs:
            connection.execute("DELETE FROM run_steps WHERE run_id = ? AND spec = ?", [run_id, spec.name])
            row = (
                run_id, spec.name, spec.plan_digest, json.dumps(spec.document), spec.base_model,
                spec.base_digest, spec.adapter_digest, spec.method, spec.adapter_type, spec.reference,
            )  # fmt: skip
            upsert(connection, "run_specs", _OF_SPEC, [row])
            rows = [
                (run_id, spec.name, ordinal, step.digest, step.kind, step.entry, step.role, step.meets)
                for ordinal, step in enumerate(spec.steps)
            ]
            columns = ("run_id", "spec", "ordinal", "step_digest", "kind", "entry", "role", "opponent")
            upsert(connection, "run_steps", columns, rows)
            # Of steps that are done as well: a store of an older evalsuite learns here what they measured.
            measured = [
                (step.digest, its.entry, its.digest, list(its.words))
                for step in spec.steps
                for its in step.measured
                if step.digest
            ]
            upsert(connection, "measurements", ("step_digest", "entry", "measured", "words"), measured)


def save_outcome(store: Store, step: StepRow, outcome: Outcome, *, seconds: float, seed: int | None) -> None:
    """Keep all that a step of scoring yielded, and that the step is done.

    Raises EvalsuiteError for a figure that nobody declared.
    """
    outcome.check_declared(by=step.entry or step.kind)
    key = step.digest
    tables: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
        "replies": (
            "sample_id prompt text target group note subject",
            [(key, r.sample_id, r.prompt, r.text, r.target, r.group, r.note, r.subject) for r in outcome.replies],
        ),
        "scores": (
            "metric sample_id value reason weight",
            [(key, s.metric, s.sample_id, s.value, s.reason, s.weight) for s in outcome.scores],
        ),
        "results": (
            "metric value low high n unscored reason detail",
            [(key, r.metric, r.value, r.low, r.high, r.n, r.unscored, r.reason, r.detail) for r in outcome.results],
        ),
        "comparisons": (
            "metric baseline difference low high p_value n gained lost",
            [
                (key, c.metric, c.baseline, c.difference, c.low, c.high, c.p_value, c.n, c.gained, c.lost)
                for c in outcome.comparisons
            ],
        ),
    }
    tables["metrics"] = (" ".join(METRIC_COLUMNS[1:]), metric_rows(key, outcome.metrics))
    prompts = {sample: (digest(found.text, found.tokens), found) for sample, found in outcome.rendered.items()}
    tables["prompts_asked"] = ("sample_id prompt_digest", [(key, sample, of) for sample, (of, _) in prompts.items()])
    texts = {of: (of, found.text, list(found.tokens), list(found.pieces)) for of, found in prompts.values()}
    with writing(store) as connection:
        upsert(connection, "prompts", ("prompt_digest", "text", "tokens", "pieces"), list(texts.values()))
        for table, (columns, rows) in tables.items():
            upsert(connection, table, ("step_digest", *columns.split()), rows)
        if outcome.judging.calls:
            its = outcome.judging
            row = [key, its.calls, its.prompt_tokens, its.tokens, its.money]
            connection.execute("INSERT OR REPLACE INTO judging_costs VALUES (?, ?, ?, ?, ?)", row)
        _done(connection, step, seconds=seconds, seed=seed)


def save_training(
    store: Store,
    step: StepRow,
    training: Training,
    *,
    seconds: float,
    seed: int | None = None,
    record: TrainingRecord | None = None,
) -> None:
    """Keep the facts of a training, what it was made of, and that the step is done."""
    adapter, key = training.adapter, step.digest
    with writing(store) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO trainings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                key, adapter.digest, adapter.name, str(adapter.path), training.tokens_seen,
                training.tokens_per_second, training.wall_seconds, training.peak_memory_mb,
                training.trained_parameters, training.total_parameters, training.held_out_loss,
            ],
        )  # fmt: skip
        if record is not None:
            connection.execute(
                "INSERT OR REPLACE INTO training_records VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    key, record.seed, record.base_digest, record.built_on, json.dumps(dict(record.data)),
                    json.dumps(dict(record.versions)), record.money, record.watt_hours,
                ],
            )  # fmt: skip
        norms = [(key, norm.layer, norm.update, norm.base) for norm in training.norms]
        upsert(connection, "layer_norms", ("step_digest", "layer", "update_norm", "base_norm"), norms)
        points = [(key, point.step, point.loss, point.held_out_loss) for point in training.curve]
        upsert(connection, "training_points", ("step_digest", "step", "loss", "held_out_loss"), points)
        _done(connection, step, seconds=seconds, seed=record.seed if record else seed)


def save_verdict(store: Store, step: StepRow, verdict: Verdict, *, done: bool = True) -> None:
    """Keep a verdict with the outcome of each rule; `done` says that the step need not run again."""
    with writing(store) as connection:
        connection.execute("DELETE FROM rule_outcomes WHERE step_digest = ?", [step.digest])
        row = [step.digest, verdict.policy, verdict.answer, verdict.baseline]
        connection.execute("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?)", row)
        rows = [
            (step.digest, ordinal, o.rule, o.metric, o.answer, o.sentence, o.value, o.low, o.high, o.n,
             o.severity, o.p_value, o.needed, o.money)
            for ordinal, o in enumerate(verdict.outcomes)
        ]  # fmt: skip
        columns = (
            "step_digest", "ordinal", "rule", "metric", "answer", "sentence", "value", "low", "high", "n",
            "severity", "p_value", "needed", "money",
        )  # fmt: skip
        upsert(connection, "rule_outcomes", columns, rows)
        if done:
            _done(connection, step, seconds=0.0, seed=None)


def save_step(store: Store, step: StepRow, *, seconds: float) -> None:
    """Keep that a step without figures of its own is done."""
    with writing(store) as connection:
        _done(connection, step, seconds=seconds, seed=None)


def _done(connection: DuckDBPyConnection, step: StepRow, *, seconds: float, seed: int | None) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?)",
        [step.digest, step.kind, step.entry, step.role, _now(), seconds, seed],
    )
    if step.judging is not None:
        connection.execute("INSERT OR REPLACE INTO judgings VALUES (?, ?, ?, ?, ?)", [step.digest, *step.judging])
    if step.opponent is not None:
        connection.execute("INSERT OR REPLACE INTO opponents VALUES (?, ?, ?, ?, ?)", [step.digest, *step.opponent])


def _now() -> datetime:
    # DuckDB's zoned timestamps need another package to be read back; the store keeps plain UTC.
    return datetime.now(UTC).replace(tzinfo=None)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
