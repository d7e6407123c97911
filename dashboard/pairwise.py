"""Pairs: who won against whom and how surely, and all adapters on one scale."""

from importlib.util import find_spec

import streamlit as st
from drawing import palette_of, table
from reading import ask

from evalsuite.report.charts import MOST_ROWS
from evalsuite.report.interval_chart import Axis, Mark, interval_chart
from evalsuite.report.leaderboard import leaderboard
from evalsuite.report.pairings import met, met_table, rate_chart, win_matrix


def rated(store):
    """Ratings of every pairing with an outcome, where this evalsuite can rate."""
    if find_spec("evalsuite.report.ratings") is None:
        return []
    from evalsuite.report.ratings import ratings

    return ratings(store)


everything = ask(met)
if not everything:
    st.info("No pairs are on record. Name `pairings` in a suite: what they compare shows up here after its next run.")
    st.stop()
palette = palette_of(ask(leaderboard))
entries = list(dict.fromkeys(one.entry for one in everything))
entry = st.selectbox("Pairing", entries, key="entry", bind="query-params", width=300)
found = [one for one in everything if one.entry == entry]
drawn = sorted(found, key=lambda one: -(one.rate.value or 0.0))[:MOST_ROWS]

left, right = st.columns(2, gap="large")
for place, title, chart in (
    (left, "Who beats whom", win_matrix(drawn)),
    (right, "Win rates with 95 % intervals", rate_chart(drawn, palette)),
):
    with place:
        st.subheader(title, anchor=False)
        if chart is None:
            st.text("No pair could be judged; the notes below say why.")
        else:
            st.altair_chart(chart, width="stretch")
st.text("A row's share of pairs won against the column; a tie counts half. Each pair is judged in both orders.")
if len(drawn) < len(found):
    st.text(f"The charts show the best {len(drawn)} of {len(found)}; the table has all.")
table(met_table(found))

st.header("Ratings", anchor=False)
ratings = [one for one in ask(rated) if one.pairing == entry]
if not ratings:
    st.text("No ratings are on record: they need the outcome of every single pair and who met whom.")
for index, one in enumerate(ratings):
    with st.container(key=f"ratings-{index}"):
        st.text("\n".join([one.head(), *one.notes()]))
        marks = [
            Mark(player.name, player.name, player.elo, *((its.low, its.high) if its else ()), n=player.games)
            for player in one.ratings.players
            for its in [player.interval]
        ]
        st.altair_chart(interval_chart(marks, Axis("rating", digits=0), palette), width="stretch")
        table(one.table())
