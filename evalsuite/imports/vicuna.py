"""FastChat's reviews of the Vicuna questions: a judge's two grades, 1 to 10, on the review's first line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalsuite.errors import DataError
from evalsuite.imports import Answered, Compared, Imported
from evalsuite.imports.fastchat import read_answers, read_questions
from evalsuite.imports.fields import At, Row, digests, rows, text, word
from evalsuite.judges.published_replies import two_scores

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
        compared.append(Compared(question, 1, pair[0].system, pair[1].system, score, grades))
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
