"""Forgetting: what an adapter lost against its base, figure by figure, then answer by answer."""

import streamlit as st
from drawing import one_adapter, palette, reply, standing, table, walk
from reading import ask

from evalsuite.errors import NotFound
from evalsuite.report.forgetting.forgetting import MOST, forgetting, told
from evalsuite.report.forgetting.forgetting_charts import change_chart, flip_chart, subject_chart
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.report.tables import is_share

WAYS = ["lost", "gained"]


def page_of(store, name: str):
    """What became better and worse in an adapter, or why nobody knows."""
    try:
        return forgetting(name, store)
    except NotFound as error:
        return str(error)


def drawn(title: str, chart, otherwise: str) -> None:
    """A chart under its title, or a sentence in its place."""
    st.subheader(title, anchor=False)
    if chart is None:
        st.text(otherwise)
    else:
        st.altair_chart(chart, width="stretch")


board = ask(leaderboard)
name = one_adapter()
found = ask(page_of, name)
if isinstance(found, str):
    st.text(found)
    st.stop()
of = {row.spec: row for row in board.rows}
base, shades = f"({of[name].reference})", palette()
scales = [change for change in found.changes if not is_share(change.metric)]

st.text(
    "Red is surely worse, green surely better (p below 0.05), violet surely changed where neither way is better, "
    "grey not surely changed."
)
left, right = st.columns(2, gap="large")
with left:
    others = [change for change in found.changes if is_share(change.metric)]
    drawn("Changes against base", change_chart(others), "Nothing was measured of both.")
with right:
    drawn("Samples that changed", flip_chart(found.changes), "No sample changed its score.")
    nowhere = "No drift was measured; a suite with the probe drift does that."
    drawn("Drift and what else is no share", change_chart(scales), nowhere)
if base in of:
    two = {who: shades[who] for who in (base, name)}
    subjects = subject_chart(of[base].results, of[name].results, board.declared, two)
    drawn("By subject, the greatest falls first", subjects, "No benchmark of this adapter is divided by subject.")
with st.expander("All figures"):
    table(found.change_table())

st.header("Answers that changed", anchor=False)
with st.container(horizontal=True, vertical_alignment="bottom"):
    way = st.segmented_control("Which", WAYS, default=WAYS[0], required=True, key="way", bind="query-params")
    every = found.lost if way == "lost" else found.gained
    metrics = ["all", *dict.fromkeys(moved.metric for moved in every)]
    metric = st.selectbox("Metric", metrics, key="metric", bind="query-params", width=300)
shown = [moved for moved in every if metric in ("all", moved.metric)]
if not shown:
    st.text(f"No sample was {way}.")
    st.stop()
one = shown[min(standing("moved"), len(shown) - 1)]
every = found.count(gained=way == "gained", metric=None if metric == "all" else metric)
if every > len(shown):
    st.text(f"Of {every:,} samples those that moved most: {MOST} of each metric.")
walk(len(shown), f"{one.metric}   ·   {one.sample_id}   ·   {one.by:+.2f}", key="moved")
said = ask(told, one)
for sides in (
    (("Asked", said.question), ("Right answer", said.target)),
    ((base, said.before), (name, said.after)),
):
    for column, (head, words) in zip(st.columns(2, gap="medium", border=True), sides, strict=True):
        with column:
            st.text(head)
            reply(words or "–")
