"""The leaderboard: every spec's latest results beside each other, the base model among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fnmatch import fnmatch

from evalsuite.errors import NotFound
from evalsuite.records import Answer, Comparison, Metric, Result, RuleOutcome, metric_of
from evalsuite.report.figures import figure, stacked, way
from evalsuite.report.table import Table
from evalsuite.store import Store
from evalsuite.store.board import Entry, Training, entries

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
    changes: Mapping[str, Comparison] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    started_at: datetime | None = None
    training: Training | None = None

    @property
    def is_base(self) -> bool:
        """Whether this is the base model as it is."""
        return self.spec == f"({self.base_model})"

    @property
    def head(self) -> tuple[str, str, str]:
        """Name, method with the adapter's type, and verdict, as tables show them."""
        method = f"{self.method} {self.adapter_type}" if self.adapter_type else self.method
        return self.spec, method, self.verdict or "–"


@dataclass(frozen=True)
class Filter:
    """Which adapters a person wants to see; what is empty does not choose."""

    methods: Collection[str] = ()
    base_models: Collection[str] = ()
    tags: Collection[str] = ()
    since: date | None = None

    def keeps(self, row: Row) -> bool:
        """Whether an adapter is among them; base models come with their adapters."""
        if row.is_base:
            return not (self.methods or self.base_models or self.tags or self.since)
        return (
            (not self.methods or row.method in self.methods)
            and (not self.base_models or row.base_model in self.base_models)
            and (not self.tags or bool(set(self.tags) & set(row.tags)))
            and (self.since is None or (row.started_at is not None and row.started_at.date() >= self.since))
        )


@dataclass(frozen=True)
class Leaderboard:
    """Rows by spec, the metrics that they have, and what each of these is."""

    metrics: tuple[str, ...]
    rows: tuple[Row, ...]
    declared: Mapping[str, Metric] = field(default_factory=dict)

    def metric(self, name: str) -> Metric:
        """What a metric is; one that nobody declared is a detail of which neither way is better."""
        return metric_of(self.declared, name)

    def where(self, conditions: Sequence[str]) -> Leaderboard:
        """The rows that fit every `field=pattern`; raises NotFound for a field that rows do not have."""
        rows = self.rows
        for condition in conditions:
            field, _, pattern = condition.partition("=")
            if field not in ("spec", "base_model", "method", "adapter_type", "verdict") or not pattern:
                raise NotFound(f"--where {condition}: write spec|base_model|method|adapter_type|verdict=PATTERN")
            rows = tuple(row for row in rows if fnmatch(str(getattr(row, field)), pattern))
        return replace(self, rows=rows)

    def only(self, chosen: Filter) -> Leaderboard:
        """The rows that a filter keeps, each base beside its adapters; an empty filter keeps all."""
        kept = {row.spec: row.base_model for row in self.rows if chosen.keeps(row)}
        bases = set(kept.values())
        rows = [row for row in self.rows if row.spec in kept or (row.is_base and row.base_model in bases)]
        return replace(self, rows=tuple(rows))

    def sorted_by(self, metric: str) -> Leaderboard:
        """The rows by one metric, best first, or the highest first where neither way is better.

        Raises NotFound with the metrics that there are.
        """
        if metric not in self.metrics:
            raise NotFound(f"no metric {metric!r}; there are: {', '.join(self.metrics) or 'none'}")
        sign = 1 if self.metric(metric).direction == "lower" else -1
        return replace(self, rows=tuple(sorted(self.rows, key=lambda row: _rank(row, metric, sign))))

    def order(self, metric: str) -> str:
        """How `sorted_by` puts the rows, in a sentence."""
        its = self.metric(metric)
        return f"sorted by {metric}, {'highest' if its.direction == 'neither' else 'best'} first: {way(its)}"

    @property
    def headline(self) -> tuple[str, ...]:
        """The metrics that tables show at once; `--details` and a spec's own page show the others."""
        return tuple(
            name for name in self.metrics if self.metric(name).place == "headline" and not self.metric(name).is_slice
        )

    def table(self, *, details: bool = False, metrics: Sequence[str] = ()) -> Table:
        """The leaderboard as a table of these metrics; without any, the headline ones or (`details`) all."""
        columns = tuple(metrics) or (self.metrics if details else self.headline)
        rows = [(*row.head, *(figure(row.results.get(metric)) for metric in columns)) for row in self.rows]
        return Table(("spec", "method", "verdict", *columns), tuple(rows))

    def screen(self, *, details: bool = False) -> Table:
        """The same in narrow columns for a terminal: each cell has two lines, value over interval."""
        metrics = self.metrics if details else self.headline
        heads = ("spec", "verdict", *(_stacked_name(name, self.metric(name)) for name in metrics))
        rows = []
        for row in self.rows:
            spec, method, verdict = row.head
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
                *(self.metric(metric).direction, self.metric(metric).unit),
            )
            for row in self.rows
            for metric, result in row.results.items()
        ]
        return Table((*heads, *fields, "direction", "unit"), tuple(rows))


def leaderboard(store: Store) -> Leaderboard:
    """The latest results of every spec, verdicts first; raises StoreError when there are none."""
    found = entries(store)
    bases: dict[str, Row] = {}
    for entry in found:
        known = bases.get(entry.base_model)
        # Suites of several sizes ask one base; the figure that rests on most samples speaks for it.
        before = known.results if known else {}
        merged = {**before, **{m: r for m, r in entry.base.items() if m not in before or r.n >= before[m].n}}
        if not merged:
            continue  # judgments that were imported have no base model beside them
        bases[entry.base_model] = Row(f"({entry.base_model})", entry.base_model, "base", None, None, merged)
    metrics = {metric: None for entry in found for metric in entry.results}
    ordered = sorted((_row(entry) for entry in found), key=lambda row: (_ORDER[row.verdict], row.spec))
    what = {name: metric for entry in found for name, metric in entry.metrics.items()}
    return Leaderboard(tuple(metrics), (*ordered, *bases.values()), what)


def _row(entry: Entry) -> Row:
    return Row(
        entry.spec,
        entry.base_model,
        entry.method,
        entry.adapter_type,
        entry.answer,
        entry.results,
        entry.outcomes,
        changes={change.metric: change for change in entry.changes if change.baseline == "base"},
        tags=entry.tags,
        started_at=entry.started_at,
        training=entry.training,
    )


def _rank(row: Row, metric: str, sign: int) -> tuple[bool, float]:
    result = row.results.get(metric)
    value = result.value if result is not None else None
    return (value is None, sign * (value or 0.0))


def _stacked_name(name: str, metric: Metric) -> str:
    """A metric's name on two narrow lines, its entry's over the rest."""
    rest = name.removesuffix(metric.short)
    return f"{rest}\n{metric.short}" if rest else name
