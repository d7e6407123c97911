"""The shapes of rows: each is recognised by its keys, read as what a method learns from, or refused with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalsuite.data.training.row_formats import SHAPES, read_row, shape_of
from evalsuite.errors import DataError
from evalsuite.records import ChosenRejected, Example, Message, Prompt, Rated, Row, Unanswered

AT = (Path("rows.jsonl"), 3)
ASKED = Prompt(messages=(Message("system", "be brief"), Message("user", "a")))


def turn(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def said(who: str, text: Any) -> dict[str, Any]:
    return {"from": who, "value": text}


BRIEF = [turn("system", "be brief"), turn("user", "a")]

READ: list[tuple[str, dict[str, Any], Row]] = [
    ("messages", {"messages": [*BRIEF, turn("assistant", "b")]}, Example(ASKED, "b")),
    (
        "sharegpt",
        {"conversations": [said("system", "be brief"), said("human", "a"), said("gpt", "b")]},
        Example(ASKED, "b"),
    ),
    ("sharegpt", {"conversations": [*BRIEF, turn("assistant", "b")]}, Example(ASKED, "b")),
    ("prompt and completion", {"prompt": "a", "completion": "b"}, Example(Prompt.user("a"), "b")),
    ("prompt and completion", {"prompt": BRIEF, "completion": [turn("assistant", "b")]}, Example(ASKED, "b")),
    ("alpaca", {"instruction": "a", "input": "", "output": "b"}, Example(Prompt.user("a"), "b")),
    ("alpaca", {"instruction": "a", "input": "x", "output": "b"}, Example(Prompt.user("a\n\nx"), "b")),
    ("preference", {"prompt": "a", "chosen": "b", "rejected": "c"}, ChosenRejected(Prompt.user("a"), "b", "c")),
    (
        "preference",
        {"prompt": "a", "chosen": [*BRIEF, turn("assistant", "b")], "rejected": [*BRIEF, turn("assistant", "c")]},
        ChosenRejected(ASKED, "b", "c"),
    ),
    (
        "preference",
        {"prompt": BRIEF, "chosen": [turn("assistant", "b")], "rejected": [turn("assistant", "c")]},
        ChosenRejected(ASKED, "b", "c"),
    ),
    ("rated", {"prompt": "a", "completion": "b", "label": True}, Rated(Prompt.user("a"), "b", True)),
    ("rated", {"prompt": "a", "completion": "b", "label": "bad"}, Rated(Prompt.user("a"), "b", False)),
    ("text", {"text": "a b", "id": 1}, Example(Prompt.raw(""), "a b")),
    ("prompt", {"prompt": "a", "reference": "b"}, Unanswered(Prompt.user("a"))),
    ("prompt", {"prompt": BRIEF}, Unanswered(ASKED)),
    ("instruction", {"instruction": "a", "input": "x"}, Unanswered(Prompt.user("a\n\nx"))),
]


@pytest.mark.parametrize(("shape", "row", "expected"), READ)
def test_a_row_is_read_by_its_shape(shape: str, row: dict[str, Any], expected: Row) -> None:
    assert shape_of(row, AT).name == shape
    assert read_row(row, AT, wanted=type(expected)) == expected


@pytest.mark.parametrize("row", [row for shape, row, _ in READ if shape != "text"])
def test_the_prompt_of_any_row_can_be_put_to_a_teacher(row: dict[str, Any]) -> None:
    read = read_row({**row, "document": "d"}, AT, wanted=Unanswered)
    assert isinstance(read, Unanswered)
    assert (read.prompt.messages[-1].content[0], read.document) == ("a", "d")


def test_plain_text_asks_nothing() -> None:
    with pytest.raises(DataError, match="has the shape 'text', and this method learns from prompts; use other data"):
        read_row({"text": "a"}, AT, wanted=Unanswered)


def test_every_shape_has_its_story() -> None:
    assert {shape for shape, _, _ in READ} == {shape.name for shape in SHAPES}


@pytest.mark.parametrize(
    ("fields", "document"),
    [
        ({"document": "lecture 1"}, "lecture 1"),
        ({"document": 7, "source": "x"}, "7"),
        ({"source": "talk.md"}, "talk.md"),
        ({"source": {"file": "x"}}, None),
        ({"document": None}, None),
        ({"document": " "}, None),
        ({}, None),
    ],
)
def test_a_row_knows_its_document(fields: dict[str, Any], document: str | None) -> None:
    assert read_row({"text": "a", **fields}, AT, wanted=Example).document == document


NOT_EMPTY = "the last turn must be the assistant's, and not empty"
BOTH = "a conversation needs at least a user's turn, not empty, and an assistant's"
TURN = "each turn needs 'role' (one of system, user, assistant) and a text 'content'"
LIST = "needs a list of turns, each with 'role' and 'content'"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"messages": "hello"}, LIST),
        ({"messages": []}, LIST),
        ({"messages": [turn("user", "a")]}, BOTH),
        ({"messages": [turn("system", "a"), turn("assistant", "b")]}, BOTH),
        ({"messages": [turn("user", " "), turn("assistant", "b")]}, BOTH),
        ({"messages": [turn("user", "a"), turn("bot", "b")]}, TURN),
        ({"messages": [turn("user", "a"), {"role": ["x"], "content": "b"}]}, TURN),
        ({"messages": [turn("user", "a"), "b"]}, TURN),
        ({"messages": [turn("user", "a"), turn("assistant", None)]}, TURN),
        ({"messages": [turn("user", "a"), turn("assistant", "")]}, NOT_EMPTY),
        ({"messages": [turn("assistant", "a"), turn("user", "b")]}, NOT_EMPTY),
        ({"conversations": [said("human", "a"), said("robot", "b")]},
         "each turn needs 'from' (one of system, human, user, gpt, assistant) and a text 'value'"),
        ({"instruction": "a", "output": " "}, "'output' must be non-empty text"),
        ({"text": ""}, "'text' must be non-empty text"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_told_with_its_line(row: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as refused:
        read_row(row, AT, wanted=Example)
    assert str(refused.value) == f"rows.jsonl:3  {message}"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": "a", "chosen": "b", "rejected": "b "},
         "'chosen' equals 'rejected', which says nothing about what is better"),
        ({"chosen": "a", "rejected": "b"}, "has no 'prompt' (its keys: chosen, rejected)"),
        ({"chosen": [turn("user", "a"), turn("assistant", "b")],
          "rejected": [turn("user", "x"), turn("assistant", "c")]},
         "'chosen' and 'rejected' answer different conversations"),
        ({"prompt": "a", "chosen": "b", "rejected": None}, "'rejected' must be non-empty text"),
        ({"prompt": "a", "completion": "b"},
         "has the shape 'prompt and completion', and this method learns from prompts with a chosen and a rejected "
         "answer; use other data or another method"),
    ],
)  # fmt: skip
def test_a_wrong_pair_is_told_with_its_line(row: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as refused:
        read_row(row, AT, wanted=ChosenRejected)
    assert str(refused.value) == f"rows.jsonl:3  {message}"


def test_a_label_is_true_or_false() -> None:
    with pytest.raises(DataError, match=r"rows\.jsonl:3  'label' must be true or false"):
        read_row({"prompt": "a", "completion": "b", "label": "perhaps"}, AT, wanted=Rated)


def refusal(row: dict[str, Any]) -> str:
    try:
        read_row(row, AT, wanted=Example)
    except DataError as error:
        return str(error)
    return ""


def test_any_json_at_all_is_read_or_refused_but_never_an_accident() -> None:
    odd: list[Any] = [None, True, 1.5, "", "a", [], [1], {}, {"role": "user"}, [[]], [turn("user", [])]]
    for value in odd:
        for shape in SHAPES:
            for key in ("input", "document", "source", "id"):
                told = refusal({**dict.fromkeys(shape.keys, value), key: value})
                assert not told or told.startswith("rows.jsonl:3  ")
