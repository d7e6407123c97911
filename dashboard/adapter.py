"""One adapter: where it comes from, how its training went, all its figures, its verdict, and what it ran on."""

import streamlit as st
import yaml
from drawing import one_adapter, table, why
from reading import ask

from evalsuite.report.cards.run_card import run_cards
from evalsuite.report.leaderboard.leaderboard_charts import curve_chart
from evalsuite.store import read


def card(store, name: str):
    """The adapter's latest run."""
    return run_cards(name, store)[0]


name = one_adapter()
found = ask(card, name)
if found.verdict is not None:
    why(name, found.verdict.answer, found.verdict.outcomes, key="verdict")

left, right = st.columns([3, 2], gap="large")
with left:
    st.subheader("Origin", anchor=False)
    for label, words in found.facts():
        head, text = st.columns([1, 4])
        head.text(label)
        text.text(words)
with right:
    st.subheader("Training", anchor=False)
    if found.training is not None and found.training.curve:
        st.altair_chart(curve_chart(found.training.curve), width="stretch")
    else:
        st.text("No losses are on record: nothing was trained here.")

st.subheader("Results", anchor=False)
table(found.result_table())
with st.container(horizontal=True):
    st.page_link("compare.py", label="Compare it, sample by sample", query_params={"specs": name})
    st.page_link("runs.py", label="The run that made it", query_params={"run": found.spec.run_id})

with st.expander("The spec, as it was resolved"):
    st.code(yaml.safe_dump(ask(read.document_of, found.spec), sort_keys=False, allow_unicode=True), language="yaml")
with st.expander("The environment of the run"):
    environment = ask(read.environment_of, found.spec.run_id)
    st.code(yaml.safe_dump(environment, sort_keys=False), language="yaml")
