"""Adapters beside each other: verdicts, headline metrics with their intervals, and why each verdict came out so."""

from collections import Counter

import pandas as pd
import streamlit as st

from evalsuite.report.charts import colours, metric_chart
from evalsuite.report.leaderboard import Leaderboard

COLOURS = {"pass": "green", "fail": "red", "undecided": "orange", "invalid": "violet"}
MEANINGS = "pass: every rule surely holds · fail: a rule is surely broken · undecided: more samples are needed · \
invalid: the evidence cannot be trusted"
COLUMNS = 3


def filtered(board: Leaderboard) -> Leaderboard:
    """The board as the person at the page wants it; no filter is drawn for a field with one choice."""
    adapters = [row for row in board.rows if not row.is_base]
    fields = {"Method": [row.method for row in adapters], "Base model": [row.base_model for row in adapters]}
    choices = {label: sorted(set(found)) for label, found in fields.items()}
    with st.container(horizontal=True):
        picked = [st.multiselect(k, v, placeholder="all", width=340) if len(v) > 1 else [] for k, v in choices.items()]
    return board.only(methods=picked[0], base_models=picked[1])


whole: Leaderboard = st.session_state.snapshot.board
board = filtered(whole)
with st.container(horizontal=True, key="legend", vertical_alignment="center"):
    for answer, count in Counter(row.verdict for row in board.rows if row.verdict).items():
        st.badge(f"{count} {answer}", color=COLOURS[answer])
    st.text(MEANINGS)

table = board.table()
frame = pd.DataFrame(table.rows, columns=table.heads)
frame["verdict"] = [[row.verdict] if row.verdict else [] for row in board.rows]
frame["base model"] = [row.base_model for row in board.rows]
several = ("base model",) if len({row.base_model for row in whole.rows}) > 1 else ()
verdict = st.column_config.MultiselectColumn(options=list(COLOURS), color=list(COLOURS.values()), pinned=True)
configs = {"spec": st.column_config.TextColumn(pinned=True), "verdict": verdict}
order = ("spec", "verdict", "method", *table.heads[3:], *several)
st.dataframe(frame, hide_index=True, column_order=order, column_config=configs)

st.header("Values with 95 % intervals", anchor=False)
for start in range(0, len(board.headline), COLUMNS):
    for place, metric in zip(st.columns(COLUMNS, gap="large"), board.headline[start:][:COLUMNS], strict=False):
        place.altair_chart(metric_chart(board, metric, colours(whole)), width="stretch")

st.header("Why", anchor=False)
for index, row in enumerate(row for row in board.rows if row.verdict):
    with st.container(border=True, key=f"why-{index}"):
        outcomes = sorted(row.outcomes, key=lambda outcome: outcome.answer == "pass")
        for word, sentence in [(row.verdict, row.spec), *((o.answer, o.sentence) for o in outcomes)]:
            left, right = st.columns([1, 11], vertical_alignment="center")
            left.badge(word, color=COLOURS[word])
            right.text(sentence)

with st.expander("All figures, with the number of samples and of those that could not be scored"):
    st.dataframe(pd.DataFrame(board.figures().rows, columns=board.figures().heads), hide_index=True)
