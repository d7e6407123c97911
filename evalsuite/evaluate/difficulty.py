"""How hard training rows are for a model: the answer's likelihood after its question and alone."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.data.score import Difficulty
from evalsuite.models import Model
from evalsuite.records import LogLikelihood, Prompt, Row


def difficulties(rows: Sequence[Row], model: Model) -> list[Difficulty]:
    """The difficulty of each row's first answer; of the answers of a pair that is the chosen one."""
    answers = [[row.answers[0]] for row in rows]
    alone = _firsts(model.choices([Prompt.raw("")] * len(rows), answers))
    # A row of plain text has no question: with and without it are the same.
    asked = [index for index, row in enumerate(rows) if row.prompt != Prompt.raw("")]
    given = dict(enumerate(alone))
    found = _firsts(model.choices([rows[index].prompt for index in asked], [answers[index] for index in asked]))
    given.update(zip(asked, found, strict=True))
    return [Difficulty.of(given[index], alone[index]) for index in range(len(rows))]


def _firsts(found: Sequence[tuple[LogLikelihood, ...]]) -> list[LogLikelihood]:
    return [options[0] for options in found]
