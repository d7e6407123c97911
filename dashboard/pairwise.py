"""Pairs: who won against whom and how surely, and all adapters on one scale."""

import streamlit as st
from drawing import beside, palette, table
from reading import ask

from evalsuite.report.interval_chart import Axis, Mark, interval_chart
from evalsuite.report.judging.ratings import met, met_table, rate_chart, ratings, win_matrix
from evalsuite.report.leaderboard.leaderboard_charts import MOST_ROWS
from evalsuite.store.pair_rows import knows_opponents

# Every rating is refitted on hundreds of resamples; with more pairs than this that takes longer than a page may.
AT_ONCE = 10_000


def rated(store):
    """Ratings of every pairing; none where the store is of a version that does not say who met whom."""
    return ratings(store) if knows_opponents(store) else []


everything = ask(met)
if not everything:
    st.info("No pairs are on record. Name pairings in a suite: what they compare shows up here after its next run.")
    st.stop()
shades = palette()
entries = list(dict.fromkeys(one.entry for one in everything))
entry = st.selectbox("Pairing", entries, key="entry", bind="query-params", width=300)
found = [one for one in everything if one.entry == entry]
drawn = sorted(found, key=lambda one: -(one.rate.value or 0.0))[:MOST_ROWS]

charts = {"Who beats whom": win_matrix(drawn), "Win rates with 95 % intervals": rate_chart(drawn, shades)}
beside(charts, missing="No pair could be judged; the notes below say why.")
st.text("A row's share of pairs won against the column; a tie counts half. Each pair is judged in both orders.")
if len(drawn) < len(found):
    st.text(f"The charts show the best {len(drawn)} of {len(found)}; the table has all.")
table(met_table(found))

st.header("Ratings", anchor=False)
pairs = sum(one.won + one.tied + one.lost for one in everything)
if pairs > AT_ONCE:
    given = {"key": "rated", "bind": "query-params"}
    if not st.toggle(f"Rate all by their {pairs:,} pairs, which takes a minute or more", **given):
        st.stop()
scales = [one for one in ask(rated) if one.pairing == entry]
if not scales:
    st.text("No ratings are on record: they need the outcome of every single pair and who met whom.")
for index, one in enumerate(scales):
    with st.container(key=f"ratings-{index}"):
        st.text("\n".join([one.head(), *one.notes()]))
        marks = [
            Mark(player.name, player.name, player.elo, *((its.low, its.high) if its else ()), n=player.games)
            for player in one.ratings.players
            for its in [player.interval]
        ]
        st.altair_chart(interval_chart(marks, Axis("rating", digits=0), shades), width="stretch")
        table(one.table())
