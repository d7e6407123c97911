"""MT-bench's judgments as FastChat writes them: grades of single answers, and pairs judged in both orders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalsuite.errors import DataError
from evalsuite.imports import Compared, Graded, Imported
from evalsuite.imports.fastchat import read_answers, read_questions
from evalsuite.imports.fields import At, Row, digests, number, rows, text, turn, word
from evalsuite.judges.published_replies import single_rating
from evalsuite.stats.orders import BothOrders, Verdict, winner

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
            graded.append(Graded(system, question, turn(row, at), _grade(row, at)))
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


def _pair(row: Row, at: At) -> Compared:
    # In the second game the second model stands first.
    orders = BothOrders(
        _verdict(row, "g1_winner", at, first="model_1"), _verdict(row, "g2_winner", at, first="model_2")
    )
    outcome = winner(orders)
    names = word(row, "model_1", at), word(row, "model_2", at)
    score = None if outcome is None else _SHARE[outcome]
    return Compared(word(row, "question_id", at), turn(row, at), *names, score, both_orders=True)


def _verdict(row: Row, key: str, at: At, *, first: str) -> Verdict:
    said = row.get(key)
    if said in ("tie", "error"):
        return "tie" if said == "tie" else "error"
    if said not in ("model_1", "model_2"):
        raise DataError(f"{at[0]}:{at[1]}  {key!r} is {said!r}; it must be model_1, model_2, tie or error")
    return "first" if said == first else "second"
