"""A teacher's answers as rows: asked once, sifted, and kept with the record of where each came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from evalsuite.data.training.rows import source_rows
from evalsuite.errors import TrainingError
from evalsuite.plugins import Asking, TrainingJob
from evalsuite.records import Completion, Example, Message, Prompt, Sampling, Unanswered
from evalsuite.spec.source import Source
from evalsuite.spec.teacher import Keep
from evalsuite.train.methods.distill import teacher_answers

DRAWN = Sampling(max_tokens=12, temperature=0.5, seed=3)


def teaching(folder: Path, answer: Callable[[str], Completion], *, said: list[str] | None = None) -> TrainingJob:
    """A job with four prompts to learn from and two held out, and a teacher that answers from a function."""
    told = [] if said is None else said

    def ask(prompts: Sequence[Prompt], sampling: Sampling) -> list[Completion]:
        assert sampling == DRAWN
        told.extend(prompt.shown for prompt in prompts)
        return [answer(prompt.shown) for prompt in prompts]

    rows = tuple(Unanswered(Prompt.user(f"Why {number}?"), document=f"d{number}") for number in range(6))
    return TrainingJob(
        name="student",
        base=folder,
        train=rows[:4],
        held_out=rows[4:],
        seed=0,
        output=folder / "adapters" / "student",
        progress=told.append,
        teacher=Asking("wise", "abc", ask),
    )


def replying(number: str) -> Completion:
    """A good answer to all but questions 1 and 5."""
    text = {"Why 1?": "I'm sorry, I cannot help with that.", "Why 5?": ""}.get(number, f"So: {number}")
    return Completion(text, 4, 2, "stop")


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_good_answers_become_rows_and_the_others_are_kept_with_their_reason(tmp_path: Path) -> None:
    said: list[str] = []
    job = teaching(tmp_path, replying, said=said)
    train, held_out = teacher_answers(job, DRAWN, explain=False, keep=Keep())
    assert train == tuple(Example(Prompt.user(f"Why {n}?"), f"So: Why {n}?", f"d{n}") for n in (0, 2, 3))
    assert held_out == (Example(Prompt.user("Why 4?"), "So: Why 4?", "d4"),)
    assert said[-1] == "teacher wise: 4 of 6 answers used; refused to answer: 1; is empty: 1"
    assert rows(job.output.with_name("student.dropped.jsonl"))[0] == {
        "prompt": "Why 1?",
        "completion": "I'm sorry, I cannot help with that.",
        "document": "d1",
        "dropped": "refused to answer",
        "finish": "stop",
        "prompt_tokens": 2,
        "tokens": 4,
        "teacher": {"id": "wise", "digest": "abc"},
        "sampling": {
            "max_tokens": 12, "temperature": 0.5, "seed": 3, "stop": [], "response_schema": None, "top_logprobs": 0,
        },
    }  # fmt: skip


def test_what_is_kept_can_be_trained_on_by_any_other_spec(tmp_path: Path) -> None:
    job = teaching(tmp_path, replying)
    train, held_out = teacher_answers(job, DRAWN, explain=False, keep=Keep())
    kept = job.output.with_name("student.answers.jsonl")
    assert source_rows(kept, Source(path=str(kept)), wanted=Example).rows == (*train, *held_out)


def test_a_conversation_is_kept_as_one(tmp_path: Path) -> None:
    job = teaching(tmp_path, replying)
    turns = (Message("user", "Hello."), Message("assistant", "Hello."), Message("user", "Why?"))
    asked = TrainingJob(**{**vars(job), "train": (Unanswered(Prompt(messages=turns)),), "held_out": ()})
    train, _ = teacher_answers(asked, DRAWN, explain=False, keep=Keep())
    kept = job.output.with_name("student.answers.jsonl")
    assert source_rows(kept, Source(path=str(kept)), wanted=Example).rows == train


def test_reasons_are_asked_for_and_the_student_sees_the_question_alone(tmp_path: Path) -> None:
    said: list[str] = []
    train, _ = teacher_answers(teaching(tmp_path, replying, said=said), DRAWN, explain=True, keep=Keep())
    assert said[0].startswith("Why 0?\n\nThink step by step: first explain")
    assert train[0].prompt == Prompt.user("Why 0?")


def test_a_failed_request_stops_the_training_and_says_how_to_go_on(tmp_path: Path) -> None:
    job = teaching(tmp_path, lambda text: Completion("", 0, 0, "failed", reason="no connection"))
    with pytest.raises(TrainingError, match=r"student  6 of 6 requests .* \(no connection\); run again"):
        teacher_answers(job, DRAWN, explain=False, keep=Keep())


def test_a_teacher_without_one_good_answer_is_told(tmp_path: Path) -> None:
    job = teaching(tmp_path, lambda text: Completion("So it", 12, 2, "length"))
    with pytest.raises(TrainingError, match=r"0 of 6 answers used; was cut off .*: 6; nothing is left to learn from"):
        teacher_answers(job, DRAWN, explain=False, keep=Keep())
