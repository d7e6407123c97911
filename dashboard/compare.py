"""Two or more adapters: paired differences, then sample by sample what each one said."""

import streamlit as st
from drawing import reply, table, walk
from reading import ask

from evalsuite import pipeline
from evalsuite.report.comparison import comparison_table
from evalsuite.report.leaderboard import leaderboard
from evalsuite.report.samples import beside_each_other, metrics_of, replies, text_diff

WHICH = ["differs", "first lost", "first won", "unscored", "all"]


def differences(store, first: str, second: str):
    """The paired differences of two adapters."""
    return pipeline.compare(first, second, store)


names = [row.spec for row in ask(leaderboard).rows if not row.is_base]
given = {"max_selections": 4, "placeholder": "two to four", "key": "specs", "bind": "query-params"}
specs = st.multiselect("Adapters; the first is compared with each other one", names, default=names[:2], **given)
if not specs:
    st.info("Choose at least one adapter; the base model always stands beside it.")
    st.stop()
for other in specs[1:]:
    with st.container(key=f"difference-{specs.index(other)}"):
        st.text(f"{specs[0]} minus {other}, paired by sample")
        table(comparison_table(ask(differences, specs[0], other)))

st.header("Sample by sample", anchor=False)
found = ask(metrics_of, tuple(specs))
if not found:
    st.text("These adapters were not scored on a common entry of a suite.")
    st.stop()
with st.container(horizontal=True, vertical_alignment="bottom"):
    entry = st.selectbox("Entry", list(found), key="entry", bind="query-params", width=240)
    metric = st.selectbox("Metric", list(found[entry]), key="metric", bind="query-params", width=300)
    which = st.segmented_control("Samples", WHICH, default="all", required=True, key="which", bind="query-params")
sides = found[entry][metric]
samples = [sample for sample in ask(beside_each_other, sides, metric) if sample.fits(which)]
if not samples:
    st.text("No sample is of this kind.")
    st.stop()
at = walk(len(samples), lambda at: samples[at].sample_id, key="at")
said = ask(replies, sides, samples[at].sample_id)
known = [text for text in said.values() if text is not None]
left, right = st.columns(2, gap="large")
with left:
    st.subheader("Asked", anchor=False)
    reply(known[0].prompt)
with right:
    st.subheader("Expected", anchor=False)
    reply(known[0].target)
columns = st.columns(len(sides), gap="medium", border=True)
for column, side, value in zip(columns, sides, samples[at].values, strict=True):
    with column:
        st.text(f"{side.name}   ·   {'unscored' if value is None else f'{value:.2f}'}")
        answer = said[side.name]
        reply(answer.text if answer else "was not asked")
        if answer and answer.note:
            st.text(answer.note)
if len(known) > 1:
    with st.expander(f"What differs between {len(known)} replies, sentence by sentence: first and second"):
        st.code(text_diff(known[0].text, known[1].text), language="diff", wrap_lines=True)
