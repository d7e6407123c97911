"""Judges: how far each can be believed, how that changed, what it cost, and what it could not score."""

import streamlit as st
from drawing import beside, reply, standing, table, walk
from reading import ask

from evalsuite.report.judging.judges_page import (
    checks_of,
    cost_table,
    everyone,
    head,
    health_chart,
    health_table,
    history_chart,
    seats_table,
)
from evalsuite.store.judges import check_history, unread
from evalsuite.store.runs import judging_costs

MOST = 500


def unread_of(store, judge: str, rubric: str):
    """The newest samples that a judge gave no score for."""
    return unread(store, judge, rubric, most=MOST)


seats, checks = ask(everyone), ask(check_history)
if not seats:
    st.info("No judge is on record. A suite with `judged` or `pairings` asks one; `evalsuite judge check` measures it.")
    st.stop()
table(seats_table(seats, checks, ask(judging_costs)))
st.text("“takes”: what all its judgments take when nothing comes from the reply cache.")
labels = [f"{seat.judge} by {seat.rubric}" for seat in seats]
seat = seats[labels.index(st.selectbox("Judge", labels, key="judge", bind="query-params", width=420))]
mine = checks_of(seat, checks)

if not mine:
    st.text("This judge was never checked against people's labels. This measures it:")
    st.code(f"evalsuite judge check {seat.judge} --rubric {seat.rubric} --labels FILE", language=None)
else:
    charts = {"Health by the newest check": health_chart(mine[-1]), "Health over time": history_chart(mine)}
    beside(charts, missing="No figure could be computed; the table says why.")
    st.text(head(mine[-1]))
    table(health_table(mine[-1]))
    st.subheader("What the checks take without the reply cache", anchor=False)
    table(cost_table(mine))

st.header("Without a score", anchor=False)
found = ask(unread_of, seat.judge, seat.rubric)
if not found:
    st.text("Every reply that this judge was shown has its score.")
    st.stop()
one = found[min(standing("unread"), len(found) - 1)]
walk(len(found), f"{one.entry} {one.role or ''}   ·   {one.sample_id}", key="unread")
if len(found) == MOST:
    st.text(f"The newest {MOST} of {seat.unread:,}.")
st.subheader("Why", anchor=False)
reply(one.reason or "no reason is on record")
for column, title, words in zip(
    st.columns(2, gap="medium", border=True), ("Asked", "The reply under judgment"), (one.prompt, one.text), strict=True
):
    with column:
        st.text(title)
        reply(words if words is not None else "not on record")
