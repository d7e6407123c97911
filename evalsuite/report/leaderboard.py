"""The leaderboard: every spec's latest results beside each other, the base model among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fnmatch import fnmatch

from evalsuite.errors import NotFound
from evalsuite.records import Answer, Comparison, Result, RuleOutcome
from evalsuite.report.figures import figure, stacked
from evalsuite.report.table import Table
from evalsuite.store import Store
from evalsuite.store.board import Entry, Training, entries

# What helps to read another figure; `--details` and a spec's own page show it.
_BESIDE = {
    *("length_controlled", "length_ratio", "position_consistency", "judge_disagreement"),
    *("author_nll", "delta", "classifier_accuracy", "control", "indistinguishable"),
}
_ORDER: Mapping[str | None, int] = {"pass": 0, "undecided": 1, "invalid": 2, "fail": 3, None: 4}


@dataclass(frozen=True)
class Row:
    """One spec, or the base model as it is; `reference` is what the spec is compared with."""

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
    """Rows by spec and the metrics that they have; `probed` are those that probes asked for."""

    metrics: tuple[str, ...]
    rows: tuple[Row, ...]
    probed: frozenset[str] = frozenset()

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
        kept = {row.spec: row.reference for row in self.rows if chosen.keeps(row)}
        bases = set(kept.values())
        rows = [row for row in self.rows if row.spec in kept or (row.is_base and row.base_model in bases)]
        return replace(self, rows=tuple(rows))

    def sorted_by(self, metric: str) -> Leaderboard:
        """The rows by one metric, best first; raises NotFound with the metrics that there are."""
        if metric not in self.metrics:
            raise NotFound(f"no metric {metric!r}; there are: {', '.join(self.metrics) or 'none'}")
        return replace(self, rows=tuple(sorted(self.rows, key=lambda row: _rank(row, metric))))

    @property
    def headline(self) -> tuple[str, ...]:
        """The metrics without overlaps, latencies, probes, by-figures, and parts of others."""
        parts = {m for m in self.metrics for other in self.metrics if m.startswith(f"{other}.")}
        hidden = parts | self.probed
        shown = [m for m in self.metrics if m not in hidden and not m.startswith(("overlap.", "latency."))]
        return tuple(m for m in shown if not _BESIDE & set(m.split(".")[1:]))

    def table(self, *, details: bool = False, metrics: Sequence[str] = ()) -> Table:
        """The leaderboard as a table of these metrics; without any, the headline ones or (`details`) all."""
        columns = tuple(metrics) or (self.metrics if details else self.headline)
        rows = [(*row.head, *(figure(row.results.get(metric)) for metric in columns)) for row in self.rows]
        return Table(("spec", "method", "verdict", *columns), tuple(rows))

    def screen(self, *, details: bool = False) -> Table:
        """The same in narrow columns for a terminal: each cell has two lines, value over interval."""
        metrics = self.metrics if details else self.headline
        heads = ("spec", "verdict", *(metric.replace(".", ".\n", 1) for metric in metrics))
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
            )
            for row in self.rows
            for metric, result in row.results.items()
        ]
        return Table((*heads, *fields), tuple(rows))


def leaderboard(store: Store) -> Leaderboard:
    """The latest results of every spec, verdicts first; raises StoreError when there are none."""
    found = entries(store)
    bases: dict[str, Row] = {}
    specs = {entry.spec for entry in found}
    for entry in found:
        of = entry.reference
        if of != entry.base_model and of in specs:
            continue  # another spec, which has a row of its own
        known = bases.get(of)
        # Suites of several sizes ask one base; the figure that rests on most samples speaks for it.
        before = known.results if known else {}
        merged = {**before, **{m: r for m, r in entry.base.items() if m not in before or r.n >= before[m].n}}
        if not merged:
            continue  # judgments that were imported have no base model beside them
        bases[of] = Row(f"({of})", of, "base", None, None, merged, reference=of)
    metrics = {metric: None for entry in found for metric in entry.results}
    ordered = sorted((_row(entry) for entry in found), key=lambda row: (_ORDER[row.verdict], row.spec))
    # A probe has many figures; they have their place on the card and the forgetting page.
    probed = frozenset(metric for entry in found for metric in entry.probed)
    return Leaderboard(tuple(metrics), (*ordered, *bases.values()), probed)


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
        reference=entry.reference,
    )


def _rank(row: Row, metric: str) -> tuple[bool, float]:
    result = row.results.get(metric)
    value = result.value if result is not None else None
    return (value is None, -(value or 0.0))
