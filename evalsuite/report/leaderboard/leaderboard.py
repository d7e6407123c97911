"""The leaderboard: every spec's latest results beside each other, the base model among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fnmatch import fnmatch
from typing import TypeVar

from evalsuite.errors import NotFound
from evalsuite.records import UNKNOWN, Answer, Comparison, Measurement, Metric, Result, RuleOutcome, marks, metric_of
from evalsuite.report.tables import BASE, Table, figure, stacked, way
from evalsuite.store import Store
from evalsuite.store.board import Entry, TrainingCost, entries

# Columns by the name of their metric and the digest of what it was measured on.
Named = Mapping[tuple[str, str], str]
R = TypeVar("R")

_ORDER: Mapping[str | None, int] = {"pass": 0, "undecided": 1, "invalid": 2, "fail": 3, None: 4}


@dataclass(frozen=True)
class Column:
    """A metric as it was measured; `mark` tells it from the same metric measured differently, and is empty without."""

    metric: Metric
    measurement: Measurement = UNKNOWN
    mark: str = ""

    @property
    def name(self) -> str:
        """The metric's name, with the mark behind it."""
        return f"{self.metric.name} ({self.mark})" if self.mark else self.metric.name

    @property
    def key(self) -> tuple[str, str]:
        """The metric's name and the digest of what it was measured on: what must be the same to be compared."""
        return self.metric.name, self.measurement.digest

    @property
    def stacked(self) -> str:
        """The same on narrow lines: its entry's name, the rest, the mark."""
        return "\n".join(
            part for part in (self.metric.before, self.metric.short, self.mark and f"({self.mark})") if part
        )


@dataclass(frozen=True)
class LeaderboardRow:
    """One spec, or the base model as it is: results and changes by column; `reference` is what it is compared with."""

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
    training: TrainingCost | None = None
    reference: str = ""

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
class RowFilter:
    """Which adapters a person wants to see; what is empty does not choose."""

    methods: Collection[str] = ()
    base_models: Collection[str] = ()
    tags: Collection[str] = ()
    since: date | None = None

    def keeps(self, row: LeaderboardRow) -> bool:
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
    """Rows by spec, and the columns that they have: a metric measured in several ways has several."""

    columns: Mapping[str, Column]
    rows: tuple[LeaderboardRow, ...]

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(self.columns)

    @property
    def declared(self) -> Mapping[str, Metric]:
        """What each column's metric is."""
        return {name: column.metric for name, column in self.columns.items()}

    def metric(self, name: str) -> Metric:
        """What a column's metric is."""
        return self.columns[name].metric

    @property
    def named(self) -> Named:
        """The columns by metric and measurement."""
        return {its.key: name for name, its in self.columns.items()}

    def apart(self) -> list[str]:
        """Which metrics were measured in several ways, and how each: a sentence for each way of each entry."""
        told = {
            (its.metric.entry or name, its.mark): f"{its.metric.entry or name} ({its.mark}): {its.measurement.sentence}"
            for name, its in self.columns.items()
            if its.mark and its.measurement.words
        }
        return list(told.values())

    def where(self, conditions: Sequence[str]) -> Leaderboard:
        """The rows that fit every `field=pattern`; raises NotFound for a field that rows do not have."""
        rows = self.rows
        for condition in conditions:
            field, _, pattern = condition.partition("=")
            if field not in ("spec", "base_model", "method", "adapter_type", "verdict") or not pattern:
                raise NotFound(f"--where {condition}: write spec|base_model|method|adapter_type|verdict=PATTERN")
            rows = tuple(row for row in rows if fnmatch(str(getattr(row, field)), pattern))
        return replace(self, rows=rows)

    def only(self, chosen: RowFilter) -> Leaderboard:
        """The rows that a filter keeps, each base beside its adapters; an empty filter keeps all."""
        kept = {row.spec: row.reference for row in self.rows if chosen.keeps(row)}
        bases = set(kept.values())
        rows = [row for row in self.rows if row.spec in kept or (row.is_base and row.base_model in bases)]
        return replace(self, rows=tuple(rows))

    def sorted_by(self, metric: str) -> Leaderboard:
        """The rows by one metric, best first, or the highest first where neither way is better.

        Raises NotFound with the metrics that there are, or with the ways in which this one was measured.
        """
        several = [name for name, its in self.columns.items() if its.metric.name == metric and its.mark]
        if several:
            ways = ", ".join(f"'{name}'" for name in several)
            raise NotFound(f"{metric} was measured in {len(several)} ways that cannot be compared; sort by one: {ways}")
        if metric not in self.columns:
            raise NotFound(f"no metric {metric!r}; there are: {', '.join(self.metrics) or 'none'}")
        sign = 1 if self.metric(metric).direction == "lower" else -1
        return replace(self, rows=tuple(sorted(self.rows, key=lambda row: _rank(row, metric, sign))))

    def order(self, metric: str) -> str:
        """How `sorted_by` puts the rows, in a sentence."""
        its = self.metric(metric)
        return f"sorted by {metric}, {'highest' if its.direction == 'neither' else 'best'} first: {way(its)}"

    @property
    def shown(self) -> tuple[str, ...]:
        """The metrics that a reader may want: all but those that others are computed from."""
        return tuple(name for name in self.metrics if self.metric(name).place != "inner")

    @property
    def headline(self) -> tuple[str, ...]:
        """The metrics that tables show at once; `--details` and a spec's own page show the others."""
        return tuple(
            name for name in self.metrics if self.metric(name).place == "headline" and not self.metric(name).is_slice
        )

    def table(self, *, details: bool = False, metrics: Sequence[str] = ()) -> Table:
        """The leaderboard as a table of these metrics; without any, the headline ones or (`details`) all."""
        columns = tuple(metrics) or (self.shown if details else self.headline)
        rows = [(*row.head, *(figure(row.results.get(metric)) for metric in columns)) for row in self.rows]
        return Table(("spec", "method", "verdict", *columns), tuple(rows))

    def screens(self, *, details: bool = False) -> tuple[Table, ...]:
        """The same in narrow columns for a terminal: each cell has two lines, value over interval.

        What was measured in another way than for most rows stands in a table of its own, with the rows that have it.
        """
        chosen = self.shown if details else self.headline
        parts = [[name for name in chosen if self._way(name) == place] for place in range(len(chosen))]
        return tuple(self._screen(columns) for columns in parts if columns) or (self._screen(()),)

    def _way(self, name: str) -> int:
        """The place of a column among those of its metric, the one that most adapters have first."""
        metric = self.metric(name).name
        of = [other for other in self.metrics if self.metric(other).name == metric]
        have = {other: sum(other in row.results for row in self.rows if not row.is_base) for other in of}
        return sorted(of, key=lambda other: -have[other]).index(name)

    def _screen(self, columns: Sequence[str]) -> Table:
        heads = ("spec", "verdict", *(self.columns[name].stacked for name in columns))
        rows = []
        for row in self.rows:
            if not columns or any(name in row.results for name in columns):
                spec, method, verdict = row.head
                rows.append((f"{spec}\n{method}", verdict, *(stacked(row.results.get(name)) for name in columns)))
        return Table(heads, tuple(rows))

    def figures(self) -> Table:
        """Every figure on a row of its own with its interval and count, for other programs."""
        heads = ("spec", "base_model", "method", "adapter_type", "verdict", "metric")
        fields = ("value", "low", "high", "n", "unscored", "reason")
        rows = [
            (
                *(row.spec, row.base_model, row.method, row.adapter_type, row.verdict, its.metric.name),
                *(getattr(result, field) for field in fields),
                *(its.metric.direction, its.metric.unit),
                *(its.measurement.digest[:12], its.measurement.sentence),
            )
            for row in self.rows
            for column, result in row.results.items()
            for its in [self.columns[column]]
        ]
        return Table((*heads, *fields, "direction", "unit", "measurement", "measured"), tuple(rows))


