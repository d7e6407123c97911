"""Review: a person says which of two replies is better, or scores replies by a rubric, without knowing whose they are.

The only page that writes: each label is one short write of its own, so that what was answered is kept.
"""

from dataclasses import replace
from pathlib import Path

import streamlit as st
from drawing import names, reply
from reading import ask, store

from evalsuite.data.evaluation.labels import LabelledReply, Labels
from evalsuite.errors import EvalsuiteError
from evalsuite.pipeline.judge_check import keep_labels
from evalsuite.plan.digests import rubric_digest
from evalsuite.report.answers import Side
from evalsuite.report.judging.review import BlindPair, blind, preferences_file, reviewable, scores_file
from evalsuite.spec.loading.load import load_rubric
from evalsuite.spec.loading.lookup import bundled_folder
from evalsuite.spec.rubric import Rubric
from evalsuite.store.judges import human_preferences, human_scores
from evalsuite.store.samples import UnlabelledReply, unlabelled_pair, unlabelled_reply

SOURCE = "review page"
LONGEST_NAME = 80
# A label is worth waiting for, longer than a drawing is.
PATIENCE = 60.0
CHOICES = {"left": ("Left is better", "Left"), "tie": ("Neither", "t"), "right": ("Right is better", "Right")}


def next_pair(store, first: str, second: str, by: str, skipped: tuple[str, ...]):
    """The pair that a person has to look at next."""
    return unlabelled_pair(store, first, second, by=by, skipped=skipped)


def next_reply(store, steps: tuple[str, ...], by: str, digest: str, skipped: tuple[str, ...]):
    """The reply that a person has to score next."""
    return unlabelled_reply(store, steps, by=by, rubric_digest=digest, skipped=skipped)


def keep(labels: Labels, digest: str) -> bool:
    """Whether the labels are in the store now; otherwise the page says why, and the question stays."""
    try:
        keep_labels(replace(store(), patience=PATIENCE), labels, rubric_digest=digest, source=SOURCE)
    except EvalsuiteError as error:
        st.session_state.trouble = str(error)
        return False
    st.session_state.given = st.session_state.get("given", 0) + 1
    return True


def prefer(pair: BlindPair, choice: str, by: str) -> None:
    """Keep which of two replies is better, and remember the pair for a second thought."""
    if keep((pair.labelled(choice, by),), ""):
        st.session_state.pop("again", None)
        st.session_state.last = pair


def so_far(found: UnlabelledReply, rubric: Rubric) -> dict[str, float]:
    """The scores that this very reply got until now; those of another one are forgotten."""
    about = (rubric.name, found.question, found.reply)
    if st.session_state.get("about") != about:
        st.session_state.about, st.session_state.partial = about, {}
    return st.session_state.setdefault("partial", {})


def score(found: UnlabelledReply, rubric: Rubric, value: int, by: str) -> None:
    """Take the score of one criterion; after the last one keep them all."""
    partial = so_far(found, rubric)
    partial[rubric.criteria[len(partial)].name] = float(value)
    if len(partial) < len(rubric.criteria):
        return
    if not keep((LabelledReply(found.question, found.reply, {by: partial}),), rubric_digest(rubric)):
        del partial[rubric.criteria[-1].name]
        return
    st.session_state.partial = {}


def skip(sample: str) -> None:
    """Leave a sample out for now."""
    st.session_state.skipped = (*st.session_state.get("skipped", ()), sample)
    st.session_state.partial = {}
    st.session_state.pop("again", None)


def look_again() -> None:
    """Go back: to the pair labelled last, or to the criterion before."""
    if st.session_state.get("partial"):
        st.session_state.partial.popitem()
    elif "last" in st.session_state:
        st.session_state.again = st.session_state.last


def state(waiting: int) -> None:
    """How far the person is, and what went wrong with the last label."""
    st.text(f"{waiting:,} left   ·   {st.session_state.get('given', 0):,} labelled since you came")
    if "trouble" in st.session_state:
        st.warning("The last label could not be kept. Give it again in a moment.")
        st.text(st.session_state.pop("trouble"))


