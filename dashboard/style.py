"""Style: how near each adapter is to its author, and whether a person can tell them apart."""

import streamlit as st
from drawing import one_adapter, palette, reply, standing, table, walk
from reading import ask

from evalsuite.report.answers import metrics_of, score_words
from evalsuite.report.author_style import beside, blind, criteria_chart, fidelity_chart, styles
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.store.samples import sample_beside

LETTERS = "ABCD"


def sample_of(store, steps: tuple[str, ...], metric: str, at: int):
    """The sample that the page stands at, with what each side said."""
    return sample_beside(store, steps, metric, which="all", at=at)


board, every = ask(leaderboard), ask(styles)
if not every:
    st.info("No judged set with an author is on record. Name `judged` in a suite: its fidelity shows up here.")
    st.stop()
shades = palette()
labels = list(dict.fromkeys(style.label for style in every))
with st.container(horizontal=True):
    name = one_adapter()
    label = st.selectbox("Judged set", labels, key="entry", bind="query-params", width=300)
shown = [style for style in every if style.label == label]
mine = next((style for style in shown if style.spec == name), None)

left, right = st.columns(2, gap="large")
with left:
    st.subheader("From the base model to the author", anchor=False)
    scale = fidelity_chart(shown, shades)
    if scale is None:
        st.text("No fidelity could be computed:")
        st.text("\n".join(f"{s.spec}: {s.fidelity.reason}" for s in shown if s.fidelity) or "no run compared them yet")
    else:
        st.altair_chart(scale, width="stretch")
with right:
    st.subheader("By criterion", anchor=False)
    criteria = criteria_chart(mine, shades) if mine else None
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
    table(beside(mine, results, board.declared))

st.header("Who wrote what?", anchor=False)
entry, metric = mine.entry, f"{mine.entry}.score"
sides = ask(metrics_of, (name,)).get(entry, {}).get(metric, ())
sample = ask(sample_of, tuple(side.digest for side in sides), metric, standing("answered")) if sides else None
if sample is None:
    st.text("No answers are on record.")
    st.stop()
walk(sample.found, sample.sample_id, key="answered")
this = (name, entry, sample.sample_id)
if st.button("Show the names", shortcut="S", icon=":material/visibility:"):
    st.session_state.revealed = this
revealed = st.session_state.get("revealed") == this
said = dict(zip((side.name for side in sides), sample.answers, strict=True))
asked = next((answer.reply for answer in sample.answers if answer.reply), None)
with st.container(border=True):
    reply(asked.prompt if asked else "The question is not on record.")
columns = st.columns(len(sides), gap="medium", border=True)
for letter, column, side in zip(LETTERS, columns, blind(sides, sample.sample_id), strict=False):
    with column:
        answer = said[side.name]
        st.text(f"{letter}   ·   {side.name}   ·   {score_words(answer)}" if revealed else letter)
        reply(answer.reply.text if answer.reply else "was not asked")
