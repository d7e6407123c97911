"""What a teacher wrote: good answers are kept, and every other one says why it is not."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from evalsuite.data.synthesis.teacher_rows import reasons
from evalsuite.records import Completion, Prompt
from evalsuite.spec.teacher import Keep


def why(text: str, *, finish: str = "stop", **keep: object) -> str | None:
    reply = Completion(text, len(text.split()), 3, finish)
    [found] = reasons([Prompt.user("Why?")], [reply], Keep.model_validate_json(json.dumps(keep)))
    return found


@pytest.mark.parametrize(
    "text", ["I must decline.", "I’m so sorry. That is not possible.", "Я не могу обсуждать эту тему."]
)
def test_a_refusal_is_dropped(text: str) -> None:
    assert why(text) == "refused to answer"


@pytest.mark.parametrize("text", ["I apologize, I do not know this.", "Как языковая модель, я этого не знаю."])
def test_an_apology_for_not_knowing_is_dropped_and_is_no_refusal(text: str) -> None:
    assert why(text) == "says that it does not know"


@pytest.mark.parametrize(
    "text", ["Sorry for the delay: the answer is 12.", "So he said: I cannot help with that.", "42"]
)
def test_an_answer_that_only_sounds_like_a_refusal_is_kept(text: str) -> None:
    assert why(text) is None


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("anything", {"finish": "refused"}, "refused to answer"),
        ("a long ans", {"finish": "length"}, "was cut off at the token limit"),
        (" \n", {}, "is empty"),
        ("...", {}, "is empty"),
        ("two words", {"least_words": 3}, "has fewer than 3 words"),
        ("two words", {"most_words": 1}, "has more than 1 words"),
        ("It is so.", {"must": "^So"}, "does not match the wanted form"),
        ("a" * 40 + "!", {"must": "(a+)+$"}, "does not match the wanted form"),
        ("First.\nSo it is.", {"must": "^So"}, None),
    ],
)
def test_each_dropped_answer_says_why(text: str, options: dict[str, object], reason: str | None) -> None:
    assert why(text, **options) == reason


def test_of_equal_questions_with_equal_answers_the_first_is_kept() -> None:
    prompts = [Prompt.user(text) for text in ("One?", "One?", "Two?", "One?")]
    replies = [Completion(text, 1, 1, "stop") for text in ("Yes.", "yes", "Yes.", "No.")]
    assert reasons(prompts, replies, Keep()) == [None, "repeats an earlier row", None, None]


@pytest.mark.parametrize(
    ("keep", "sentence"),
    [({"must": "("}, "is not a regular expression"), ({"least_words": 9, "most_words": 3}, "nothing would fit")],
)
def test_a_condition_that_nothing_can_meet_is_refused(keep: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Keep.model_validate_json(json.dumps(keep))
