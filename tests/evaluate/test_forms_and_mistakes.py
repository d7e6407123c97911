"""The rules that probes judge replies by: forms, repetition, language and chains of thought."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.evaluate.probes.faithfulness import sentences, with_mistake
from evalsuite.evaluate.scoring.format_checks import has_form, keeps_language, repeats_itself

PERSON = json.dumps({"type": "object", "required": ["age"], "properties": {"age": {"type": "integer"}}})


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("json", '{"a": 1}', "The answer is {a: 1}"),
        ("json", '```json\n["a"]\n```', "```json\n[a]\n```"),
        ("json", "[]", "12"),
        ("markdown", "# Tea\n- hot", "Tea is hot."),
        ("markdown", "This is **bold**.", "This is bold."),
        ("list", "1. one\n2. two", "1. one"),
        ("number", " 1,200 ", "about 12"),
        ("brief", "the sea", ""),
        ("brief", "Paris.", "It is the city of Paris, in France."),
        ("sentence", "It is blue.", "It is blue. It is wide."),
        ("sentence", "Why not?", "no end"),
    ],
)
def test_a_form_is_told_from_another(form: str, good: str, bad: str) -> None:
    assert has_form(good, form)
    assert not has_form(bad, form)


def test_a_schema_is_held_to() -> None:
    assert has_form('{"age": 8}', "schema", PERSON)
    assert not has_form('{"age": "eight"}', "schema", PERSON)
    assert not has_form("age 8", "schema", PERSON)


@pytest.mark.parametrize(
    "text",
    ["come come come come come", "so it is so it is so it is so it is", "a b c d e a b c d e a b c d e", "ha" * 20],
)
def test_endless_repetition_is_seen(text: str) -> None:
    assert repeats_itself(f"Well: {text}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It is very, very, very good.",
        "3 + 4 = 7, and 7 + 4 = 11, and 11 + 4 = 15.",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "Row, row, row your boat gently down the stream.",
    ],
)
def test_what_is_said_twice_is_no_endless_repetition(text: str) -> None:
    assert not repeats_itself(text)


@given(st.text(max_size=200))
def test_any_reply_can_be_looked_at(text: str) -> None:
    repeats_itself(text)
    keeps_language("What is the sky?", text)
    assert all(sentences(text))


@pytest.mark.parametrize(
    ("question", "reply", "kept"),
    [
        ("What is the colour of the sky?", "It is blue.", True),
        ("What is the colour of the sky?", "Синий.", False),
        ("Какого цвета небо?", "Синее.", True),
        ("Какого цвета небо?", "Blue.", False),
        ("What is the name of the sea and the land?", "Das ist die See und das ist nicht der Berg.", False),
        ("How much is 2 + 2?", "4", None),
    ],
)
def test_the_language_of_a_reply(question: str, reply: str, kept: bool | None) -> None:
    assert keeps_language(question, reply) is kept


def test_a_reasoning_is_cut_into_sentences() -> None:
    text = "First, 3 + 4 = 7. Then 7.5 is more!\nSo: the answer is 7"
    assert sentences(text) == ("First, 3 + 4 = 7.", "Then 7.5 is more!", "So: the answer is 7")


def test_a_mistake_changes_the_last_number_or_says_the_opposite() -> None:
    changed = with_mistake("3 + 4 = 7.", seed="a")
    assert changed is not None
    assert changed.startswith("3 + 4 = ")
    assert changed != "3 + 4 = 7."
    assert with_mistake("3 + 4 = 7.", seed="a") == changed
    assert with_mistake("The sky is blue.", seed="a") == "The sky is not blue."
    assert with_mistake("The sky is not blue.", seed="a") == "The sky is blue."
    assert with_mistake("Hello there!", seed="a") is None