def leaderboard(store: Store) -> Leaderboard:
    """The latest results of every spec, verdicts first; raises StoreError when there are none."""
    found = entries(store)
    columns = _columns(found)
    named = {its.key: name for name, its in columns.items()}
    bases: dict[str, LeaderboardRow] = {}
    specs = {entry.spec for entry in found}
    for entry in sorted(found, key=lambda entry: entry.started_at):
        of = entry.reference
        if of != entry.base_model and of in specs:
            continue  # another spec, which has a row of its own
        known = bases[of].results if of in bases else {}
        # Each figure stands in the column of its measurement; of the same measurement the newest speaks.
        merged = {**known, **_by_column(entry, entry.base, named)}
        if merged:  # judgments that were imported have no base model beside them
            bases[of] = LeaderboardRow(f"({of})", of, "base", None, None, merged, reference=of)
    ordered = sorted((_row(entry, named) for entry in found), key=lambda row: (_ORDER[row.verdict], row.spec))
    of_base = dict.fromkeys(entry.reference for entry in found if entry.reference in bases)
    return Leaderboard(columns, (*ordered, *(bases[name] for name in of_base)))


def _columns(found: Sequence[Entry]) -> dict[str, Column]:
    """A column for each metric and each way in which it was measured, in the order of the specs."""
    ways: dict[str, dict[str, Column]] = {}
    for entry in found:
        for name in entry.results:
            its = entry.measured.get(name, UNKNOWN)
            ways.setdefault(name, {})[its.digest] = Column(metric_of(entry.metrics, name), its)
    columns: list[Column] = []
    for of in ways.values():
        told = marks([column.measurement for column in of.values()]) if len(of) > 1 else {}
        columns += [replace(column, mark=told.get(key, "")) for key, column in of.items()]
    return {column.name: column for column in columns}


def _by_column(entry: Entry, of: Mapping[str, R], named: Named) -> dict[str, R]:
    """Values of a spec's metrics by their columns; those that no candidate has are left out."""
    keys = {metric: (metric, entry.measured.get(metric, UNKNOWN).digest) for metric in of}
    return {named[key]: of[metric] for metric, key in keys.items() if key in named}


def _row(entry: Entry, named: Named) -> LeaderboardRow:
    changes = {change.metric: change for change in entry.changes if change.baseline == BASE}
    return LeaderboardRow(
        entry.spec,
        entry.base_model,
        entry.method,
        entry.adapter_type,
        entry.answer,
        _by_column(entry, entry.results, named),
        entry.outcomes,
        changes=_by_column(entry, changes, named),
        tags=entry.tags,
        started_at=entry.started_at,
        training=entry.training,
        reference=entry.reference,
    )


def _rank(row: LeaderboardRow, metric: str, sign: int) -> tuple[bool, float]:
    result = row.results.get(metric)
    value = result.value if result is not None else None
    return (value is None, sign * (value or 0.0))
