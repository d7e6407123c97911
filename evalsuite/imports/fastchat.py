"""FastChat's files: questions, answers, reviews of the Vicuna questions, MT-bench's judgments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalsuite.errors import DataError
from evalsuite.imports.imported import (
    Answered,
    At,
    Imported,
    ImportedGrade,
    ImportedPair,
    Row,
    digests,
    number,
    rows,
    text,
    turn,
    word,
)
from evalsuite.stats.ratings.both_orders import BothOrders, Verdict, winner

UNREAD = "the judge's reply could not be read"

_SINGLE = (re.compile(r"\[\[(\d+\.?\d*)\]\]"), re.compile(r"\[(\d+\.?\d*)\]"))


def two_scores(review: str) -> tuple[float, float] | None:
    """The two grades on a Vicuna review's first line, read exactly as FastChat does (commas become spaces).

    "9 8.5" is read, and so is "9,8"; "9, 8" becomes three parts there and is not, nor here, so that totals agree.
    """
    line = review.split("\n", 1)[0].replace(",", " ")
    parts = line.split(" ")
    try:
        first, second = (float(part) for part in parts)
    except ValueError:
        return None
    return (first, second) if first >= 0 and second >= 0 else None


def single_rating(reply: str) -> float | None:
    """MT-bench's grade of one answer: the first `[[7]]`, else the first `[7]`."""
    for pattern in _SINGLE:
        if found := pattern.search(reply):
            return float(found.group(1))
    return None


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


Grades = tuple[float, float]


def read_reviews(name: str, files: Sequence[Path], *, answers: Sequence[Path], questions: Sequence[Path]) -> Imported:
    """The reviews of the files; systems are known by the ids of their answers.

    The grades recorded under `score` count where there are some, for people have entered what the first line
    lacks; otherwise the first line is read. Two grades of -1 mean unread. Raises DataError for unknown answers
    or malformed rows.
    """
    known = read_answers(answers, read_questions(questions))
    compared, by_hand = [], 0
    told: dict[tuple[str, str], Answered] = {}
    for at, row in rows(files, of="reviews"):
        question = word(row, "question_id", at)
        pair = [known.named(word(row, key, at), question=question, at=at) for key in ("answer1_id", "answer2_id")]
        told |= {(answer.system, answer.question): answer for answer in pair}
        read, recorded = two_scores(text(row, "text", at)), _recorded(row, at)
        grades = read if recorded is None else recorded if min(recorded) >= 0 else None
        by_hand += recorded is not None and grades is not None and read != grades
        score = None if grades is None else 0.5 if grades[0] == grades[1] else float(grades[0] > grades[1])
        compared.append(ImportedPair(question, 1, pair[0].system, pair[1].system, score, grades))
    notes = []
    if by_hand:
        notes.append(f"{by_hand} of {len(compared)} reviews do not begin with their grades; the recorded ones count")
    sources = digests(files)
    return Imported(name, sources, tuple(told.values()), compared=tuple(compared), notes=tuple(notes))


def _recorded(row: Row, at: At) -> Grades | None:
    value = row.get("score")
    if value is None:
        return None
    if (
        not isinstance(value, list)
        or len(value) != len(("first", "second"))
        or not all(isinstance(grade, int | float) and not isinstance(grade, bool) for grade in value)
    ):
        raise DataError(f"{at[0]}:{at[1]}  'score' must be a list of two numbers")
    return float(value[0]), float(value[1])


_SHARE = {"win": 1.0, "tie": 0.5, "lose": 0.0}


def read_judgments(name: str, files: Sequence[Path], *, answers: Sequence[Path], questions: Sequence[Path]) -> Imported:
    """The judgments of the files, single and pairwise; disagreement between the orders is a tie.

    A score of -1 is an unread grade, and `error` an unread verdict. Raises DataError for malformed rows.
    """
    graded, compared = [], []
    for at, row in rows(files, of="judgments"):
        if "model_1" in row:
            compared.append(_pair(row, at))
        else:
            question, system = word(row, "question_id", at), word(row, "model", at)
            graded.append(ImportedGrade(system, question, turn(row, at), _grade(row, at)))
    judged = {one.system for one in graded} | {name for pair in compared for name in (pair.first, pair.second)}
    known = read_answers(answers, read_questions(questions)).all
    return Imported(
        name,
        digests(files),
        tuple(answer for answer in known if answer.system in judged),
        tuple(graded),
        tuple(compared),
    )


def _grade(row: Row, at: At) -> float | None:
    grade = number(row, "score", at) if "score" in row else single_rating(text(row, "judgment", at))
    return None if grade is None or grade < 0 else grade


def _pair(row: Row, at: At) -> ImportedPair:
    # In the second game the second model stands first.
    orders = BothOrders(
        _verdict(row, "g1_winner", at, first="model_1"), _verdict(row, "g2_winner", at, first="model_2")
    )
    outcome = winner(orders)
    names = word(row, "model_1", at), word(row, "model_2", at)
    score = None if outcome is None else _SHARE[outcome]
    return ImportedPair(word(row, "question_id", at), turn(row, at), *names, score, both_orders=True)


def _verdict(row: Row, key: str, at: At, *, first: str) -> Verdict:
    said = row.get(key)
    if said in ("tie", "error"):
        return "tie" if said == "tie" else "error"
    if said not in ("model_1", "model_2"):
        raise DataError(f"{at[0]}:{at[1]}  {key!r} is {said!r}; it must be model_1, model_2, tie or error")
    return "first" if said == first else "second"
