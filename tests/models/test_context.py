"""Adapting without weights: what stands before a question, and that only the prompt changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.adapter import adapter_digest
from evalsuite.models.checkpoints.context import FewShotContext, Passages, best, read_context, write_context
from evalsuite.models.in_context import InContextModel
from evalsuite.models.scripted import ScriptedModel
from evalsuite.records import Adapter, Example, Message, Prompt, Sampling

ROWS = (
    Example(Prompt.user("Where does Mara live?"), "In Oakton."),
    Example(Prompt.user("What is 3 + 4?"), "7."),
    Example(Prompt.user("Where does Otto live?"), "In Brill."),
)


def turns(prompt: Prompt) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in prompt.messages]


def test_the_best_examples_stand_before_the_question_the_very_best_last() -> None:
    found = FewShotContext(ROWS, k=2, select="similar").applied(Prompt.user("Where does Otto live today?"))
    assert turns(found) == [
        ("user", "Where does Mara live?"),
        ("assistant", "In Oakton."),
        ("user", "Where does Otto live?"),
        ("assistant", "In Brill."),
        ("user", "Where does Otto live today?"),
    ]


def test_first_always_takes_the_same_examples_and_a_system_message_stays_first() -> None:
    asked = Prompt(messages=(Message("system", "Be brief."), Message("user", "What is 3 + 4?")))
    assert turns(FewShotContext(ROWS, k=1, select="first").applied(asked)) == [
        ("system", "Be brief."),
        ("user", "Where does Mara live?"),
        ("assistant", "In Oakton."),
        ("user", "What is 3 + 4?"),
    ]


def test_passages_are_quoted_best_first() -> None:
    texts = ("Oakton has a bridge.", "Brill lies on the coast.", "Otto lives in Brill.")
    found = Passages(texts, k=2, template="Known: {passages}\nAsked: {question}").applied(Prompt.user("Otto of Brill?"))
    assert turns(found) == [("user", "Known: Otto lives in Brill.\nBrill lies on the coast.\nAsked: Otto of Brill?")]


def test_retrieval_reads_russian_as_it_reads_english() -> None:
    assert best(("Мара живёт в Окте.", "Три плюс четыре."), "Где живёт Мара?", k=1) == [0]


def test_a_question_without_a_known_word_takes_the_first_texts() -> None:
    assert best(("one", "two", "three"), "???", k=2) == [0, 1]


@pytest.mark.parametrize(
    "context", [FewShotContext(ROWS, 2, "similar"), Passages(("a", "b"), 1, "{passages} {question}")]
)
def test_a_context_is_read_back_whole_and_has_a_digest_of_its_content(tmp_path: Path, context) -> None:
    for name in ("one", "two"):
        write_context(tmp_path / name, context)
    assert read_context(tmp_path / "one") == context
    assert adapter_digest(tmp_path / "one") == adapter_digest(tmp_path / "two")
    write_context(tmp_path / "two", FewShotContext(ROWS[:1], 1, "first"))
    assert adapter_digest(tmp_path / "one") != adapter_digest(tmp_path / "two")


def test_a_context_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "context.json").write_text("{")
    with pytest.raises(ModelError, match="is no readable context"):
        read_context(tmp_path)


def test_with_a_context_the_base_is_asked_a_longer_prompt_and_with_weights_the_adapter_is(tmp_path: Path) -> None:
    def answer(prompt: Prompt, adapter: Adapter | None) -> str:
        return f"{len(prompt.messages)} turns, {adapter.name if adapter else 'base'}"

    write_context(tmp_path / "context", FewShotContext(ROWS, 2, "similar"))
    (tmp_path / "weights").mkdir()
    model = InContextModel(ScriptedModel(answer))
    for name, expected in (("context", "5 turns, base"), ("weights", "1 turns, weights")):
        adapter = Adapter(name, tmp_path / name, "digest")
        [reply] = model.generate([Prompt.user("Where does Otto live?")], sampling=Sampling(), adapter=adapter)
        assert reply.text == expected
    assert model.generate([Prompt.user("x")], sampling=Sampling())[0].text == "1 turns, base"


def test_raw_text_has_no_place_for_a_context(tmp_path: Path) -> None:
    write_context(tmp_path, FewShotContext(ROWS, 1, "first"))
    model = InContextModel(ScriptedModel(lambda prompt, adapter: ""))
    with pytest.raises(ModelError, match="a context stands in a conversation, and a task asks raw text"):
        model.generate([Prompt.raw("Once")], sampling=Sampling(), adapter=Adapter("x", tmp_path, "digest"))
