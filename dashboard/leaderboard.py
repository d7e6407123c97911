"""Adapters beside each other: verdicts, metrics with intervals, costs, and why each verdict came out so."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from drawing import COLOURS, MEANINGS, chart, export, why
from reading import ask

from evalsuite.pipeline import paired
from evalsuite.report.leaderboard import leaderboard_charts as charts
from evalsuite.report.leaderboard.changes import Adjustment, Changes, from_baseline, from_bases
from evalsuite.report.leaderboard.leaderboard import Leaderboard, LeaderboardRow, RowFilter, leaderboard
from evalsuite.report.leaderboard.leaderboard_charts import COSTS

COLUMNS = 3
MOST_REASONS = 12
WAYS = ["values", "differences"]
OWN = "its own base model"
ADJUSTMENTS: dict[str, Adjustment] = {"Holm": "holm", "BH": "bh", "none": "none"}


def filtered(board: Leaderboard) -> Leaderboard:
    """The board as the person at the page wants it; no filter is drawn for a field with one choice."""
    adapters = [row for row in board.rows if not row.is_base]
    fields = {
        "methods": ("Method", {row.method for row in adapters}),
        "base_models": ("Base model", {row.base_model for row in adapters}),
        "tags": ("Tag", {tag for row in adapters for tag in row.tags}),
    }
    picked = {}
    with st.container(horizontal=True):
        for field, (label, found) in fields.items():
            if len(found) > 1:
                given = {"placeholder": "all", "width": 300, "key": field, "bind": "query-params"}
                picked[field] = st.multiselect(label, sorted(found), **given)
        if len({row.started_at.date() for row in adapters if row.started_at}) > 1:
            picked["since"] = st.date_input("Run since", None, key="since", bind="query-params", width=180)
    return board.only(RowFilter(**picked))


def minus(store, baseline: str, rows: tuple[str, ...], metrics: tuple[str, ...]):
    """The paired differences of rows from a baseline."""
    return paired.against(store, baseline, rows, metrics)


def compared(board: Leaderboard, whole: Leaderboard, metrics: Sequence[str]) -> Changes:
    """The rows minus the baseline that the person chose, with marks in the way that the person chose."""
    every = [OWN, *(row.spec for row in whole.rows)]
    baseline = st.selectbox("Minus", every, key="baseline", bind="query-params", width=300)
    given = {"default": "Holm", "required": True, "key": "adjust", "bind": "query-params"}
    adjust = ADJUSTMENTS[st.segmented_control("Marks corrected by", list(ADJUSTMENTS), **given)]
    if baseline == OWN:
        return from_bases(board, metrics, adjust)
    asked = tuple(dict.fromkeys(board.metric(name).name for name in metrics))
    found = ask(minus, baseline, tuple(row.spec for row in board.rows), asked)
    return from_baseline(board, baseline, found, metrics=metrics, adjust=adjust)


def drawn(board: Leaderboard, whole: Leaderboard) -> Changes | None:
    """The table in the columns and the way that the person chose, and its files; the differences, if it shows those."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        given = {"placeholder": "the headline metrics", "key": "metrics", "bind": "query-params", "width": 620}
        metrics = st.multiselect("Columns", whole.metrics, **given)
        way = st.segmented_control("Cells", WAYS, default=WAYS[0], required=True, key="cells", bind="query-params")
        changes = compared(board, whole, metrics or board.headline) if way == WAYS[1] else None
    shown = changes.table() if changes else board.table(metrics=metrics)
    by_name = {row.spec: row for row in board.rows}
    frame = pd.DataFrame(shown.rows, columns=shown.heads)
    frame["verdict"] = [[by_name[name].verdict] if by_name[name].verdict else [] for name in frame["spec"]]
    frame["base model"] = [by_name[name].base_model for name in frame["spec"]]
    several = ("base model",) if len({row.base_model for row in whole.rows}) > 1 else ()
    verdict = st.column_config.MultiselectColumn(options=list(COLOURS), color=list(COLOURS.values()), pinned=True)
    configs = {"spec": st.column_config.TextColumn(pinned=True), "verdict": verdict}
    order = ("spec", "verdict", "method", *shown.heads[3:], *several)
    st.dataframe(frame, hide_index=True, column_order=order, column_config=configs)
    if changes:
        st.text(changes.sentence())
    if ways := whole.apart():
        with st.expander("Measured differently, so in columns of their own"):
            st.text("\n".join(ways))
    figures = changes.figures() if changes else board.figures()
    export(shown, figures, name="differences" if changes else "leaderboard", note=changes.sentence() if changes else "")
    return changes


def charts_of(board: Leaderboard, changes: Changes | None) -> None:
    """What the table shows, drawn: values, or differences."""
    metrics = changes.metrics if changes else st.session_state.metrics or board.headline
    found = {
        metric: changes.chart(metric, palette, most=charts.MOST_ROWS)
        if changes
        else charts.metric_chart(board, metric, palette)
        for metric in metrics
    }
    known = [one for one in found.values() if one is not None]
    for start in range(0, len(known), COLUMNS):
        for place, one in zip(st.columns(COLUMNS, gap="large"), known[start:][:COLUMNS], strict=False):
            chart(one, place)
    if len(board.rows) > charts.MOST_ROWS:
        st.text(f"Charts show the first {charts.MOST_ROWS} of {len(board.rows)}; filter to see others.")


def reasons(rows: Sequence[LeaderboardRow]) -> None:
    """Why the verdicts of some rows came out so; the first ones only, where there are many."""
    for index, row in enumerate(rows[:MOST_REASONS]):
        why(row.spec, row.verdict, row.outcomes, key=f"{row.verdict}-{index}")
    if len(rows) > MOST_REASONS:
        st.text(f"The first {MOST_REASONS} of {len(rows)}; filter to see others, or open an adapter's own page.")


whole = ask(leaderboard)
board = filtered(whole)
adapters = [row for row in whole.rows if not row.is_base]
palette = charts.colours([row.spec for row in adapters], [row.spec for row in whole.rows if row.is_base])
with st.container(horizontal=True, key="legend", vertical_alignment="center"):
    for answer, count in Counter(row.verdict for row in board.rows if row.verdict).items():
        st.badge(f"{count} {answer}", color=COLOURS[answer])
    st.text(MEANINGS)
changes = drawn(board, whole)

st.header("Differences with 95 % intervals" if changes else "Values with 95 % intervals", anchor=False)
charts_of(board, changes)

st.header("Quality against cost", anchor=False)
with st.container(horizontal=True):
    metric = st.selectbox("Quality", board.headline, key="quality", bind="query-params", width=300)
    titles = [cost.title for cost in COSTS]
    cost = COSTS[titles.index(st.selectbox("Cost", titles, key="cost", bind="query-params", width=240))]
trade_off = charts.trade_off_chart(board, metric, cost, palette) if metric else None
if metric and whole.metric(metric).direction == "neither":
    st.text(f"Of {metric} neither way is better, so no adapter beats another.")
else:
    st.text("The line joins the adapters that no other beats in both.")
if trade_off is None:
    st.text("No adapter shown here was trained by evalsuite, so nothing is known of what it cost.")
else:
    chart(trade_off)

st.header("Why", anchor=False)
stopped = [row for row in board.rows if row.verdict and row.verdict != "pass"]
passed = [row for row in board.rows if row.verdict == "pass"]
if not stopped and not passed:
    st.text("No verdict yet: the specs name no gate.")
reasons(stopped)
if passed:
    with st.expander("What those that passed were held to"):
        reasons(passed)
