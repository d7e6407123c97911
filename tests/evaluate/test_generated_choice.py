"""Multiple choice by a generated letter."""

from __future__ import annotations

import pytest

from evalsuite.errors import ModelError
from evalsuite.evaluate.scoring import generated_choice
from evalsuite.evaluate.scoring.aggregate import require_answers
from evalsuite.models.scripted import ScriptedModel
from evalsuite.records import Completion, Message, Prompt, Sample, Score
from evalsuite.spec.suite import Benchmark

SAMPLE = Sample("1", Prompt.user("Where does Mara live?"), "Brill", ("Oakton", "Brill", "Lome"))


def benchmark(kind="multiple_choice"):
    return Benchmark.model_validate({"name": "facts", "data": "x", "task": {"kind": kind}})


def test_the_options_are_listed_by_letter_after_the_question():
    assert generated_choice.letter_prompt(SAMPLE).shown == (
        "Where does Mara live?\n\nA. Oakton\nB. Brill\nC. Lome\n\nAnswer with the letter only."
    )


def test_options_that_are_letters_already_are_not_listed_again_and_earlier_turns_stay():
    shown = (Message("user", "Q1\nA. 1\nB. 2"), Message("assistant", " B"), Message("user", "Q2\nA. 3\nB. 4"))
    sample = Sample("1", Prompt(messages=shown), " A", (" A", " B"))
    asked = generated_choice.letter_prompt(sample)
    assert asked.messages == (*shown[:2], Message("user", "Q2\nA. 3\nB. 4\n\nAnswer with the letter only."))
    assert generated_choice.option_of_letter(sample, "B") == " B"


@pytest.mark.parametrize(
    ("reply", "option"),
    [
        ("B", "Brill"),
        ("b.", "Brill"),
        ("(C) Lome", "Lome"),
        ("**A.** Oakton", "Oakton"),
        ("B: Brill", "Brill"),
        ("The answer is C because she moved.", "Lome"),
        ("Answer: A", "Oakton"),
        ("D", None),
        ("A town by the sea.", None),
        ("I think she lives in Brill", None),
        ("Brill", None),
        ("the answer is a secret", None),
        ("", None),
    ],
)
def test_a_letter_is_read_where_it_stands_for_itself_and_never_guessed(reply, option):
    assert generated_choice.option_of_letter(SAMPLE, reply) == option


def test_right_wrong_and_unparsed_letters_are_scored_under_a_name_of_their_own():
    samples = [Sample(str(n), Prompt.user(f"Q{n}"), "yes", ("yes", "no")) for n in range(3)]
    replies = {"Q0": "A.", "Q1": "B", "Q2": "Who knows?"}
    model = ScriptedModel(lambda prompt, adapter: replies[prompt.shown[:2]])
    found = generated_choice.score(benchmark(), samples, model=model)
    assert found.scores == (
        Score("0", "facts.letter_accuracy", 1.0),
        Score("1", "facts.letter_accuracy", 0.0),
        Score("2", "facts.letter_accuracy", 0.0, "unparsed: no letter of an option in the reply"),
    )
    (result,) = found.results
    assert (result.metric, result.value, result.n) == ("facts.letter_accuracy", pytest.approx(1 / 3), 3)
    assert result.detail == "1 counted as wrong: unparsed: no letter of an option in the reply"


def test_letters_are_for_served_models_asked_by_chat_and_for_choices_only():
    raw = Sample("1", Prompt.raw("Mara lives in"), " Brill", (" Oakton", " Brill"))
    assert generated_choice.asks_for_letters(benchmark(), [SAMPLE], served=True)
    assert not generated_choice.asks_for_letters(benchmark(), [SAMPLE], served=False)
    assert not generated_choice.asks_for_letters(benchmark(), [raw], served=True)
    assert not generated_choice.asks_for_letters(benchmark("generate"), [SAMPLE], served=True)


def test_a_failed_call_is_no_answer():
    came = Completion("yes", 1, 1, "stop")
    assert require_answers([came]) == [came]
    with pytest.raises(ModelError, match="1 of 2 calls failed for good, the first with: status 500; the others are"):
        require_answers([came, Completion("", 0, 0, "failed", reason="status 500")])
