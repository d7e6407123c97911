"""A chart of values with their intervals: a line for each row, several series side by side on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalsuite.records import Result
from evalsuite.report.figures import interval

if TYPE_CHECKING:
    import altair

_ROW_HEIGHT = 26
_TITLE_AND_AXIS = 70
_REFERENCE = "#868e99"


@dataclass(frozen=True)
class Mark:
    """A value on a row of the chart; `series` has the colour, an interval without both ends is not drawn."""

    row: str
    series: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class Axis:
    """What the values are, where lines stand to read them against, and what the axis shows at least."""

    title: str = ""
    lines: tuple[float, ...] = ()
    ends: tuple[float, float] | None = None
    digits: int = 2


def mark_of(result: Result | None, *, row: str, series: str) -> list[Mark]:
    """The mark of a result; none where it has no value."""
    if result is None or result.value is None:
        return []
    return [Mark(row, series, result.value, result.low, result.high, result.n)]


def interval_chart(
    marks: Sequence[Mark], axis: Axis, palette: Mapping[str, str]
) -> altair.LayerChart | altair.FacetChart:
    """Each mark as a dot on its interval, in the order given; a legend where a row has several series."""
    import altair as alt

    rows = list(dict.fromkeys(mark.row for mark in marks))
    series = list(dict.fromkeys(mark.series for mark in marks))
    shared = len({(mark.row, mark.series) for mark in marks}) > len(rows)
    shown = alt.Chart(alt.InlineData(values=[_point(mark, axis.digits) for mark in marks]))
    scale = (
        alt.Scale(domain=_domain(marks, axis.ends), nice=True)
        if axis.ends
        else alt.Scale(zero=False, nice=True, padding=12)
    )
    x = alt.X("value:Q", title=axis.title or None, scale=scale, axis=alt.Axis(labelFlush=False, tickCount=6))
    labels = alt.Axis(labelLimit=220, labelOverlap=False, labelBaseline="middle", ticks=False)
    legend = alt.Legend(title=None, orient="top") if shared else None
    colours = alt.Scale(domain=series, range=[palette.get(name, _REFERENCE) for name in series])
    common = {
        "y": alt.Y("row:N", title=None, scale=alt.Scale(domain=rows), axis=labels),
        "color": alt.Color("series:N", legend=legend, scale=colours),
        "tooltip": [
            alt.Tooltip("row:N"),
            alt.Tooltip("series:N"),
            alt.Tooltip("value:Q", format=f".{axis.digits + 1}f"),
            alt.Tooltip("interval:N", title="95 % interval"),
            alt.Tooltip("n:Q", title="samples"),
        ],
    }
    if shared:
        common["yOffset"] = alt.YOffset("series:N", scale=alt.Scale(domain=series))
    layers: list[alt.Chart] = []
    for value in axis.lines:
        line = alt.Chart(alt.InlineData(values=[{"value": value}]))
        layers.append(line.mark_rule(strokeDash=[3, 3], color=_REFERENCE).encode(x=alt.X("value:Q", scale=scale)))
    bounded = shown.transform_filter("isValid(datum.low) && isValid(datum.high)")
    layers.append(
        bounded.mark_rule(strokeWidth=2.5, strokeCap="round", opacity=0.6).encode(
            x=alt.X("low:Q"), x2="high:Q", **common
        )
    )
    layers.append(shown.mark_point(filled=True, size=80, opacity=1).encode(x=x, **common))
    height = max(_ROW_HEIGHT, 13 * len(series) if shared else 0) * len(rows) + _TITLE_AND_AXIS
    return alt.layer(*layers).properties(height=height, padding={"left": 0, "top": 4, "right": 16, "bottom": 0})


def _domain(marks: Sequence[Mark], ends: tuple[float, float]) -> list[float]:
    from math import isfinite

    reached = [end for mark in marks for end in (mark.low, mark.value, mark.high) if end is not None and isfinite(end)]
    return [min(ends[0], *reached), max(ends[1], *reached)]


def _point(mark: Mark, digits: int) -> dict[str, object]:
    from math import isfinite

    ends = [end if end is not None and isfinite(end) else None for end in (mark.low, mark.high)]
    if digits == 0:
        words = "–" if mark.low is None or mark.high is None else f"{mark.low:.0f} to {mark.high:.0f}"
    else:
        words = interval(mark.low, mark.high) or "none"
    return {
        "row": mark.row,
        "series": mark.series,
        "value": mark.value,
        "low": ends[0],
        "high": ends[1],
        "interval": words,
        "n": mark.n,
    }
