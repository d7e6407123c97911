"""Style: how near each adapter is to its author, and whether a person can tell them apart."""

import streamlit as st
from drawing import one_adapter, palette_of, reply, table, walk
from reading import ask

from evalsuite.report.leaderboard import leaderboard
from evalsuite.report.samples import beside_each_other, metrics_of, replies
from evalsuite.report.style import beside, blind, criteria_chart, fidelity_chart, styles

LETTERS = "ABCD"

board, every = ask(leaderboard), ask(styles)
if not every:
    st.info("No judged set with an author is on record. Name `judged` in a suite: its fidelity shows up here.")
    st.stop()
palette = palette_of(board)
entries = list(dict.fromkeys(style.entry for style in every))
with st.container(horizontal=True):
    name = one_adapter(board)
    entry = st.selectbox("Judged set", entries, key="entry", bind="query-params", width=300)
shown = [style for style in every if style.entry == entry]
mine = next((style for style in shown if style.spec == name), None)

left, right = st.columns(2, gap="large")
with left:
    st.subheader("From the base model to the author", anchor=False)
    scale = fidelity_chart(shown, palette)
    if scale is None:
        st.text("No fidelity could be computed:")
        st.text("\n".join(f"{s.spec}: {s.fidelity.reason}" for s in shown if s.fidelity) or "no run compared them yet")
    else:
        st.altair_chart(scale, width="stretch")
with right:
    st.subheader("By criterion", anchor=False)
    criteria = criteria_chart(mine, palette) if mine else None
    if criteria is None:
        st.text("This adapter has no scores on this set.")
    else:
        st.altair_chart(criteria, width="stretch")
if mine is None:
    st.stop()
with st.expander("Scores by criterion"):
    table(mine.criteria())
results = next(row.results for row in board.rows if row.spec == name)
with st.expander("What else is known of its style"):
    table(beside(entry, results))

st.header("Who wrote what?", anchor=False)
metric = f"{entry}.score"
sides = ask(metrics_of, (name,)).get(entry, {}).get(metric, ())
samples = ask(beside_each_other, sides, metric)
if not samples:
    st.text("No answers are on record.")
    st.stop()
at = walk(len(samples), lambda at: samples[at].sample_id, key="answered")
sample = samples[at]
this = (name, entry, sample.sample_id)
if st.button("Show the names", shortcut="S", icon=":material/visibility:"):
    st.session_state.revealed = this
revealed = st.session_state.get("revealed") == this
said = ask(replies, sides, sample.sample_id)
known = [answer for answer in said.values() if answer is not None]
with st.container(border=True):
    reply(known[0].prompt if known else "The question is not on record.")
scores = dict(zip((side.name for side in sides), sample.values, strict=True))
columns = st.columns(len(sides), gap="medium", border=True)
for letter, column, side in zip(LETTERS, columns, blind(sides, sample.sample_id), strict=False):
    with column:
        score = "unscored" if scores[side.name] is None else f"{scores[side.name]:.2f}"
        st.text(f"{letter}   ·   {side.name}   ·   {score}" if revealed else letter)
        answer = said[side.name]
        reply(answer.text if answer else "was not asked")
