"""FastChat's question and answer files, of the Vicuna questions and of MT-bench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalsuite.errors import DataError
from evalsuite.imports import Answered
from evalsuite.imports.fields import At, Row, rows, text, word

Prompts = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class AnswerFile:
    """Answers by their ids; who wrote one is said by its row, never by the file's name."""

    by_id: Mapping[str, tuple[Answered, ...]]

    @property
    def all(self) -> tuple[Answered, ...]:
        """Every answer, turn by turn."""
        return tuple(turn for turns in self.by_id.values() for turn in turns)

    def named(self, answer_id: str, *, question: str, at: At) -> Answered:
        """The first turn of an answer; raises DataError when it is unknown or answers another question."""
        turns = self.by_id.get(answer_id)
        where = f"{at[0]}:{at[1]}"
        if turns is None:
            raise DataError(f"{where}  names the answer {answer_id!r}, which no --answers file has; give its file too")
        if turns[0].question != question:
            raise DataError(
                f"{where}  is about question {question}, and answer {answer_id!r} about {turns[0].question}"
            )
        return turns[0]


def read_questions(files: Sequence[Path]) -> Prompts:
    """The prompts of each question, turn by turn; none without files."""
    found = {}
    for at, row in rows(files, of="questions"):
        found[word(row, "question_id", at)] = _turns(row, "text", at)
    return found


def read_answers(files: Sequence[Path], prompts: Prompts) -> AnswerFile:
    """The answers of each file; raises DataError for one id with two answers."""
    found: dict[str, tuple[Answered, ...]] = {}
    for at, row in rows(files, of="answers"):
        answer_id, system, question = (word(row, key, at) for key in ("answer_id", "model_id", "question_id"))
        asked = prompts.get(question, ())
        turns = tuple(
            Answered(system, question, said, asked[number - 1] if number <= len(asked) else "", number)
            for number, said in enumerate(_turns(row, "text", at), 1)
        )
        if found.get(answer_id, turns) != turns:
            raise DataError(f"{at[0]}:{at[1]}  has the answer_id {answer_id!r} of another answer; ids must be unique")
        found[answer_id] = turns
    return AnswerFile(found)


def _turns(row: Row, key: str, at: At) -> tuple[str, ...]:
    choices = row.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else row
    turns = first.get("turns")
    if turns is None:
        return (text(row, key, at),)
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        raise DataError(f"{at[0]}:{at[1]}  'turns' must be a list of texts")
    return tuple(turns)
