"""Verifiable instructions: each check at its edge, strict and loose readings, and what is not known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalsuite.evaluate.scoring import benchmark
from evalsuite.evaluate.tasks.ifeval import CHECKS, IfEval, loose_readings, obeys
from evalsuite.models.scripted import ScriptedModel
from evalsuite.records import Outcome
from evalsuite.spec.suite import Benchmark

OBEYED: dict[str, tuple[dict[str, Any], str, str]] = {
    "keywords:existence": ({"keywords": ["rain", "sun"]}, "Rain, then sun.", "Rain."),
    "keywords:frequency": ({"keyword": "ha", "frequency": 2, "relation": "at least"}, "Ha ha", "ha"),
    "keywords:forbidden_words": ({"forbidden_words": ["rain"]}, "rainy", "It is Rain."),
    "keywords:letter_frequency": ({"letter": "a", "let_frequency": 2, "let_relation": "less than"}, "abc", "banana"),
    "length_constraints:number_words": ({"num_words": 3, "relation": "at least"}, "one two three", "one two"),
    "length_constraints:number_paragraphs": ({"num_paragraphs": 2}, "one\n***\ntwo", "one\n\ntwo"),
    "length_constraints:nth_paragraph_first_word": (
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "then"}, "first\n\nThen, it rained", "then\n\nfirst",
    ),
    "detectable_content:number_placeholders": ({"num_placeholders": 2}, "[name] at [place]", "[name] at (place)"),
    "detectable_content:postscript": ({"postscript_marker": "P.S."}, "Bye.\nP.S. call me", "Bye. ps"),
    "detectable_format:number_bullet_lists": ({"num_bullets": 2}, "* one\n- two", "* one\n* two\n* three"),
    "detectable_format:constrained_response": ({}, "My answer is maybe.", "Maybe."),
    "detectable_format:number_highlighted_sections": ({"num_highlights": 2}, "*one* and *two*", "*one* and two"),
    "detectable_format:multiple_sections": (
        {"section_spliter": "Section", "num_sections": 2}, "Section 1\na\nSection 2\nb", "Section 1\na",
    ),
    "detectable_format:json_format": ({}, '```json\n{"a": 1}\n```', "{a: 1}"),
    "detectable_format:title": ({}, "<<Rain>>\nIt rains.", "<<>> Rain"),
    "combination:two_responses": ({}, "one\n******\ntwo", "one\n******\none"),
    "combination:repeat_prompt": ({"prompt_to_repeat": "Why?"}, "why? Because.", "Because. Why?"),
    "startend:end_checker": ({"end_phrase": "Amen"}, "So be it. amen", "Amen, he said"),
    "startend:quotation": ({}, '"quoted"', '"quoted" not'),
    "change_case:capital_word_frequency": (
        {"capital_frequency": 2, "capital_relation": "at least"}, "VERY GOOD indeed", "VERY good",
    ),
    "change_case:english_capital": ({}, "ALL HERE", "All here"),
    "change_case:english_lowercase": ({}, "all here", "All here"),
    "punctuation:no_comma": ({}, "one two", "one, two"),
}  # fmt: skip


def test_every_check_has_its_example() -> None:
    assert OBEYED.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", OBEYED)
def test_a_check_tells_obeyed_from_broken(name: str) -> None:
    given, good, bad = OBEYED[name]
    assert (obeys(name, good, given), obeys(name, bad, given), obeys(name, " ", given)) == (True, False, False)


def test_the_loose_reading_drops_lines_and_asterisks() -> None:
    assert loose_readings("Sure!\n*all here*\nBye")[1:4] == ("*all here*\nBye", "Sure!\n*all here*", "*all here*")
    assert loose_readings("Sure!\n*all here*\nBye")[-1] == "all here"


def asked(folder: Path, reply: str, *rows: dict[str, Any]) -> Outcome:
    file = folder / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    entry = Benchmark(name="own", task=IfEval(kind="ifeval"), data="x")
    samples = benchmark.samples_of(entry, file, seed=0)
    return benchmark.score(entry, samples, model=ScriptedModel(lambda prompt, adapter: reply), adapter=None)


def item(key: int, *instructions: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    names, given = [name for name, _ in instructions], [of for _, of in instructions]
    return {"key": key, "prompt": f"Do {key}.", "instruction_id_list": names, "kwargs": given}


def test_instructions_count_one_by_one_and_prompts_as_a_whole(tmp_path: Path) -> None:
    amen, comma = ("startend:end_checker", {"end_phrase": "Amen", "num_words": None}), ("punctuation:no_comma", {})
    case: tuple[str, dict[str, Any]] = ("change_case:english_lowercase", {})
    outcome = asked(tmp_path, "Soft rain, falling\nAmen", item(1, comma, amen, case), item(2, amen))
    assert {result.metric: result.value for result in outcome.results} == {
        "own.prompt_strict": 0.5,
        "own.instruction_strict": 0.5,
        "own.prompt_loose": 0.5,
        "own.instruction_loose": 0.75,
    }


def test_an_instruction_that_is_not_known_leaves_its_prompt_unscored(tmp_path: Path) -> None:
    language = ("language:response_language", {"language": "de"})
    outcome = asked(tmp_path, "ja", item(1, language), item(2, ("punctuation:no_comma", {})))
    strict = outcome.results[0]
    assert (strict.value, strict.n, strict.unscored) == (1.0, 1, 1)
    assert strict.reason == "1 unscored: no check for language:response_language"
