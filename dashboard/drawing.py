"""What several pages draw. Names, prompts and replies come from outside: they are shown as text, never as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from reading import ask

from evalsuite.records import RuleOutcome
from evalsuite.report.leaderboard.leaderboard_charts import colours
from evalsuite.report.tables import Table
from evalsuite.store.board import adapters

COLOURS = {"pass": "green", "fail": "red", "undecided": "orange", "invalid": "violet"}
MEANINGS = "pass: every rule surely holds · fail: a rule is surely broken · undecided: more samples are needed · \
invalid: the evidence cannot be trusted"
LONGEST = 20_000


def table(shown: Table, *, key: str | None = None) -> None:
    """A table of words."""
    st.dataframe(pd.DataFrame(shown.rows, columns=shown.heads), hide_index=True, key=key)


def chart(drawn: Any, place: Any = st) -> None:
    """A chart in the full width; what altair calls validation is two thirds of drawing, and tests have done it."""
    place.vega_lite_chart(drawn.to_dict(validate=False), width="stretch")


def beside(charts: Mapping[str, Any], *, missing: str) -> None:
    """Charts side by side under their titles; a sentence where there is nothing to draw."""
    for place, (title, drawn) in zip(st.columns(len(charts), gap="large"), charts.items(), strict=True):
        place.subheader(title, anchor=False)
        if drawn is None:
            place.text(missing)
        else:
            place.altair_chart(drawn, width="stretch")


def why(spec: str, answer: str | None, outcomes: Sequence[RuleOutcome], *, key: str) -> None:
    """A verdict with what each rule found, those that did not pass first."""
    with st.container(border=True, key=f"why-{key}"):
        ordered = sorted(outcomes, key=lambda outcome: outcome.answer == "pass")
        for word, sentence in [(answer or "none", spec), *((o.answer, o.sentence) for o in ordered)]:
            left, right = st.columns([1.5, 11], vertical_alignment="center")
            left.badge(word, color=COLOURS.get(word, "gray"))
            right.text(sentence)


def reply(text: str) -> None:
    """What a model said, as text; a very long one is cut, and says so."""
    if not text.strip():
        st.text("(no text)")
        return
    rest = len(text) - LONGEST
    st.text(text[:LONGEST] + (f"\n… and {rest:,} characters more" if rest > 0 else ""))


def names() -> list[str]:
    """The names of all adapters, those that passed first."""
    return [name for name, _ in ask(adapters)]


def one_adapter() -> str:
    """The adapter that the page is about, chosen in its head and kept in the address."""
    return st.selectbox("Adapter", names(), key="spec", bind="query-params", width=420)


def palette() -> dict[str, str]:
    """The colour of each adapter and base model, the same on every page."""
    found = ask(adapters)
    return colours([name for name, _ in found], [f"({base})" for _, base in found])


def standing(key: str) -> int:
    """The place, from 0, where the page stands among those that `walk` goes through; kept in the address from 1."""
    if key not in st.session_state:
        given = st.query_params.get(key, "")
        st.session_state[key] = max(int(given) - 1, 0) if given.isdecimal() and len(given) < 9 else 0
    at: int = st.session_state[key]
    return at


def walk(of: int, name: str, *, key: str) -> int:
    """Buttons and arrow keys from one to the next, from the last to the first and back; gives where they stand."""
    at = min(standing(key), of - 1)
    st.query_params[key] = str(at + 1)

    def turn(step: int) -> None:
        st.session_state[key] = (at + step) % of

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Previous", on_click=turn, args=(-1,), shortcut="Left", icon=":material/chevron_left:")
        st.button("Next", on_click=turn, args=(1,), shortcut="Right", icon=":material/chevron_right:")
        st.text(f"{at + 1:,} of {of:,}   ·   {name}")
    return at


def export(shown: Table, figures: Table, *, name: str, note: str = "") -> None:
    """Buttons that give what is shown as Markdown, under a note, and all figures behind it as CSV and Parquet."""
    frame = pd.DataFrame(figures.rows, columns=figures.heads)
    with st.container(horizontal=True):
        st.download_button("CSV", figures.csv(), f"{name}.csv", "text/csv", on_click="ignore")
        st.download_button("Parquet", frame.to_parquet, f"{name}.parquet", on_click="ignore")
        words = f"{note}\n\n{shown.markdown()}" if note else shown.markdown()
        st.download_button("Markdown", words, f"{name}.md", "text/markdown", on_click="ignore")
