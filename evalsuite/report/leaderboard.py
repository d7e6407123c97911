"""The leaderboard: every spec's latest results beside each other, the base model among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from evalsuite.errors import NotFound
from evalsuite.records import Answer, Result, RuleOutcome
from evalsuite.report.figures import figure, stacked
from evalsuite.report.table import Table
from evalsuite.store import Store, read

_ORDER: Mapping[str | None, int] = {"pass": 0, "undecided": 1, "invalid": 2, "fail": 3, None: 4}


@dataclass(frozen=True)
class Row:
    """One spec, or the base model as it is."""

    spec: str
    base_model: str
    method: str
    adapter_type: str | None
    verdict: Answer | None
    results: Mapping[str, Result]
    outcomes: tuple[RuleOutcome, ...] = ()

    @property
    def is_base(self) -> bool:
        """Whether this is the base model as it is."""
        return self.spec == f"({self.base_model})"


@dataclass(frozen=True)
class Leaderboard:
    """Rows by spec and the metrics that they have."""

    metrics: tuple[str, ...]
    rows: tuple[Row, ...]

    def where(self, conditions: Sequence[str]) -> Leaderboard:
        """The rows that fit every `field=pattern`; raises NotFound for a field that rows do not have."""
        rows = self.rows
        for condition in conditions:
            field, _, pattern = condition.partition("=")
            if field not in ("spec", "base_model", "method", "adapter_type", "verdict") or not pattern:
                raise NotFound(f"--where {condition}: write spec|base_model|method|adapter_type|verdict=PATTERN")
            rows = tuple(row for row in rows if fnmatch(str(getattr(row, field)), pattern))
        return Leaderboard(self.metrics, rows)

    def only(self, *, methods: Collection[str] = (), base_models: Collection[str] = ()) -> Leaderboard:
        """The rows of these methods and base models, each base beside its adapters; naming none keeps all."""
        kept = {
            row.spec: row.base_model
            for row in self.rows
            if (not methods or row.method in methods) and (not base_models or row.base_model in base_models)
        }
        bases = set(kept.values())
        rows = [row for row in self.rows if row.spec in kept or (row.is_base and row.base_model in bases)]
        return Leaderboard(self.metrics, tuple(rows))

    def sorted_by(self, metric: str) -> Leaderboard:
        """The rows by one metric, best first; raises NotFound with the metrics that there are."""
        if metric not in self.metrics:
            raise NotFound(f"no metric {metric!r}; there are: {', '.join(self.metrics) or 'none'}")
        return Leaderboard(self.metrics, tuple(sorted(self.rows, key=lambda row: _rank(row, metric))))

    @property
    def headline(self) -> tuple[str, ...]:
        """The metrics without parts of others (`style.score.premises` is of `style.score`) and without overlaps."""
        parts = {m for m in self.metrics for other in self.metrics if m.startswith(f"{other}.")}
        return tuple(m for m in self.metrics if m not in parts and not m.startswith("overlap."))

    def table(self, *, details: bool = False) -> Table:
        """The leaderboard as a table; `details` shows every metric."""
        metrics = self.metrics if details else self.headline
        rows = [(*_head(row), *(figure(row.results.get(metric)) for metric in metrics)) for row in self.rows]
        return Table(("spec", "method", "verdict", *metrics), tuple(rows))

    def screen(self, *, details: bool = False) -> Table:
        """The same in narrow columns for a terminal: each cell has two lines, value over interval."""
        metrics = self.metrics if details else self.headline
        heads = ("spec", "verdict", *(metric.replace(".", ".\n", 1) for metric in metrics))
        rows = []
        for row in self.rows:
            spec, method, verdict = _head(row)
            rows.append((f"{spec}\n{method}", verdict, *(stacked(row.results.get(metric)) for metric in metrics)))
        return Table(heads, tuple(rows))

    def figures(self) -> Table:
        """Every figure on a row of its own with its interval and count, for other programs."""
        heads = ("spec", "base_model", "method", "adapter_type", "verdict", "metric")
        fields = ("value", "low", "high", "n", "unscored", "reason")
        rows = [
            (
                *(row.spec, row.base_model, row.method, row.adapter_type, row.verdict, metric),
                *(getattr(result, field) for field in fields),
            )
            for row in self.rows
            for metric, result in row.results.items()
        ]
        return Table((*heads, *fields), tuple(rows))


def leaderboard(store: Store) -> Leaderboard:
    """The latest results of every spec, verdicts first; raises StoreError when there are none."""
    rows: dict[str, Row] = {}
    bases: dict[str, Row] = {}
    for spec in read.latest_specs(store):
        steps = read.steps_of(store, spec)
        decided = [step.digest for step in steps if step.kind == "decide"]
        verdict = read.verdict_of(store, decided[0]) if decided else None
        own = [step.digest for step in steps if step.role == "candidate"]
        results = read.results_of(store, spec.spec, own).by_metric
        answer = verdict.answer if verdict else None
        outcomes = verdict.outcomes if verdict else ()
        rows[spec.spec] = Row(spec.spec, spec.base_model, spec.method, spec.adapter_type, answer, results, outcomes)
        base = read.results_of(store, "base", [step.digest for step in steps if step.role == "base"]).by_metric
        known = bases.get(spec.base_model)
        merged = {**(known.results if known else {}), **base}
        bases[spec.base_model] = Row(f"({spec.base_model})", spec.base_model, "base", None, None, merged)
    metrics = {metric: None for row in rows.values() for metric in row.results}
    ordered = sorted(rows.values(), key=lambda row: (_ORDER[row.verdict], row.spec))
    return Leaderboard(tuple(metrics), (*ordered, *bases.values()))


def _head(row: Row) -> tuple[str, str, str]:
    method = f"{row.method} {row.adapter_type}" if row.adapter_type else row.method
    return row.spec, method, row.verdict or "–"


def _rank(row: Row, metric: str) -> tuple[bool, float]:
    result = row.results.get(metric)
    value = result.value if result is not None else None
    return (value is None, -(value or 0.0))
