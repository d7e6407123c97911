"""Judges in tables and charts: health now and over time, checks, who judged what, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalsuite.records import Usage
from evalsuite.report.interval_chart import Axis, Mark, interval_chart, mark_of
from evalsuite.report.tables import Cell, Table, figure, interval, usage
from evalsuite.store import Store
from evalsuite.store.judges import JudgeCheck, Seat, check_history, checks, judgings, seats

if TYPE_CHECKING:
    import altair

    Chart = altair.LayerChart | altair.FacetChart


# What a person wants to know of a judge first.
_FIRST = ("agreement", "accuracy", "consistency", "unparsed")


def health_table(check: JudgeCheck) -> Table:
    """One row per figure of a check: value with interval, how many it is about, what is to be said of it."""
    rows = [
        (
            result.metric,
            _value(result.value),
            interval(result.low, result.high),
            result.n,
            result.unscored,
            result.reason or result.detail or "",
        )
        for result in check.results
    ]
    return Table(("figure", "value", "95 %", "n", "unread", "note"), tuple(rows))


def health_figures(check: JudgeCheck) -> Table:
    """The same for other programs: every number in a column of its own."""
    fields = ("metric", "value", "low", "high", "n", "unscored", "reason", "detail")
    return Table(fields, tuple(tuple(getattr(result, field) for field in fields) for result in check.results))


def head(check: JudgeCheck) -> str:
    """Which judge was measured by what, and what judging that once takes, whoever answers."""
    row = check.row
    takes = usage(Usage(row.calls, row.prompt_tokens, row.tokens, row.money) if row.calls else None)
    return (
        f"judge {row.judge}, rubric {row.rubric}, {row.judgments:,} labelled {row.kind} of {row.labels}; "
        f"takes without the reply cache: {takes}"
    )


def calls_made(asked: Usage, paid: float) -> str:
    """How many calls were really made, what was paid for them, and what the reply cache answered instead."""
    if not asked.calls:
        return "no calls: the judge asks no model"
    made = asked.calls - asked.cached
    if not made:
        return f"0 calls, all {asked.calls:,} from the cache"
    rest = f", {asked.cached:,} more from the cache" if asked.cached else ""
    return f"{made:,} calls, ${paid:.4f}{rest}"


def checks_table(found: Sequence[JudgeCheck]) -> Table:
    """One row per judge and rubric: the figures that matter first."""
    rows: list[tuple[Cell, ...]] = [
        (
            check.row.judge,
            check.row.rubric,
            check.row.kind,
            *(_short(check, metric) for metric in _FIRST),
            check.row.judgments,
            f"{check.row.checked_at:%Y-%m-%d}",
        )
        for check in found
    ]
    return Table(("judge", "rubric", "labels", *_FIRST, "n", "checked"), tuple(rows))


def checks_figures(found: Sequence[JudgeCheck]) -> Table:
    """Every figure of every check on a row of its own, for other programs."""
    heads = ("judge", "rubric", "labels", "checked_at")
    rows: list[tuple[Cell, ...]] = [
        (check.row.judge, check.row.rubric, check.row.kind, f"{check.row.checked_at:%Y-%m-%dT%H:%M:%SZ}", *row)
        for check in found
        for row in health_figures(check).rows
    ]
    return Table((*heads, "metric", "value", "low", "high", "n", "unscored", "reason", "detail"), tuple(rows))


def health_lines(store: Store, step_digests: Sequence[str]) -> list[str]:
    """One line for each judge and rubric that the steps were judged by: how far it can be believed."""
    rows = judgings(store, step_digests)
    seats = dict.fromkeys((row.judge, row.rubric, row.judge_digest, row.rubric_digest) for row in rows)
    known = checks(store)
    lines = []
    for judge, rubric, judge_digest, rubric_digest in seats:
        mine = [c for c in known if (c.row.judge_digest, c.row.rubric_digest) == (judge_digest, rubric_digest)]
        said = [f"{metric} {_short(c, metric)} ({c.row.labels})" for c in mine for metric in _FIRST if c.figure(metric)]
        unknown = f"never checked; `evalsuite judge check {judge} --rubric {rubric} --labels FILE` measures it"
        lines.append(f"{judge} by {rubric}: {', '.join(said) or unknown}")
    return lines


def _short(check: JudgeCheck, metric: str) -> str:
    found = check.figure(metric)
    if found is None or found.value is None:
        return "–"
    return f"{found.value:.2f} {interval(found.low, found.high)}"


def _value(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if abs(value) >= 0.001 or value == 0 else f"{value:.2g}"


# In the order of a person's interest, each in a colour that stands out from its neighbours.
_FIGURES = {"agreement": "#3f7fd6", "accuracy": "#d97d2b", "consistency": "#2e9c72", "unparsed": "#cb5452"}


def everyone(store: Store) -> list[Seat]:
    """Every judge by every rubric that judged a step or was checked; none when there is no store yet."""
    found = {(seat.judge, seat.rubric): seat for seat in seats(store)}
    for check in check_history(store):
        key = (check.row.judge, check.row.rubric)
        found.setdefault(key, Seat(*key))
    return [found[key] for key in sorted(found)]


def seats_table(found: Sequence[Seat], checks: Sequence[JudgeCheck], costs: Mapping[tuple[str, str], Usage]) -> Table:
    """One row per judge and rubric: how much it judged, how far its newest check believes it, and what it takes."""
    rows: list[tuple[Cell, ...]] = []
    for seat in found:
        mine = checks_of(seat, checks)
        newest = mine[-1] if mine else None
        rows.append(
            (
                *(seat.judge, seat.rubric, seat.judged, seat.unread),
                *(figure(newest.figure(name)) if newest else "–" for name in _FIGURES),
                f"{newest.row.checked_at:%Y-%m-%d}" if newest else "never",
                f"{seat.last_at:%Y-%m-%d %H:%M}" if seat.last_at else "–",
                usage(costs.get((seat.judge, seat.rubric))),
            )
        )
    return Table(("judge", "rubric", "judged", "no score", *_FIGURES, "checked", "last at work", "takes"), tuple(rows))


def checks_of(seat: Seat, checks: Sequence[JudgeCheck]) -> list[JudgeCheck]:
    """The checks of one judge by one rubric, oldest first."""
    return [check for check in checks if (check.row.judge, check.row.rubric) == (seat.judge, seat.rubric)]


def cost_table(checks: Sequence[JudgeCheck]) -> Table:
    """What each check takes when nothing comes from the reply cache, newest first."""
    rows: list[tuple[Cell, ...]] = [
        (
            f"{row.checked_at:%Y-%m-%d %H:%M}",
            *(row.labels, row.kind, row.judgments, row.calls, row.prompt_tokens + row.tokens),
            f"${row.money:.4f}",
            f"${row.money / row.judgments:.5f}" if row.judgments else "–",
        )
        for row in (check.row for check in reversed(checks))
    ]
    heads = ("checked", "labels", "kind", "judgments", "calls", "tokens", "money", "per judgment")
    return Table(heads, tuple(rows))


def health_chart(check: JudgeCheck) -> Chart | None:
    """The figures of a check that are shares or coefficients, with their intervals; None without any."""
    marks: list[Mark] = []
    for result in check.results:
        if result.value is not None and -1 <= result.value <= 1:
            marks += mark_of(result, row=result.metric, series=result.metric)
    return interval_chart(marks, Axis(ends=(0.0, 1.0)), _FIGURES) if marks else None


def history_chart(checks: Sequence[JudgeCheck]) -> Chart | None:
    """The first figures of each check by time, with their intervals; None before the first."""
    import altair as alt

    points = [
        {
            "figure": name,
            "at": check.row.checked_at.isoformat(),
            "value": result.value,
            "low": result.value if result.low is None else result.low,
            "high": result.value if result.high is None else result.high,
            "interval": interval(result.low, result.high) or "none",
            "labels": check.row.labels,
        }
        for check in checks
        for name in _FIGURES
        if (result := check.figure(name)) is not None and result.value is not None
    ]
    if not points:
        return None
    names = [name for name in _FIGURES if any(point["figure"] == name for point in points)]
    colours = alt.Scale(domain=names, range=[_FIGURES[name] for name in names])
    shown = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("at:T", title=None, scale=alt.Scale(padding=24), axis=alt.Axis(format="%Y-%m-%d", tickCount=5)),
        color=alt.Color("figure:N", scale=colours, legend=alt.Legend(title=None, orient="top")),
        tooltip=[
            alt.Tooltip("figure:N"),
            alt.Tooltip("at:T", format="%Y-%m-%d %H:%M"),
            alt.Tooltip("value:Q", format=".3f"),
            alt.Tooltip("interval:N", title="95 % interval"),
            alt.Tooltip("labels:N"),
        ],
    )
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domainMax=1, zero=True))
    return alt.layer(
        shown.mark_rule(strokeWidth=2, opacity=0.45).encode(y=alt.Y("low:Q", title=None), y2="high:Q"),
        shown.mark_line(opacity=0.6).encode(y=y),
        shown.mark_point(filled=True, size=70, opacity=1).encode(y=y),
    ).properties(height=300)
