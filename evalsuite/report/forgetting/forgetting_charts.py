"""Charts of what a candidate lost: changes with intervals, samples that turned, subjects that fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalsuite.records import Metric, Result, metric_of
from evalsuite.report.forgetting.forgetting import Change
from evalsuite.report.interval_chart import Axis, Mark, interval_chart, mark_of
from evalsuite.report.leaderboard.leaderboard_charts import MOST_ROWS
from evalsuite.report.tables import is_share

if TYPE_CHECKING:
    import altair

    Chart = altair.LayerChart | altair.FacetChart

DIRECTIONS = {
    "surely worse": "#cb5452",
    "surely better": "#2e9c72",
    "surely changed": "#8069d0",
    "no sure change": "#868e99",
}


def change_chart(changes: Sequence[Change]) -> Chart | None:
    """Differences from base with intervals, in their order and the colour of their direction; None without any."""
    marks = []
    for found in changes[:MOST_ROWS]:
        its = found.comparison
        word = found.word if found.word == "no sure change" else f"surely {found.word}"
        row = found.figure if is_share(found.metric) else f"{found.figure}, {found.metric.unit}"
        marks.append(Mark(row, word, its.difference, its.low, its.high, its.n))
    return interval_chart(marks, Axis("candidate minus base", lines=(0.0,)), DIRECTIONS) if marks else None


def flip_chart(changes: Sequence[Change]) -> Chart | None:
    """How many samples of each figure became worse, to the left, and better, to the right; None where none did."""
    import altair as alt

    points = []
    for found in changes:
        better, worse = found.samples or (0, 0)
        if not (better or worse):
            continue
        points += [
            {"metric": found.figure, "samples": -worse, "way": "worse", "count": worse},
            {"metric": found.figure, "samples": better, "way": "better", "count": better},
        ]
    points = points[: 2 * MOST_ROWS]
    if not points:
        return None
    names = list(dict.fromkeys(str(point["metric"]) for point in points))
    colours = alt.Scale(domain=["worse", "better"], range=[DIRECTIONS["surely worse"], DIRECTIONS["surely better"]])
    bars = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X(
            "samples:Q",
            title="← worse · samples · better →",
            axis=alt.Axis(labelExpr="abs(datum.value)", tickMinStep=1),
        ),
        y=alt.Y("metric:N", title=None, scale=alt.Scale(domain=names), axis=alt.Axis(labelLimit=220, ticks=False)),
        color=alt.Color("way:N", scale=colours, legend=None),
        tooltip=[alt.Tooltip("metric:N"), alt.Tooltip("way:N"), alt.Tooltip("count:Q", title="samples")],
    )
    zero = alt.Chart(alt.InlineData(values=[{"samples": 0}])).mark_rule(color=DIRECTIONS["no sure change"])
    return alt.layer(bars.mark_bar(cornerRadius=2, height=14), zero.encode(x="samples:Q")).properties(
        height=26 * len(names) + 70
    )


def subject_chart(
    base: Mapping[str, Result],
    candidate: Mapping[str, Result],
    metrics: Mapping[str, Metric],
    palette: Mapping[str, str],
) -> Chart | None:
    """Each part of the figures that are divided, by subject say: base beside candidate, those that lost most first.

    `palette` has the colours of the two, under the names that the legend shows: the base's first. None without.
    """
    falls = []
    for metric, ours in candidate.items():
        its, theirs = metric_of(metrics, metric), base.get(metric)
        if its.is_slice and theirs is not None and ours.value is not None and theirs.value is not None:
            difference = ours.value - theirs.value
            gain = its.gain(difference)
            falls.append((-abs(difference) if gain is None else gain, metric))
    names = list(palette)
    marks: list[Mark] = []
    for _, metric in sorted(falls)[:MOST_ROWS]:
        for name, of in zip(names, (base, candidate), strict=True):
            marks += mark_of(of.get(metric), row=metric, series=name)
    return interval_chart(marks, Axis(), palette) if marks else None
