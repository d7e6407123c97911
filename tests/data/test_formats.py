"""Formats: a conversation written in each structure holds what it held before, and can be read back."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.data.training.rows import WRITERS, render
from evalsuite.records import ChosenRejected, Example, Message, Prompt, Rated

ASKED = Prompt(messages=(Message("system", "Be brief."), Message("user", "Why?\nAnd how?")))
ROW = Example(ASKED, "Because.\n\n  So.", "talk")

# What YAML can hold: everything but control characters and halves of characters.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t -:#'\"{}&*!|>%@`"), min_size=1)
CONVERSATION = st.builds(
    lambda system, turns, answer: Example(
        Prompt(messages=(*([Message("system", system)] if system else []), *turns)), answer
    ),
    TEXT | st.none(),
    st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), TEXT), min_size=1, max_size=3),
    TEXT,
)


def written(row: Example) -> str:
    assert row.prompt.text is not None
    return row.prompt.text + row.completion


def turns(row: Example) -> list[dict[str, str]]:
    said = [{"role": message.role, "content": message.content} for message in row.prompt.messages]
    return [*said, {"role": "assistant", "content": row.completion}]


@given(CONVERSATION)
def test_json_is_read_back_as_it_was(row: Example) -> None:
    assert json.loads(written(render(row, "json"))) == turns(row)


@given(CONVERSATION)
def test_yaml_is_read_back_as_it_was(row: Example) -> None:
    assert yaml.safe_load(written(render(row, "yaml"))) == turns(row)


@given(CONVERSATION)
def test_markdown_and_text_hold_every_turn_in_order_and_the_answer_as_it_is(row: Example) -> None:
    for form in ("markdown", "text"):
        found = render(row, form)  # type: ignore[arg-type]
        assert found.completion == row.completion
        place = 0
        for message in row.prompt.messages:
            place = found.prompt.shown.index(message.content, place) + len(message.content)


@given(CONVERSATION)
def test_chat_leaves_a_row_as_it_is(row: Example) -> None:
    assert render(row, "chat") is row


def test_the_prompt_does_not_depend_on_the_answer() -> None:
    for form in WRITERS:
        prompts = {render(Example(ASKED, answer), form).prompt for answer in ("a", "b\nc", " ", '"')}
        assert len(prompts) == 1


@pytest.mark.parametrize(
    ("form", "prompt", "completion"),
    [
        ("text", "Be brief.\n\nWhy?\nAnd how?\n\n", "Because.\n\n  So."),
        (
            "markdown",
            "## System\n\nBe brief.\n\n## User\n\nWhy?\nAnd how?\n\n## Assistant\n\n",
            "Because.\n\n  So.",
        ),
        (
            "yaml",
            "- role: system\n  content: |-\n    Be brief.\n- role: user\n  content: |-\n    Why?\n    And how?\n"
            "- role: assistant\n  content: ",
            "|-\n    Because.\n\n      So.\n",
        ),
        (
            "json",
            '[{"role": "system", "content": "Be brief."},\n {"role": "user", "content": "Why?\\nAnd how?"},\n '
            '{"role": "assistant", "content": "',
            'Because.\\n\\n  So."}]',
        ),
    ],
)
def test_each_format_looks_like_itself(form: str, prompt: str, completion: str) -> None:
    assert render(ROW, form) == Example(Prompt.raw(prompt), completion, "talk")  # type: ignore[arg-type]


def test_every_answer_of_a_row_is_written() -> None:
    pair = render(ChosenRejected(Prompt.user("a"), "b", "c"), "json")
    assert (pair.chosen, pair.rejected) == ('b"}]', 'c"}]')
    assert render(Rated(Prompt.user("a"), "b", False), "markdown") == Rated(
        Prompt.raw("## User\n\na\n\n## Assistant\n\n"), "b", False
    )


def test_a_row_of_plain_text_has_no_structure_to_write() -> None:
    row = Example(Prompt.raw(""), "text")
    assert all(render(row, form) is row for form in WRITERS)
