"""A chart of values with their intervals: a line for each row, several series side by side on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from math import isfinite
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from evalsuite.records import Result

if TYPE_CHECKING:
    import altair


P = ParamSpec("P")
T = TypeVar("T")


def skip_checks(draw: Callable[P, T]) -> Callable[P, T]:
    """A function that makes a chart, without the checks; tests check what comes out as a whole, with `to_dict()`."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> T:
        from altair.utils.schemapi import debug_mode

        with debug_mode(False):
            return draw(*args, **kwargs)

    return drawn


_ROW_HEIGHT = 26
_TITLE_AND_AXIS = 70
_REFERENCE = "#868e99"


@dataclass(frozen=True)
class Mark:
    """A value on a row of the chart; `series` has the colour, an infinite end of the interval is drawn to the edge."""

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


@skip_checks
def interval_chart(
    marks: Sequence[Mark], axis: Axis, palette: Mapping[str, str]
) -> altair.LayerChart | altair.FacetChart:
    """Each mark as a dot on its interval, in the order given; a legend where a row has several series."""
    import altair as alt

    rows = list(dict.fromkeys(mark.row for mark in marks))
    series = list(dict.fromkeys(mark.series for mark in marks))
    shared = len({(mark.row, mark.series) for mark in marks}) > len(rows)
    edges = _edges(marks)
    # The data stand once, on the layers together: altair copies each layer, and all that is in it, several times.
    shown = alt.Chart()
    data = alt.InlineData(values=[_point(mark, axis.digits, edges) for mark in marks])
    scale = (
        alt.Scale(domain=_domain(marks, axis.ends), nice=True)
        if axis.ends
        else alt.Scale(zero=False, nice=True, padding=12)
    )
    x = alt.X("value:Q", title=axis.title or None, scale=scale, axis=alt.Axis(labelFlush=False, tickCount=6))
    labels = alt.Axis(labelLimit=220, labelOverlap=False, labelBaseline="middle", ticks=False)
    legend = alt.Legend(title=None, orient="top", symbolOpacity=1) if shared else None
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
    padding = {"left": 0, "top": 4, "right": 16, "bottom": 0}
    return alt.layer(*layers, data=data, height=height, padding=padding)


def _domain(marks: Sequence[Mark], ends: tuple[float, float]) -> list[float]:
    reached = _reached(marks)
    return [min(ends[0], *reached), max(ends[1], *reached)]


def _reached(marks: Sequence[Mark]) -> list[float]:
    ends = [end for mark in marks for end in (mark.low, mark.value, mark.high)]
    return [end for end in ends if end is not None and isfinite(end)]


def _edges(marks: Sequence[Mark]) -> tuple[float, float]:
    """Where an interval that nothing bounds is drawn to: a tenth beyond all else."""
    low, high = min(_reached(marks), default=0.0), max(_reached(marks), default=1.0)
    beyond = (high - low) / 10 or 1.0
    return low - beyond, high + beyond


def _point(mark: Mark, digits: int, edges: tuple[float, float]) -> dict[str, object]:
    low, high = mark.low, mark.high
    words = "none" if low is None or high is None else f"{low:.{digits}f} to {high:.{digits}f}".replace("inf", "∞")
    return {
        "row": mark.row,
        "series": mark.series,
        "value": mark.value,
        "low": None if low is None else max(low, edges[0]),
        "high": None if high is None else min(high, edges[1]),
        "interval": words,
        "n": mark.n,
    }
