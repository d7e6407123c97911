"""Charts of the leaderboard: every value with its interval, and quality against cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from evalsuite.records import Direction, Result, TrainingPoint
from evalsuite.report.interval_chart import skip_checks
from evalsuite.report.leaderboard.leaderboard import Leaderboard, LeaderboardRow
from evalsuite.report.tables import interval, is_share, way

if TYPE_CHECKING:
    import altair


@dataclass(frozen=True)
class CostAxis:
    """A way to count what an adapter cost; `spreads` where values lie orders of magnitude apart."""

    title: str
    field: Literal["wall_seconds", "trained_parameters"]
    spreads: bool = False

    def of(self, row: LeaderboardRow) -> float | None:
        """What the adapter cost; None where nothing was trained here."""
        return None if row.training is None else float(getattr(row.training, self.field))


COSTS = (
    CostAxis("training time, s", "wall_seconds"),
    CostAxis("trained parameters", "trained_parameters", spreads=True),
)


def front(points: Sequence[tuple[float, float]], direction: Direction) -> frozenset[int]:
    """The indices of the (cost, value) points that no other point beats: cheaper and at least as good, or better.

    None where neither way of the value is better.
    """
    if direction == "neither":
        return frozenset()
    best: set[int] = set()
    least = float("inf")
    # What of the value is bad, so that less of it is better as less of the cost is.
    bad = [(cost, -value if direction == "higher" else value, index) for index, (cost, value) in enumerate(points)]
    for _, value, index in sorted(bad):
        if value < least:
            least = value
            best.add(index)
    return frozenset(best)


# Mid tones: each stands out from white and from near-black alike, next to its neighbours in the list as well.
_ADAPTERS = (
    "#3f7fd6", "#d97d2b", "#2e9c72", "#b8569b", "#8069d0", "#a98a12", "#1f98ab", "#cb5452", "#6f8a32", "#94725c",
)  # fmt: skip
_BASE = "#868e99"
_ROW_HEIGHT = 26
# A chart with more rows is no longer read, and slow to draw.
MOST_ROWS = 24
_TITLE_AND_AXIS = 84


def colours(names: Sequence[str], bases: Sequence[str] = ()) -> dict[str, str]:
    """A colour for each adapter of a store, the same on every page; base models are grey."""
    coloured = {name: _ADAPTERS[index % len(_ADAPTERS)] for index, name in enumerate(sorted(names))}
    return coloured | dict.fromkeys(bases, _BASE)


@skip_checks
def metric_chart(board: Leaderboard, metric: str, palette: Mapping[str, str]) -> altair.LayerChart | altair.FacetChart:
    """Value and 95 % interval of the first rows for one metric, with a dashed line where the base model stands."""
    import altair as alt

    board = replace(board, rows=board.rows[:MOST_ROWS] + tuple(row for row in board.rows[MOST_ROWS:] if row.is_base))
    points = [_point(row, result) for row in board.rows if (result := _scored(row, metric)) is not None]
    # An adapter without a value keeps its empty line; a base is left out where the metric is none of a base model.
    names = [row.spec for row in board.rows if not row.is_base or _scored(row, metric) is not None]
    # The data stand once, on the layers together: altair copies each layer, and all that is in it, several times.
    shown = alt.Chart()
    axis = alt.Axis(labelFlush=False, tickCount=5)
    its = board.metric(metric)
    x = alt.X("value:Q", title=None if is_share(its) else its.unit, scale=alt.Scale(zero=False, nice=True), axis=axis)
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
    return alt.layer(
        *layers,
        data=alt.InlineData(values=points),
        height=_ROW_HEIGHT * len(names) + _TITLE_AND_AXIS,
        padding={"left": 0, "top": 4, "right": 16, "bottom": 0},
        title=alt.TitleParams(
            metric, subtitle=alt.Undefined if its.direction == "higher" else way(its), anchor="start"
        ),
    )


def _scored(row: LeaderboardRow, metric: str) -> Result | None:
    result = row.results.get(metric)
    return result if result is not None and result.value is not None else None


def _point(row: LeaderboardRow, result: Result) -> dict[str, object]:
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


@skip_checks
def trade_off_chart(
    board: Leaderboard, metric: str, cost: CostAxis, palette: Mapping[str, str]
) -> altair.LayerChart | altair.FacetChart | None:
    """A metric against what it cost, each adapter a point; those that no other beats in both stand on a line.

    There is no line where neither way of the metric is better.
    None when no adapter has both figures.
    """
    import altair as alt

    points = [
        {**_point(row, result), "cost": spent}
        for row in board.rows
        if (result := _scored(row, metric)) is not None and (spent := cost.of(row)) is not None
    ]
    if not points:
        return None
    its = board.metric(metric)
    best = front([(float(str(p["cost"])), float(str(p["value"]))) for p in points], its.direction)
    for index, point in enumerate(points):
        point["front"] = index in best
    names = [str(point["adapter"]) for point in points]
    shown = alt.Chart()
    x = alt.X(
        "cost:Q",
        title=cost.title,
        scale=alt.Scale(type="symlog" if cost.spreads else "linear", domainMin=0, padding=16),
    )
    title = metric if its.direction == "higher" else f"{metric}, {way(its)}"
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False, nice=False, padding=16))
    legend = alt.Legend(title=None, symbolLimit=MOST_ROWS, symbolOpacity=1)
    color = alt.Color("adapter:N", legend=legend, scale=alt.Scale(domain=names, range=[palette[n] for n in names]))
    tips = [
        alt.Tooltip("adapter:N", title="adapter"),
        alt.Tooltip("cost:Q", title=cost.title, format=",.1f"),
        alt.Tooltip("value:Q", title="value", format=".3f"),
        alt.Tooltip("interval:N", title="95 % interval"),
    ]
    line = shown.transform_filter("datum.front").mark_line(color=_BASE, strokeDash=[4, 3], interpolate="step-after")
    dots = shown.mark_point(filled=True, size=110, opacity=1).encode(x=x, y=y, color=color, tooltip=tips)
    bars = shown.mark_rule(opacity=0.45, strokeWidth=2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=color)
    return alt.layer(line.encode(x=x, y=y), bars, dots, data=alt.InlineData(values=points), height=380)


def curve_chart(curve: Sequence[TrainingPoint]) -> altair.LayerChart | altair.FacetChart:
    """The losses of a training by step: on the rows trained on, and on those held out."""
    import altair as alt

    kinds = {"training": "loss", "held out": "held_out_loss"}
    points = [
        {"step": point.step, "loss": value, "rows": kind}
        for point in curve
        for kind, field in kinds.items()
        if (value := getattr(point, field)) is not None
    ]
    color = alt.Color("rows:N", title=None, scale=alt.Scale(domain=list(kinds), range=[_BASE, _ADAPTERS[0]]))
    tips = [alt.Tooltip("rows:N"), alt.Tooltip("step:Q"), alt.Tooltip("loss:Q", format=".4f")]
    y = alt.Y("loss:Q", scale=alt.Scale(zero=False))
    lines = alt.Chart(alt.InlineData(values=points)).mark_line(point=True)
    return alt.layer(lines.encode(x=alt.X("step:Q"), y=y, color=color, tooltip=tips)).properties(height=280)
