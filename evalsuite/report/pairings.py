"""Who won against whom: every pairing with its counts, its win rate, and the same at equal length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalsuite.records import UNKNOWN, Measurement, Result, called, marks
from evalsuite.report.figures import figure
from evalsuite.report.interval_chart import Axis, Mark, interval_chart, mark_of
from evalsuite.report.table import Cell, Table
from evalsuite.store import Store, read
from evalsuite.store.measured import measured_metrics
from evalsuite.store.pairings import PairFigure, pair_figures

if TYPE_CHECKING:
    import altair

_RATE = "win_rate"
_OTHERS = ("length_controlled", "position_consistency")


@dataclass(frozen=True)
class Met:
    """One spec against one opponent in one pairing; `others` are the figures beside the win rate, by their name."""

    entry: str
    spec: str
    opponent: str
    won: int
    tied: int
    lost: int
    rate: Result
    others: Mapping[str, Result]


def met(store: Store) -> list[Met]:
    """Every pairing on record, by entry and spec; raises StoreError when there is no store yet."""
    figures = pair_figures(store)
    metrics = read.metrics_of(store, list({one.step for one in figures}))
    of_step: dict[tuple[str, str], dict[str, PairFigure]] = {}
    for one in figures:
        of_step.setdefault((one.step, one.spec), {})[one.result.metric] = one
    measured = {(one.step, one.metric): one.measurement for one in measured_metrics(store)}
    called_so = {name: called(metrics, name) for name in (_RATE, *_OTHERS)}
    found = []
    for step in of_step.values():
        rate = next((step[name] for name in called_so[_RATE] if name in step), None)
        if rate is not None:
            others = {name: step[m].result for name in _OTHERS for m in called_so[name] if m in step}
            opponent = rate.player or f"({rate.base_model})"
            counts = (rate.won, rate.tied, rate.lost)
            met_one = Met(rate.entry, rate.spec, opponent, *counts, rate.result, others)
            found.append((met_one, measured.get((rate.step, rate.result.metric), UNKNOWN)))
    return _marked(found)


def _marked(found: Sequence[tuple[Met, Measurement]]) -> list[Met]:
    """The same, opponents marked who were met in several ways: on other prompts, or before another judge."""
    ways: dict[tuple[str, str], dict[str, Measurement]] = {}
    for one, its in found:
        ways.setdefault((one.entry, one.opponent), {})[its.digest] = its
    told = {key: marks(of.values()) for key, of in ways.items() if len(of) > 1}
    return [
        replace(one, opponent=f"{one.opponent} ({told[one.entry, one.opponent][its.digest]})")
        if (one.entry, one.opponent) in told
        else one
        for one, its in found
    ]


def met_table(found: Sequence[Met]) -> Table:
    """One row per pairing; a dash where a figure is not on record."""
    rows: list[tuple[Cell, ...]] = [
        (
            *(one.spec, one.opponent, one.won, one.tied, one.lost, figure(one.rate)),
            *(figure(one.others.get(name)) for name in _OTHERS),
            one.rate.unscored,
            one.rate.detail or one.rate.reason or "",
        )
        for one in found
    ]
    heads = ("spec", "against", "won", "tied", "lost", "win rate", "at equal length", "same in both orders")
    return Table((*heads, "unscored", "note"), tuple(rows))


def rate_chart(found: Sequence[Met], palette: Mapping[str, str]) -> altair.LayerChart | altair.FacetChart | None:
    """Every win rate with its interval beside the line of no difference; None without any rate."""
    several = len({one.opponent for one in found}) > 1
    marks: list[Mark] = []
    for one in found:
        marks += mark_of(one.rate, row=f"{one.spec} against {one.opponent}" if several else one.spec, series=one.spec)
    axis = Axis("win rate, a tie counts half", lines=(0.5,), ends=(0.0, 1.0))
    return interval_chart(marks, axis, palette) if marks else None


def win_matrix(found: Sequence[Met]) -> altair.LayerChart | altair.FacetChart | None:
    """How often each spec (a row) beat each opponent (a column), as a number on its colour; None without any rate."""
    import altair as alt

    points = [
        {
            "spec": one.spec,
            "opponent": one.opponent,
            "rate": one.rate.value,
            "counts": f"{one.won} won, {one.tied} tied, {one.lost} lost",
            "shown": figure(one.rate),
        }
        for one in found
        if one.rate.value is not None
    ]
    if not points:
        return None
    rows = list(dict.fromkeys(str(point["spec"]) for point in points))
    cells = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("opponent:N", title="against", axis=alt.Axis(orient="top", labelAngle=0, labelLimit=200, ticks=False)),
        y=alt.Y("spec:N", title=None, scale=alt.Scale(domain=rows), axis=alt.Axis(labelLimit=200, ticks=False)),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("spec", "opponent", "shown", "counts")],
    )
    # Dark enough at both ends and light in the middle: the number is written in what stands out.
    shade = alt.Color(
        "rate:Q", legend=None, scale=alt.Scale(domain=[0, 0.5, 1], range=["#b5483f", "#d9d9d9", "#2e7fb8"])
    )
    ink = alt.condition("datum.rate > 0.25 && datum.rate < 0.75", alt.value("#222222"), alt.value("#ffffff"))
    number = cells.mark_text(fontSize=13).encode(text=alt.Text("rate:Q", format=".2f"), color=ink)
    height = 34 * len(rows) + 60
    return alt.layer(cells.mark_rect(cornerRadius=3).encode(color=shade), number).properties(height=height)