def pairs(sides: tuple[Side, ...], by: str, skipped: tuple[str, ...]) -> None:
    """Two replies beside each other; arrows choose."""
    first, *others = sides
    labels = [other.name for other in others]
    # A label is Markdown: it holds words of ours only.
    name = st.selectbox("Compared with", labels, key="against", bind="query-params", width=420)
    second = others[labels.index(name)]
    found = ask(next_pair, first.digest, second.digest, by, skipped)
    pair = st.session_state.get("again") or (blind(found, by) if found else None)
    if pair is None:
        st.success(
            "Nothing is left to label here: all pairs are labelled, skipped, or alike. Choose another entry above."
        )
        return
    state(found.waiting if found else 0)
    st.subheader("Asked", anchor=False)
    reply(pair.question)
    for column, text in zip(st.columns(2, gap="large", border=True), (pair.left, pair.right), strict=True):
        with column:
            reply(text)
    with st.container(horizontal=True):
        for choice, (label, key) in CHOICES.items():
            st.button(label, on_click=prefer, args=(pair, choice, by), shortcut=key, key=f"choose-{choice}")
        st.button("Skip", on_click=skip, args=(pair.sample_id,), shortcut="s", type="tertiary", key="skip")
        gone = "last" not in st.session_state
        st.button("Back", on_click=look_again, shortcut="z", type="tertiary", key="back", disabled=gone)
    st.download_button("All pairs, JSONL", preferences_file(ask(human_preferences)), "pairs.jsonl", on_click="ignore")


def chosen_rubric() -> Rubric | None:
    """The rubric that replies are scored by: one of the project's or one that ships with evalsuite."""
    folders = (bundled_folder("rubrics"), Path("rubrics"))
    known = sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})
    name = st.selectbox("Rubric", known, key="rubric", bind="query-params", width=420)
    try:
        return load_rubric(name, beside=Path("-"))
    except EvalsuiteError as error:
        st.warning("The rubric cannot be read.")
        st.text(str(error))
        return None


def scores(sides: tuple[Side, ...], by: str, skipped: tuple[str, ...]) -> None:
    """One reply, whoever gave it, and one criterion after the other; digits score."""
    rubric = chosen_rubric()
    if rubric is None:
        return
    digest = rubric_digest(rubric)
    found = ask(next_reply, tuple(side.digest for side in sides), by, digest, skipped)
    if found is None:
        st.success("Nothing is left to score here: all replies are scored or skipped.")
        return
    state(found.waiting)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Asked", anchor=False)
        reply(found.question)
        st.subheader("Reply", anchor=False)
        with st.container(border=True):
            reply(found.reply)
    partial = so_far(found, rubric)
    criterion = rubric.criteria[len(partial)]
    with right:
        st.subheader(f"Criterion {len(partial) + 1} of {len(rubric.criteria)}", anchor=False)
        st.text(f"{criterion.name}: {criterion.description}")
        for value, anchor in sorted(criterion.anchors.items(), key=lambda item: int(item[0])):
            st.text(f"{value}   {anchor}")
        low, high = criterion.scale
        with st.container(horizontal=True):
            for value in range(low, high + 1):
                key = str(value) if value < 10 else None
                st.button(
                    str(value), on_click=score, args=(found, rubric, value, by), shortcut=key, key=f"score-{value}"
                )
            st.button("Skip", on_click=skip, args=(found.sample_id,), shortcut="s", type="tertiary", key="skip")
            st.button("Back", on_click=look_again, shortcut="z", type="tertiary", key="back", disabled=not partial)
    given = scores_file(ask(human_scores, digest).values())
    st.download_button("All scores, JSONL", given, "scores.jsonl", on_click="ignore")


def start() -> None:
    """Forget what belongs to other questions than those that are chosen now."""
    for key in ("again", "last", "partial", "skipped", "trouble"):
        st.session_state.pop(key, None)


KINDS = {"pairs": pairs, "scores": scores}
specs = names()
with st.container(horizontal=True, vertical_alignment="bottom"):
    given = {"key": "by", "bind": "query-params", "max_chars": LONGEST_NAME, "width": 240, "on_change": start}
    by = st.text_input("Your name, kept with each label", **given).strip()
    given = {"default": "pairs", "required": True, "key": "kind", "bind": "query-params", "on_change": start}
    kind = st.segmented_control("Give", list(KINDS), **given)
    given = {"max_selections": 2, "default": specs[:1], "key": "specs", "bind": "query-params", "on_change": start}
    chosen = st.multiselect("Adapters, with their base", specs, **given)
    entries = ask(reviewable, tuple(chosen)) if chosen else {}
    given = {"key": "entry", "bind": "query-params", "width": 240, "on_change": start}
    entry = st.selectbox("Entry", list(entries), **given)
if not by:
    st.info("Say who you are; then the first question comes.")
elif entry is None:
    st.info("Choose an adapter whose replies are on record.")
else:
    KINDS[kind](entries[entry], by, tuple(st.session_state.get("skipped", ())))
