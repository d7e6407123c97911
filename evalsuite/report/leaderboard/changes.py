"""The leaderboard as paired differences: rows minus their base or a baseline, and two specs beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from evalsuite.records import Comparison, Metric, metric_of
from evalsuite.report.interval_chart import Axis, Mark, interval_chart
from evalsuite.report.leaderboard.leaderboard import Column, Leaderboard, LeaderboardRow
from evalsuite.report.tables import (
    SURE,
    Cell,
    ChangeWord,
    Table,
    better_word,
    change,
    change_word,
    p_value,
    sure_change_word,
    way,
)

if TYPE_CHECKING:
    import altair


Adjustment = Literal["holm", "bh", "none"]

MARKS: Mapping[ChangeWord, str] = {"better": " ★", "worse": " ▼", "changed": " ◆", "no sure change": ""}
_PROMISES: Mapping[Adjustment, str] = {
    "holm": "Holm's correction for all of them, which leaves a chance of 5 % for even one false mark",
    "bh": "Benjamini and Hochberg's correction for all of them: about 5 % of the marks are false",
    "none": "no correction: of differences that are not there, one in twenty has a mark",
}


@dataclass(frozen=True)
class Changes:
    """Rows minus a baseline, column by column; `baseline` is None where each row has its own base model for one."""

    baseline: str | None
    rows: tuple[LeaderboardRow, ...]
    metrics: tuple[str, ...]
    found: Mapping[str, Mapping[str, Comparison]]
    adjust: Adjustment
    columns: Mapping[str, Column]

    @cached_property
    def shown(self) -> list[tuple[LeaderboardRow, str, Comparison]]:
        """Every difference that there is, row by row, with its column."""
        return [
            (row, metric, self.found[row.spec][metric])
            for row in self.rows
            for metric in self.metrics
            if metric in self.found.get(row.spec, {})
        ]

    @cached_property
    def adjusted(self) -> list[float | None]:
        """The p-value of each difference, adjusted for all that are shown; None where it has none."""
        from evalsuite.stats.intervals.power import benjamini_hochberg, holm

        known = [its.p_value for _, _, its in self.shown if its.p_value is not None]
        ways = {"holm": holm, "bh": benjamini_hochberg}
        adjusted = iter(ways[self.adjust](known).tolist() if self.adjust in ways else known)
        return [None if its.p_value is None else next(adjusted) for _, _, its in self.shown]

    @cached_property
    def words(self) -> list[ChangeWord]:
        """What each difference is by its adjusted p-value: better, worse, changed, or nothing sure."""
        return [
            sure_change_word(self.columns[column].metric, its.difference)
            if p is not None and p < SURE and its.difference
            else "no sure change"
            for (_, column, its), p in zip(self.shown, self.adjusted, strict=True)
        ]

    def table(self) -> Table:
        """One row per spec: the difference in each metric with its interval, and a mark where it is sure."""
        cells = {
            (row.spec, column): change(its) + MARKS[word]
            for (row, column, its), word in zip(self.shown, self.words, strict=True)
        }
        # A metric that only a candidate has, such as a win rate against its base, has no difference from it.
        columns = [metric for metric in self.metrics if any(metric == column for _, column, _ in self.shown)]
        rows = [(*row.head, *(cells.get((row.spec, metric), "–") for metric in columns)) for row in self.rows]
        return Table(("spec", "method", "verdict", *columns), tuple(rows))

    def figures(self) -> Table:
        """Every difference on a row of its own, for other programs."""
        heads = ("spec", "base_model", "method", "adapter_type", "verdict", "metric", "baseline")
        numbers = ("difference", "low", "high", "n", "higher", "lower", "p_value", "p_adjusted", "adjustment", "star")
        rows: list[tuple[Cell, ...]] = [
            (
                *(row.spec, row.base_model, row.method, row.adapter_type, row.verdict, its.metric),
                self.baseline or f"({row.reference})",
                *(its.difference, its.low, its.high, its.n, its.gained, its.lost, its.p_value, p, self.adjust),
                *(int(word != "no sure change"), word, *_scale(self.columns[column])),
            )
            for (row, column, its), p, word in zip(self.shown, self.adjusted, self.words, strict=True)
        ]
        return Table((*heads, *numbers, "change", "direction", "unit", "measurement"), tuple(rows))

    def sentence(self) -> str:
        """What is compared, on what, and what a mark promises."""
        better, worse, changed = (self.words.count(word) for word in ("better", "worse", "changed"))
        neither = f", ◆ surely changed where neither way is better: {changed:,}" if changed else ""
        whom = (
            f"minus {self.baseline}"
            if self.baseline
            else "minus its own base model (or the reference that its spec names)"
        )
        return (
            f"Each cell is the row {whom}, sample by sample on those that both were scored on, with its 95 % interval. "
            f"★ surely better: {better:,}, ▼ surely worse: {worse:,}{neither}, of {len(self.shown):,} "
            f"differences, after {_PROMISES[self.adjust]}."
        )

    def chart(
        self, metric: str, palette: Mapping[str, str], *, most: int
    ) -> altair.LayerChart | altair.FacetChart | None:
        """The differences of the first rows in one metric, against a line at 0; None without any."""
        marks = [
            Mark(row.spec, row.spec, its.difference, its.low, its.high, its.n)
            for row in self.rows[:most]
            if (its := self.found.get(row.spec, {}).get(metric)) is not None
        ]
        if not marks:
            return None
        what = self.columns[metric].metric
        title = f"{metric}: minus {self.baseline or 'its base model'}"
        title += "" if what.direction == "higher" else f", {way(what)}"
        return interval_chart(marks, Axis(title, lines=(0.0,)), palette)


def from_bases(board: Leaderboard, metrics: Sequence[str], adjust: Adjustment) -> Changes:
    """Every adapter minus its own base model, as its run compared them."""
    rows = tuple(row for row in board.rows if not row.is_base)
    found = {row.spec: row.changes for row in rows}
    return Changes(None, rows, tuple(metrics), found, adjust, board.columns)


def from_baseline(
    board: Leaderboard,
    baseline: str,
    found: Mapping[str, Mapping[tuple[str, str], Comparison]],
    *,
    metrics: Sequence[str],
    adjust: Adjustment,
) -> Changes:
    """Every other row minus one baseline, by the differences `found` for it: by metric and measurement."""
    rows = tuple(row for row in board.rows if row.spec != baseline)
    named = board.named
    by_column = {spec: {named[key]: its for key, its in of.items() if key in named}
                 for spec, of in found.items()}  # fmt: skip
    return Changes(baseline, rows, tuple(metrics), by_column, adjust, board.columns)


def _scale(column: Column) -> tuple[str, str, str]:
    return column.metric.direction, column.metric.unit, column.measurement.digest[:12]


def comparison_table(found: Sequence[Comparison], metrics: Mapping[str, Metric]) -> Table:
    """One row per metric: difference with interval and p-value, which way is better and what the first one is, and how
    many samples score higher and lower.
    """
    rows = [
        (
            *(item.metric, change(item), p_value(item.p_value), better_word(metric_of(metrics, item.metric))),
            *(change_word(item, metrics), str(item.n), str(item.gained or 0), str(item.lost or 0)),
        )
        for item in found
    ]
    heads = ("metric", "difference", "p", "better", "the first is", "n", "higher", "lower")
    return Table(heads, tuple(rows))


def comparison_figures(found: Sequence[Comparison], metrics: Mapping[str, Metric]) -> Table:
    """The same for other programs: every number in a column of its own."""
    rows = []
    for item in found:
        its = metric_of(metrics, item.metric)
        numbers = (item.difference, item.low, item.high, item.p_value, item.n, item.gained, item.lost)
        rows.append((item.metric, *numbers, its.direction, its.unit, change_word(item, metrics)))
    heads = ("metric", "difference", "low", "high", "p", "n", "higher", "lower", "direction", "unit", "change")
    return Table(heads, tuple(rows))
