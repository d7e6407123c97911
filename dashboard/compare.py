"""Two or more adapters: paired differences, then sample by sample what each one said."""

from typing import get_args

import streamlit as st
from drawing import names, reply, standing, table, walk
from reading import ask

from evalsuite.pipeline import paired
from evalsuite.report.answers import metrics_of, score_words, text_diff
from evalsuite.report.leaderboard.changes import comparison_table
from evalsuite.store.samples import Which, sample_beside

VIEWS = ["as they are", "what differs"]
DISAGREE = "Judges disagree where members of a panel said different things of a reply, or where a judge changed its \
choice when the two replies of a pair changed places."


def differences(store, first: str, second: str):
    """The paired differences of two adapters."""
    return paired.compare(first, second, store)


def sample_of(store, steps: tuple[str, ...], metric: str, which: Which, at: int):
    """The sample that the page stands at, with what each side said."""
    return sample_beside(store, steps, metric, which=which, at=at)


every = names()
given = {"max_selections": 4, "placeholder": "two to four", "key": "specs", "bind": "query-params"}
specs = st.multiselect("Adapters; the first is compared with each other one", every, default=every[:2], **given)
if not specs:
    st.info("Choose at least one adapter; the base model always stands beside it.")
    st.stop()
for other in specs[1:]:
    with st.container(key=f"difference-{specs.index(other)}"):
        st.text(f"{specs[0]} minus {other}, paired by sample, with 95 % intervals")
        found = ask(differences, specs[0], other)
        table(comparison_table(found.differences, found.metrics))
        for sentence in found.sentences(specs[0], other):
            st.text(sentence)

st.header("Sample by sample", anchor=False)
found = ask(metrics_of, tuple(specs))
if not found:
    st.text("These adapters were not scored on a common entry of a suite.")
    st.stop()
with st.container(horizontal=True, vertical_alignment="bottom"):
    entry = st.selectbox("Entry", list(found), key="entry", bind="query-params", width=240)
    metric = st.selectbox("Metric", list(found[entry]), key="metric", bind="query-params", width=300)
    given = {"default": "all", "required": True, "key": "which", "bind": "query-params"}
    which = st.segmented_control("Samples", get_args(Which), **given)
    given = {"default": VIEWS[0], "required": True, "key": "view", "bind": "query-params"}
    view = st.segmented_control("Replies", VIEWS, **given)
sides = found[entry][metric]
if which == "judges disagree":
    st.text(DISAGREE)
sample = ask(sample_of, tuple(side.digest for side in sides), metric, which, standing("at"))
if sample is None:
    st.text("No sample is of this kind.")
    st.stop()
walk(sample.found, sample.sample_id, key="at")
asked = next((answer.reply for answer in sample.answers if answer.reply), None)
left, right = st.columns(2, gap="large")
with left:
    st.subheader("Asked", anchor=False)
    reply(asked.prompt if asked else "not on record")
with right:
    st.subheader("Expected", anchor=False)
    reply(asked.target or "–" if asked else "not on record")
if view == VIEWS[1]:
    st.text(f"Lines with + are said only here, lines with - only by {sides[0].name}.")
first = sample.answers[0].reply
for column, side, answer in zip(st.columns(len(sides), gap="medium", border=True), sides, sample.answers, strict=True):
    with column:
        st.text(f"{side.name}   ·   {score_words(answer)}")
        if answer.reply and first and view == VIEWS[1] and side != sides[0]:
            st.code(text_diff(first.text, answer.reply.text), language="diff", wrap_lines=True)
        else:
            reply(answer.reply.text if answer.reply else "no reply is on record")
        if answer.reply and answer.reply.note:
            st.text(answer.reply.note)
