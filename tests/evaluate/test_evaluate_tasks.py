"""Benchmarks: how items are read, asked and scored, by the worked items of their docstrings and at the edges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.errors import DataError
from evalsuite.evaluate.scoring.aggregate import aggregate
from evalsuite.evaluate.scoring.benchmark import samples_of, score
from evalsuite.evaluate.tasks.generate import Generate
from evalsuite.evaluate.tasks.multiple_choice import MultipleChoice
from evalsuite.models.scripted import ScriptedModel
from evalsuite.records import Adapter, Completion, LogLikelihood, Metric, Prompt, Reply, Sample, Score
from evalsuite.spec.suite import Benchmark

CHOICE = MultipleChoice(kind="multiple_choice")
LAST = Generate(kind="generate")
MARA = {
    "id": "facts-1",
    "question": "Where does Mara live?",
    "choices": ["Oakton", "Brill", "Lome", "Tarn"],
    "answer": 0,
}


def jsonl(folder: Path, *rows: Any) -> Path:
    file = folder / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def weighed(*values: float, tokens: tuple[int, ...] = (1, 1, 1, 1)) -> tuple[LogLikelihood, ...]:
    return tuple(LogLikelihood(value, count) for value, count in zip(values, tokens, strict=False))


def said(text: str, **changes: Any) -> Completion:
    return Completion(text, **{"tokens": 1, "prompt_tokens": 1, "finish": "stop", **changes})


def test_the_worked_item_of_multiple_choice(tmp_path: Path) -> None:
    (sample,) = CHOICE.samples(jsonl(tmp_path, MARA))
    assert sample == Sample(
        "facts-1", Prompt.user("Where does Mara live?"), "Oakton", ("Oakton", "Brill", "Lome", "Tarn"), right=(0,)
    )
    assert CHOICE.score(sample, weighed(-1.2, -4.0, -6.1, -5.5)) == (Score("facts-1", "accuracy", 1.0),)
    assert CHOICE.score(sample, weighed(-4.2, -4.0, -6.1, -5.5)) == (Score("facts-1", "accuracy", 0.0),)


def test_of_equally_likely_options_the_first_counts(tmp_path: Path) -> None:
    first, second = CHOICE.samples(jsonl(tmp_path, MARA, {**MARA, "answer": 1}))
    even = weighed(-1, -1, -1, -1)
    assert [CHOICE.score(sample, even)[0].value for sample in (first, second)] == [1.0, 0.0]


def test_normalising_divides_by_tokens_or_characters() -> None:
    sample = Sample("1", Prompt.raw("?"), "b b b b", ("a", "b b b b"))
    replies = weighed(-2.0, -6.0, tokens=(1, 4))
    scores = {
        way: MultipleChoice(kind="multiple_choice", normalise=way).score(sample, replies)[0].value
        for way in ("none", "tokens", "characters")
    }
    assert scores == {"none": 0.0, "tokens": 1.0, "characters": 1.0}


def test_the_template_frames_the_question(tmp_path: Path) -> None:
    task = MultipleChoice(kind="multiple_choice", template="Q: {question} {x}\nA:")
    (sample,) = task.samples(jsonl(tmp_path, {**MARA, "question": "{question}?"}))
    assert sample.prompt == Prompt.user("Q: {question}? {x}\nA:")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": ""}, "'question' must be non-empty text"),
        ({"choices": ["a"]}, "'choices' must be a list of at least two texts"),
        ({"choices": "ab"}, "'choices' must be a list of at least two texts"),
        ({"choices": ["a", 1]}, "'choices' must be a list of at least two texts"),
        ({"choices": ["a", " "]}, "'choices' must be a list of at least two texts"),
        ({"choices": ["a", "a"]}, "has the same choice twice"),
        ({"answer": 4}, "'answer' must be the position of the right choice, 0 to 3"),
        ({"answer": -1}, "'answer' must be the position of the right choice, 0 to 3"),
        ({"answer": True}, "'answer' must be the position of the right choice, 0 to 3"),
        ({"answer": "A"}, "'answer' must be the position of the right choice, 0 to 3"),
        ({"answer": None}, "'answer' must be the position of the right choice, 0 to 3"),
        ({"group": ["g"]}, "'group' must be text or a whole number"),
    ],
)
def test_a_malformed_item_is_told_with_its_line(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    file = jsonl(tmp_path, MARA, {**MARA, **change})
    with pytest.raises(DataError) as refused:
        CHOICE.samples(file)
    assert str(refused.value) == f"{file}:2  {message}"


def test_the_worked_item_of_generation(tmp_path: Path) -> None:
    (sample,) = LAST.samples(jsonl(tmp_path, {"id": "sums-1", "question": "What is 6 plus 7?", "answer": "13"}))
    assert LAST.score(sample, said("6 plus 7 makes 13.")) == (Score("sums-1", "exact_match", 1.0),)
    assert LAST.score(sample, said("thirteen")) == (
        Score("sums-1", "exact_match", 0.0, "unparsed: no number in the reply"),
    )
    assert LAST.score(sample, said(" \n")) == (Score("sums-1", "exact_match", 0.0, "unparsed: the reply is empty"),)


@pytest.mark.parametrize(
    ("reply", "number"),
    [
        ("13", "13"), ("13.", "13"), ("13.0", "13"), ("13.50", "13.5"), ("$13", "13"), ("13%", "13"), ("013", "13"),
        ("1,300", "1300"), ("1,300,000.25", "1300000.25"), ("1,00,000", "100000"), ("1,2,3", "3"), ("12,13", "13"),
        ("it is 1,300.", "1300"), ("7, 13, and that is all", "13"), ("**13**", "13"), ("(13)", "13"), ("=13", "13"),
        ("-13", "-13"), ("−13", "-13"), ("-0", "0"), ("-0.0", "0"), ("is -13.", "-13"), ("= -.5", "-0.5"),
        (".5", "0.5"),
        ("20-13", "13"), ("x-13", "13"), ("(20)-13", "13"), ("pages 12–13", "13"), ("2024-01-13", "13"),
        ("0.000", "0"), ("00", "0"), ("9" * 40, "9" * 40), ("one", None), ("", None), ("½", None), ("...", None),
        ("1 300", "300"), ("٣", None), ("v1.2.3", "3"),
    ],
)  # fmt: skip
def test_the_last_number_of_a_reply(reply: str, number: str | None) -> None:
    assert LAST.answer(reply) == number


def test_numbers_are_compared_as_numbers_and_the_answer_is_read_by_the_same_rule() -> None:
    sample = Sample("1", Prompt.raw("?"), "6 + 1,294 = 1,300")
    values = {
        reply: LAST.score(sample, said(reply))[0].value for reply in ("1300", "1,300.00", "$1300.", "130", "-1300")
    }
    assert values == {"1300": 1.0, "1,300.00": 1.0, "$1300.": 1.0, "130": 0.0, "-1300": 0.0}


def test_long_numbers_are_compared_digit_by_digit() -> None:
    sample = Sample("1", Prompt.raw("?"), "1" * 40)
    assert LAST.score(sample, said("1" * 39 + "2"))[0].value == 0.0


def test_an_answer_that_no_reply_could_equal_is_malformed(tmp_path: Path) -> None:
    file = jsonl(tmp_path, {"question": "How many?", "answer": "thirteen"})
    with pytest.raises(DataError) as refused:
        LAST.samples(file)
    assert str(refused.value) == f"{file}:1  'answer' holds no number, but the task has `extract: last_number`"
    (sample,) = Generate(kind="generate", extract="all").samples(file)
    assert sample.target == "thirteen"


@pytest.mark.parametrize(
    ("extract", "reply", "value", "reason"),
    [
        ("first_line", "Oakton.\nBecause ...", 1.0, None),
        ("first_line", "\n oakton \n", 1.0, None),
        ("first_line", "In Oakton", 0.0, None),
        ("first_line", "", 0.0, "unparsed: the reply is empty"),
        ("all", "OAKTON.", 1.0, None),
        ("all", "Oakton.\nBecause", 0.0, None),
        ("all", "  ", 0.0, "unparsed: the reply is empty"),
    ],
)
def test_text_is_compared_without_case_edges_and_full_stop(
    extract: Any, reply: str, value: float, reason: str | None
) -> None:
    sample = Sample("1", Prompt.raw("?"), "Oakton")
    task = Generate(kind="generate", extract=extract)
    assert task.score(sample, said(reply)) == (Score("1", "exact_match", value, reason),)


@given(st.text() | st.lists(st.sampled_from("0123456789,.-−() x"), max_size=200).map("".join))
def test_any_reply_has_a_number_or_none(reply: str) -> None:
    number = LAST.answer(reply)
    assert number is None or LAST.answer(number) == number


def test_an_adapter_is_asked_and_each_item_is_scored_with_what_was_said(tmp_path: Path) -> None:
    entry = Benchmark(name="facts", task=CHOICE, data="x")
    samples = samples_of(entry, jsonl(tmp_path, MARA, {**MARA, "id": "2", "answer": 1, "group": "towns"}), seed=0)
    model = ScriptedModel(lambda prompt, adapter: "Brill" if adapter else "Oakton")
    base = score(entry, samples, model=model, adapter=None)
    tuned = score(entry, samples, model=model, adapter=Adapter("a", tmp_path, "d"))
    assert base.scores == (Score("facts-1", "facts.accuracy", 1.0), Score("2", "facts.accuracy", 0.0))
    assert tuned.scores == (Score("facts-1", "facts.accuracy", 0.0), Score("2", "facts.accuracy", 1.0))
    note = "log-likelihoods: Oakton -10.000  Brill -1.000  Lome -10.000  Tarn -10.000"
    assert tuned.replies[1] == Reply("2", "Where does Mara live?", "Brill", "Brill", "towns", note)
    (result,) = base.results
    assert (result.metric, result.value, result.n, result.unscored, result.detail) == (
        "facts.accuracy",
        0.5,
        2,
        0,
        None,
    )


def test_the_reply_shows_the_option_that_was_scored_not_the_likeliest(tmp_path: Path) -> None:
    task = MultipleChoice(kind="multiple_choice", normalise="tokens")
    samples = task.samples(jsonl(tmp_path, {"question": "?", "choices": ["a", "b b b b"], "answer": 1}))
    model = ScriptedModel(lambda prompt, adapter: "", lambda prompt, text, adapter: -2.0 if text == "a" else -6.0)
    outcome = score(Benchmark(name="f", task=task, data="x"), samples, model=model, adapter=None)
    assert (outcome.replies[0].text, outcome.scores[0].value) == ("b b b b", 1.0)


def test_unparsed_and_cut_replies_are_told(tmp_path: Path) -> None:
    entry = Benchmark(name="sums", task=Generate(kind="generate", max_tokens=3), data="x")
    samples = entry.task.samples(jsonl(tmp_path, *({"question": str(n), "answer": "1"} for n in range(3))))
    answers = {"0": "1", "1": "none", "2": "a b c 1"}
    model = ScriptedModel(lambda prompt, adapter: answers[prompt.shown])
    outcome = score(entry, samples, model=model, adapter=None)
    assert [found.value for found in outcome.scores] == [1.0, 0.0, 0.0]
    assert [reply.note for reply in outcome.replies] == [None, None, "cut off at the token limit"]
    (result,) = outcome.results
    assert result.detail == "2 counted as wrong: unparsed: no number in the reply"


def test_a_limit_draws_by_the_suites_seed(tmp_path: Path) -> None:
    file = jsonl(tmp_path, *({**MARA, "id": str(number)} for number in range(30)))
    entry = Benchmark(name="facts", task=CHOICE, data="x", limit=5)
    drawn = [[sample.id for sample in samples_of(entry, file, seed=seed)] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = jsonl(tmp_path, MARA, MARA)
    with pytest.raises(DataError, match="has the id 'facts-1' twice"):
        samples_of(Benchmark(name="facts", task=CHOICE, data="x"), file, seed=0)


def samples(*groups: str | None) -> list[Sample]:
    return [Sample(str(number), Prompt.raw("?"), "", group=group) for number, group in enumerate(groups)]


def test_unscored_samples_are_counted_apart_with_the_commonest_reason() -> None:
    scores = [Score("0", "m", 1.0), Score("1", "m", None, "late"), Score("2", "m", None, "late"), Score("3", "m", None)]
    result = aggregate(Metric("m"), scores, samples(None, None, None, None))
    assert (result.value, result.n, result.unscored, result.reason) == (1.0, 1, 3, "3 unscored: late")
    assert result.low is not None
    assert result.low < 0.5, "one sample proves little"


def test_without_a_score_there_is_no_value_but_a_reason() -> None:
    result = aggregate(Metric("m"), [Score("0", "m", None, "broken")], samples(None))
    assert (result.value, result.low, result.high, result.n, result.reason) == (
        None,
        None,
        None,
        0,
        "1 unscored: broken",
    )


def test_samples_of_one_group_are_less_evidence_than_as_many_groups() -> None:
    scores = [Score(str(number), "m", float(number < 4)) for number in range(8)]
    wide = aggregate(Metric("m"), scores, samples(*"aaaabbbb"))
    narrow = aggregate(Metric("m"), scores, samples(*[None] * 8))
    assert wide.value == narrow.value == 0.5
    assert wide.low is not None
    assert narrow.low is not None
    assert wide.low < narrow.low
