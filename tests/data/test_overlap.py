"""Overlap: what was planted is found, every time and by its row; what is clean gives no finding."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from small_project import Project

from evalsuite.cli import evalsuite
from evalsuite.data.contamination import Overlap, contamination, overlaps
from evalsuite.data.near_duplicates import words
from evalsuite.records import ChosenRejected, Example, Message, Prompt, Rated, Row, Sample
from evalsuite.spec.loading.load import load_specs

QUESTION = "Which of the two rivers that meet below the old mill carries more water in spring?"
ANSWER = "The northern one, for the snow of the hills melts into it."
SAMPLE = Sample("rivers", Prompt.user(QUESTION), ANSWER)
OTHERS: list[Row] = [
    Example(Prompt.user(f"Tell me about place number {n}, please, in a few words."), f"Place {n} is quiet.")
    for n in range(20)
]


def found(*rows: Row, sample: Sample = SAMPLE) -> list[tuple[str, float, int]]:
    """Kind, share (two digits) and row of the findings about a sample among other rows and these."""
    return [(it.kind, round(it.share, 2), it.row - len(OTHERS)) for it in overlaps([sample], [*OTHERS, *rows])]


def said(*turns: str) -> Prompt:
    roles = ("user", "assistant")
    return Prompt(messages=tuple(Message(roles[n % 2], turn) for n, turn in enumerate(turns)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "row",
    [
        Example(Prompt.user(QUESTION), ANSWER),
        Example(Prompt.user(f"  {QUESTION.upper()} "), f"**{ANSWER}**"),
        Example(Prompt.user(QUESTION), f"Let me think. {ANSWER} That is all."),
        Example(Prompt.raw(""), f"From a quiz.\n\nQ: {QUESTION}\nA: {ANSWER}\n\nQ: And then?"),
        Example(said("Hello.", "Hi.", QUESTION, ANSWER, "Thanks!"), "You are welcome."),
        ChosenRejected(Prompt.user(QUESTION), "The southern one.", ANSWER),
        Rated(Prompt.user(QUESTION), ANSWER, False),
        Example(Prompt(messages=(Message("system", "You know rivers."), Message("user", QUESTION))), ANSWER),
    ],
)
def test_an_item_is_found_however_it_was_planted(row: Row) -> None:
    assert found(row) == [("item", 1.0, 0)]


def test_a_question_with_another_answer_is_told_apart() -> None:
    assert found(Example(Prompt.user(QUESTION), "I do not know.")) == [("question", 0.57, 0)]


def test_a_part_of_an_item_is_found_and_less_than_half_is_not() -> None:
    long = Sample("long", Prompt.user(" ".join(f"word{n}" for n in range(99))), "end")
    for share in (0.3, 0.45, 0.55, 0.9):
        text = " ".join(f"word{n}" for n in range(round(88 * share) + 12))
        assert bool(found(Example(Prompt.raw(""), f"a b c {text} d e f"), sample=long)) == (share > 0.5)


def test_a_few_changed_words_are_near() -> None:
    near = Example(Prompt.user(QUESTION.replace("mill", "bridge")), ANSWER)
    assert found(near) == [("near", 0.79, 0)]
    # The formula by hand: 24 runs of three words, of which the changed word stands in three of each side.
    assert round(23 / 29, 2) == 0.79


def test_the_strongest_finding_and_its_first_row_are_told() -> None:
    question, item = Example(Prompt.user(QUESTION), "No."), Example(Prompt.user(QUESTION), ANSWER)
    assert found(question, item, item) == [("item", 1.0, 1)]


SHORT = Sample("short", Prompt.user("Capital of France?"), "Paris")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Example(Prompt.user("Capital of France?"), "Paris."), [("item", 1.0, 0)]),
        (Example(Prompt.raw(""), "Capital of France? Paris."), [("item", 1.0, 0)]),
        (Example(said("Hello!", "Hi!", "capital of france", "Paris"), "Bye."), [("item", 1.0, 0)]),
        (Example(Prompt.user("Capital of France?"), "Lyon."), [("question", 0.75, 0)]),
        (Example(Prompt.raw(""), "He left the capital of France. Paris was cold."), []),
    ],
)
def test_a_short_item_counts_as_a_whole_only(row: Row, expected: Any) -> None:
    assert found(row, sample=SHORT) == expected


def test_signs_of_arithmetic_are_words() -> None:
    sums = [Sample(sign, Prompt.user(f"What is 9 {sign} 3, all in all?"), "6") for sign in "+-*/"]
    assert overlaps(sums, [Example(Prompt.user("What is 9 - 3, all in all?"), "6")]) == (Overlap("-", "item", 1.0, 0),)


def test_a_shared_system_message_is_no_finding() -> None:
    system = Message("system", "You are a patient guide who answers every question of a guest in one short sentence.")
    sample = Sample("a", Prompt(messages=(system, Message("user", "Where is the old well?"))), "Behind the mill.")
    row = Example(Prompt(messages=(system, Message("user", "When was the tower built?"))), "In 1310.")
    assert overlaps([sample], [row]) == ()


def test_the_wording_of_a_suite_is_no_finding_but_a_planted_item_of_it_is() -> None:
    wording = "Read the question with care and choose the one answer of the four that is right beyond any doubt."
    samples = [Sample(str(n), Prompt.user(f"{wording} What is kept in room {n * 37}?"), f"Box {n}") for n in range(20)]
    other = Example(Prompt.user(f"{wording} Who opened the gate?"), "Nobody")
    assert overlaps(samples, [other]) == ()
    planted = Example(samples[7].prompt, samples[7].target)
    assert overlaps(samples, [other, planted]) == (Overlap("7", "item", 1.0, 1),)


def test_russian_and_unspaced_scripts_are_compared_like_english() -> None:
    russian = Sample("ru", Prompt.user("Сколько вёсен прожил старый ёж у мельницы за рекой?"), "Семь вёсен.")
    assert found(
        Example(Prompt.raw(""), "сколько весен прожил старый еж у мельницы за рекой — семь весен"), sample=russian
    )
    chinese = Sample("zh", Prompt.user("老磨坊下面的两条河哪一条水更多?"), "北边的那条")
    assert found(Example(Prompt.user("老磨坊下面的两条河,哪一条水更多"), "北边的那条。"), sample=chinese) == [
        ("item", 1.0, 0)
    ]
    assert not found(Example(Prompt.user("老磨坊上面的桥是谁造的?"), "没有人知道。"), sample=chinese)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's a well-known “Fact”.", "it s a well known fact"),
        ("5+8 = 13; 10 − 3", "5 + 8 = 13 10 − 3"),
        ("* one\n- two", "one two"),
        ("ﬁne Ёж", "fine еж"),
        ("水が a1", "水 が a1"),
        ("…!?", ""),
    ],
)
def test_words_are_what_counts_in_a_text(text: str, expected: str) -> None:
    assert " ".join(words(text)) == expected


WORDS = [f"w{n}" for n in range(3000)]


def drawn(seed: int, length: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


@given(st.integers(0, 10_000), st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(0, 200))
def test_whatever_is_planted_is_found_and_nothing_else(seed: int, lengths: list[int], around: int) -> None:
    samples = [
        Sample(str(n), Prompt.user(drawn(seed * 100 + n, length)), drawn(seed * 100 + n + 50, 1 + length // 4))
        for n, length in enumerate(lengths)
    ]
    rows: list[Row] = [Example(Prompt.user(drawn(-seed - 1 - n, 30)), drawn(-seed - 99 - n, around)) for n in range(10)]
    assert overlaps(samples, rows) == ()
    planted = random.Random(seed).sample(range(len(samples)), 1 + len(samples) // 2)
    rows += [Example(samples[n].prompt, samples[n].target) for n in planted]
    assert [(it.sample_id, it.kind, it.share) for it in overlaps(samples, rows)] == [
        (str(n), "item", 1.0) for n in sorted(planted)
    ]


def test_samples_and_rows_without_a_word_are_no_trouble() -> None:
    silent = [Sample("a", Prompt.user("?!"), "..."), Sample("b", Prompt.raw(""), "!"), Sample("c", Prompt(), "x")]
    assert overlaps(silent, [Example(Prompt.user("?!"), "..."), Example(Prompt(), "!")]) == ()
    assert overlaps([], OTHERS) == overlaps([SAMPLE], []) == ()


@pytest.fixture
def leaky(project: Project) -> Project:
    """A project whose training data hold one of its two test items."""
    question = "Which animal is kept by the miller of the town of Brook?"
    project.rows(
        "data/facts.jsonl",
        {"id": "f1", "question": question, "choices": ["a goat", "an owl"], "answer": 0},
        {"id": "f2", "question": "Which bird sings at night?", "choices": ["an owl", "a hen"], "answer": 0},
    )
    project.rows(
        "data/train.jsonl", {"prompt": "Hello.", "completion": "Hi."}, {"prompt": question, "completion": "A goat."}
    )
    return project


def test_a_spec_is_told_which_of_its_samples_it_trains_on(leaky: Project) -> None:
    its = contamination(*load_specs([leaky.spec], ("train.data.0.format=json",)))
    assert str(its) == "1 of 2 test samples stand in the training data (facts 1/2)"
    [item] = its.found
    assert (item.entry, item.sample.id, item.overlap.kind, item.place) == ("facts", "f1", "item", "data/train.jsonl:2")


def test_the_command_lists_them(leaky: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(leaky.root)
    shown = CliRunner().invoke(evalsuite, ["data", "overlap", "specs/mine.yaml"])
    assert (shown.exit_code, shown.output.splitlines()[0]) == (
        0,
        "mine: 1 of 2 test samples stand in the training data (facts 1/2)",
    )
    listed = CliRunner().invoke(evalsuite, ["data", "overlap", "specs/mine.yaml", "--format", "json"])
    assert json.loads(listed.output) == [
        {
            "spec": "mine",
            "entry": "facts",
            "sample": "f1",
            "overlap": "item",
            "share": "1.00",
            "training row": "data/train.jsonl:2",
        }
    ]


def test_a_clean_project_is_told_so(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    shown = CliRunner().invoke(evalsuite, ["data", "overlap", "specs/mine.yaml"])
    assert shown.output == "mine: none of 1 test samples stands in the training data\n"
