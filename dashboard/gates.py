"""Gates and registry: every verdict of a spec and why, the released adapters, and what differs between two."""

import os
from pathlib import Path

import streamlit as st
from drawing import table, why
from reading import ask

from evalsuite.errors import EvalsuiteError
from evalsuite.registry.cards import read_aliases, read_cards
from evalsuite.report.cards.released import cards_table, difference_table, facts, results_table
from evalsuite.report.cards.verdict import changed_rules, history_table
from evalsuite.report.tables import Table
from evalsuite.store import read
from evalsuite.store.board import past_verdicts


def verdicts() -> None:
    """The verdicts of one spec over time, why one came out so, and what moved since the one before."""
    found = ask(past_verdicts)
    if not found:
        st.text("No run has come to a verdict yet: the specs name no gate.")
        return
    spec = st.selectbox("Spec", sorted({past.spec for past in found}), key="spec", bind="query-params", width=420)
    mine = [past for past in found if past.spec == spec]
    table(history_table(mine), key="history")
    runs = [past.run_id for past in mine]
    given = {"key": "run", "bind": "query-params", "width": 320}
    at = runs.index(st.selectbox("Why it came out so in the run", runs, **given))
    verdict = ask(read.verdict_of, mine[at].step_digest)
    if verdict is None:
        st.text("Its reasons are not on record.")
        return
    why(spec, verdict.answer, verdict.outcomes, key="verdict")
    # A run that found nothing new to do takes over the verdict of the run before.
    other = next((past for past in mine[at + 1 :] if past.step_digest != mine[at].step_digest), None)
    before = ask(read.verdict_of, other.step_digest) if other else None
    if before is None or other is None:
        return
    moved = changed_rules(before, verdict)
    st.text(f"What moved since the run {other.run_id}, which said {before.answer}:")
    if moved.rows:
        table(moved, key="moved")
    else:
        st.text("Nothing but what it was decided on: every rule found the same.")


def registry(folder: Path) -> None:
    """The cards with their aliases, one card in full, and what differs between two."""
    st.text(str(folder))
    try:
        cards, aliases = read_cards(folder), read_aliases(folder)
    except EvalsuiteError as error:
        st.warning("The registry cannot be read; `evalsuite registry verify` says more.")
        st.text(str(error))
        return
    if not cards:
        st.text("Nothing has been released into this folder yet. A spec whose verdict passed is released by:")
        st.code("evalsuite release SPEC --version 1.0.0 --alias production", language="bash")
        return
    table(cards_table(cards, aliases), key="cards")
    moves = [
        (name, pointer.label, f"{pointer.since:%Y-%m-%d %H:%M}", "now" if place == 0 else "before")
        for name, alias in aliases.aliases.items()
        for place, pointer in enumerate((alias.now, *alias.before))
    ]
    if moves:
        st.subheader("Aliases", anchor=False)
        table(Table(("alias", "card", "since", ""), tuple(moves)), key="aliases")
    by_label = {card.label: card for card in cards}
    labels = list(reversed(by_label))
    with st.container(horizontal=True):
        chosen = by_label[st.selectbox("Card", labels, key="card", bind="query-params", width=320)]
        others = [label for label in labels if label != chosen.label]
        names = [label for label in others if by_label[label].name == chosen.name] or others
        given = {"key": "against", "bind": "query-params", "width": 320, "placeholder": "another card"}
        against = st.selectbox("Compare it with", others, index=others.index(names[0]) if names else None, **given)
    left, right = st.columns([3, 2], gap="large")
    with left:
        for label, words in facts(chosen):
            head, text = st.columns([1, 4])
            head.text(label)
            text.text(words)
        for sentence in chosen.verdict.found:
            st.text(sentence)
    with right:
        table(results_table(chosen), key="results")
    if against in by_label:
        st.subheader("What differs", anchor=False)
        table(difference_table(by_label[against], chosen), key="difference")


verdicts()
st.header("Registry", anchor=False)
registry(Path(os.environ.get("EVALSUITE_REGISTRY", "adapters_registry")).resolve())
