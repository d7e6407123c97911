"""The leaderboard as paired differences: rows minus their own base models, or minus a baseline that a person chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from evalsuite.records import Comparison
from evalsuite.report.figures import change
from evalsuite.report.interval_chart import Axis, Mark, interval_chart
from evalsuite.report.leaderboard import Leaderboard, Row
from evalsuite.report.table import Cell, Table

if TYPE_CHECKING:
    import altair

Adjustment = Literal["holm", "bh", "none"]

STAR = " ★"
_LEVEL = 0.05
_PROMISES: Mapping[Adjustment, str] = {
    "holm": "Holm's correction for all of them, which leaves a chance of 5 % for even one false star",
    "bh": "Benjamini and Hochberg's correction for all of them: about 5 % of the stars are false",
    "none": "no correction: of differences that are not there, one in twenty has a star",
}


@dataclass(frozen=True)
class Changes:
    """Rows minus a baseline, metric by metric; `baseline` is None where each row has its own base model for one."""

    baseline: str | None
    rows: tuple[Row, ...]
    metrics: tuple[str, ...]
    found: Mapping[str, Mapping[str, Comparison]]
    adjust: Adjustment

    @cached_property
    def shown(self) -> list[tuple[Row, Comparison]]:
        """Every difference that there is, row by row."""
        return [
            (row, self.found[row.spec][metric])
            for row in self.rows
            for metric in self.metrics
            if metric in self.found.get(row.spec, {})
        ]

    @cached_property
    def adjusted(self) -> list[float | None]:
        """The p-value of each difference, adjusted for all that are shown; None where it has none."""
        from evalsuite.stats.multiplicity import benjamini_hochberg, holm

        known = [its.p_value for _, its in self.shown if its.p_value is not None]
        ways = {"holm": holm, "bh": benjamini_hochberg}
        adjusted = iter(ways[self.adjust](known).tolist() if self.adjust in ways else known)
        return [None if its.p_value is None else next(adjusted) for _, its in self.shown]

    def table(self) -> Table:
        """One row per spec: the difference in each metric with its interval, and a star where it stands."""
        cells = {
            (row.spec, its.metric): change(its) + (STAR if _stands(p) else "")
            for (row, its), p in zip(self.shown, self.adjusted, strict=True)
        }
        # A metric that only a candidate has, such as a win rate against its base, has no difference from it.
        columns = [metric for metric in self.metrics if any(metric == its.metric for _, its in self.shown)]
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
                int(_stands(p)),
            )
            for (row, its), p in zip(self.shown, self.adjusted, strict=True)
        ]
        return Table((*heads, *numbers), tuple(rows))

    def sentence(self) -> str:
        """What is compared, on what, and what a star promises."""
        stars = sum(map(_stands, self.adjusted))
        whom = (
            f"minus {self.baseline}"
            if self.baseline
            else "minus its own base model (or the reference that its spec names)"
        )
        return (
            f"Each cell is the row {whom}, sample by sample on those that both were scored on, with its 95 % interval. "
            f"★: surely not 0, {stars:,} of {len(self.shown):,} differences, after {_PROMISES[self.adjust]}."
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
        whom = self.baseline or "its base model"
        return interval_chart(marks, Axis(f"{metric}: minus {whom}", lines=(0.0,)), palette)


def from_bases(board: Leaderboard, metrics: Sequence[str], adjust: Adjustment) -> Changes:
    """Every adapter minus its own base model, as its run compared them."""
    rows = tuple(row for row in board.rows if not row.is_base)
    return Changes(None, rows, tuple(metrics), {row.spec: row.changes for row in rows}, adjust)


def from_baseline(
    board: Leaderboard,
    baseline: str,
    found: Mapping[str, Mapping[str, Comparison]],
    *,
    metrics: Sequence[str],
    adjust: Adjustment,
) -> Changes:
    """Every other row minus one baseline, by the differences `found` for it."""
    rows = tuple(row for row in board.rows if row.spec != baseline)
    return Changes(baseline, rows, tuple(metrics), found, adjust)


def _stands(p: float | None) -> bool:
    return p is not None and p < _LEVEL
