"""Tables of words and figures, always with their interval, in the formats they can be written in."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evalsuite.records import Comparison, Metric, Result, Usage, metric_of

# What comparisons with the untrained base call it.
BASE = "base"
# A difference with a p-value below this is surely there, each by itself.
SURE = 0.05

ChangeWord = Literal["better", "worse", "changed", "no sure change"]

_WAYS = {"higher": "more", "lower": "less", "neither": "–"}


def is_working(metrics: Mapping[str, Metric], name: str) -> bool:
    """Whether it is a probe's own working figure, which says nothing to a person by itself."""
    return metric_of(metrics, name).place == "inner"


def better_word(metric: Metric) -> str:
    """What of the figure is better: `more`, `less`, or a dash where neither is."""
    return _WAYS[metric.direction]


def way(metric: Metric) -> str:
    """The same as a clause."""
    return "neither way is better" if metric.direction == "neither" else f"{better_word(metric)} is better"


def is_share(metric: Metric) -> bool:
    """Whether the figure is a share and not on a scale of its own, such as nats a token."""
    return metric.unit in ("share", "")


def sure_change_word(metric: Metric, difference: float) -> ChangeWord:
    """What a sure difference is: better, worse, or a change where neither way is better."""
    gain = metric.gain(difference)
    return "changed" if gain is None else "better" if gain > 0 else "worse"


def change_word(comparison: Comparison, metrics: Mapping[str, Metric]) -> ChangeWord:
    """What a difference is, by its own p-value alone; `no sure change` where that is not small."""
    sure = comparison.p_value is not None and comparison.p_value < SURE and comparison.difference != 0
    return sure_change_word(metric_of(metrics, comparison.metric), comparison.difference) if sure else "no sure change"


def moved_samples(comparison: Comparison, metrics: Mapping[str, Metric]) -> tuple[int, int] | None:
    """How many samples became better and how many worse; None where that was not counted or neither way is better."""
    direction = metric_of(metrics, comparison.metric).direction
    if comparison.gained is None or comparison.lost is None or direction == "neither":
        return None
    up, down = comparison.gained, comparison.lost
    return (up, down) if direction == "higher" else (down, up)


def figure(result: Result | None) -> str:
    """A value with its interval, `0.97 [0.93, 0.99]`, or a dash where there is none."""
    if result is None or result.value is None:
        return "–"
    return f"{result.value:.2f} {interval(result.low, result.high)}"


def stacked(result: Result | None) -> str:
    """The same on two narrow lines, value over interval."""
    if result is None or result.value is None:
        return "–"
    ends = "" if result.low is None or result.high is None else f"\n{result.low:.2f}–{result.high:.2f}"
    return f"{result.value:.2f}{ends}"


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """An interval in brackets; nothing when an end is missing."""
    if low is None or high is None:
        return ""
    sign = "+" if signed else ""
    return f"[{low:{sign}.2f}, {high:{sign}.2f}]"


def change(comparison: Comparison) -> str:
    """A paired difference with its interval, `+0.03 [-0.01, +0.07]`."""
    return f"{comparison.difference:+.2f} {interval(comparison.low, comparison.high, signed=True)}"


def p_value(value: float | None) -> str:
    """A p-value to two digits, small ones as a bound."""
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def usage(found: Usage | None) -> str:
    """Calls, tokens and money in a few words, or a dash where no language model was asked."""
    if found is None:
        return "–"
    return f"{found.calls:,} calls, {found.prompt_tokens + found.tokens:,} tokens, {money(found.money)}"


def money(dollars: float) -> str:
    """Dollars and cents; small sums to two digits that are not 0."""
    return f"${dollars:,.2f}" if dollars >= 0.995 or not dollars else f"${dollars:.2g}"


def duration(seconds: float | None) -> str:
    """Seconds as `0.4 s`, `12 s` or `3 min 05 s`."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


Format = Literal["table", "json", "csv", "md"]
Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Heads and rows of equal length."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def markdown(self) -> str:
        """The table in Markdown; bars in cells are escaped."""
        lines: list[tuple[Cell, ...]] = [self.heads, tuple("---" for _ in self.heads), *self.rows]
        return "\n".join("| " + " | ".join(_escaped(cell) for cell in line) + " |" for line in lines) + "\n"

    def csv(self) -> str:
        """The table as CSV with a header line; a cell without a finite number is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.heads)
        writer.writerows([[_finite(cell) for cell in row] for row in self.rows])
        return text.getvalue()

    def json(self) -> str:
        """The table as a JSON list of objects; what is not finite is null, for JSON has no infinity."""
        rows = [dict(zip(self.heads, map(_finite, row), strict=True)) for row in self.rows]
        return json.dumps(rows, indent=2, allow_nan=False) + "\n"


def _finite(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _escaped(cell: Cell) -> str:
    return "" if cell is None else str(cell).replace("|", "\\|").replace("\n", " ")
