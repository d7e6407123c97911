"""Charts of the leaderboard: one per metric, every value with its interval, each adapter in one colour throughout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evalsuite.records import Result
from evalsuite.report.figures import interval
from evalsuite.report.leaderboard import Leaderboard, Row

if TYPE_CHECKING:
    import altair

# Mid tones: each stands out from white and from near-black alike, next to its neighbours in the list as well.
_ADAPTERS = (
    "#3f7fd6", "#d97d2b", "#2e9c72", "#b8569b", "#8069d0", "#a98a12", "#1f98ab", "#cb5452", "#6f8a32", "#94725c",
)  # fmt: skip
_BASE = "#868e99"
_ROW_HEIGHT = 26
_TITLE_AND_AXIS = 84


def colours(board: Leaderboard) -> dict[str, str]:
    """A colour for each row of the whole board, so that filtering it changes none; base models are grey."""
    adapters = sorted(row.spec for row in board.rows if not row.is_base)
    coloured = {spec: _ADAPTERS[index % len(_ADAPTERS)] for index, spec in enumerate(adapters)}
    return {row.spec: coloured.get(row.spec, _BASE) for row in board.rows}


def metric_chart(board: Leaderboard, metric: str, palette: Mapping[str, str]) -> altair.LayerChart | altair.FacetChart:
    """Value and 95 % interval of every row for one metric, with a dashed line where the base model stands."""
    import altair as alt

    points = [_point(row, result) for row in board.rows if (result := _scored(row, metric)) is not None]
    # An adapter without a value keeps its empty line; a base is left out where the metric is none of a base model.
    names = [row.spec for row in board.rows if not row.is_base or _scored(row, metric) is not None]
    shown = alt.Chart(alt.InlineData(values=points))
    axis = alt.Axis(labelFlush=False, tickCount=5)
    x = alt.X("value:Q", title=None, scale=alt.Scale(zero=False, nice=True), axis=axis)
    lines = alt.Axis(labelLimit=140, labelFlush=False, labelOverlap=False, labelBaseline="middle", ticks=False)
    of_row = shown.encode(
        y=alt.Y("adapter:N", title=None, scale=alt.Scale(domain=names), axis=lines),
        color=alt.Color("adapter:N", legend=None, scale=alt.Scale(domain=names, range=[palette[n] for n in names])),
        tooltip=[
            alt.Tooltip("adapter:N", title="adapter"),
            alt.Tooltip("value:Q", title="value", format=".3f"),
            alt.Tooltip("interval:N", title="95 % interval"),
            alt.Tooltip("n:Q", title="samples"),
            alt.Tooltip("unscored:Q", title="unscored"),
        ],
    )
    layers = [
        of_row.mark_rule(strokeWidth=2.5, strokeCap="round", opacity=0.6).encode(x=alt.X("low:Q"), x2="high:Q"),
        of_row.mark_point(filled=True, size=80, opacity=1).encode(x=x),
    ]
    if any(point["base"] for point in points):
        base = shown.transform_filter("datum.base").mark_rule(strokeDash=[3, 3], color=_BASE)
        layers.insert(0, base.encode(x=x))
    return alt.layer(*layers).properties(
        height=_ROW_HEIGHT * len(names) + _TITLE_AND_AXIS,
        padding={"left": 0, "top": 4, "right": 16, "bottom": 0},
        title=alt.TitleParams(metric, anchor="start"),
    )


def _scored(row: Row, metric: str) -> Result | None:
    result = row.results.get(metric)
    return result if result is not None and result.value is not None else None


def _point(row: Row, result: Result) -> dict[str, object]:
    return {
        "adapter": row.spec,
        "base": row.is_base,
        "value": result.value,
        "low": result.value if result.low is None else result.low,
        "high": result.value if result.high is None else result.high,
        "interval": interval(result.low, result.high) or "none",
        "n": result.n,
        "unscored": result.unscored,
    }
