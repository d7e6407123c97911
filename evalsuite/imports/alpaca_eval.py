"""AlpacaEval's annotations: a preference between 1 (baseline) and 2 (model) for each instruction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from evalsuite.data.digest import digest
from evalsuite.errors import DataError
from evalsuite.imports import Answered, Compared, Imported
from evalsuite.imports.fields import digests, number, rows, text, word

_ID_LENGTH = 12


def read_annotations(name: str, files: Sequence[Path], *, outputs: Sequence[Path] = ()) -> Imported:
    """The annotations of the files, weighted or not; a null preference is unscored.

    Answers stand in the annotations themselves, or in `outputs` files (rows of instruction, generator, output).
    Instructions are known by their text, never by their place. Raises DataError for malformed rows.
    """
    elsewhere = {
        (word(row, "generator", at), text(row, "instruction", at)): text(row, "output", at)
        for at, row in rows(outputs, of="outputs")
    }
    compared = []
    answers: dict[tuple[str, str], Answered] = {}
    seen: Counter[tuple[str, str, str]] = Counter()
    for at, row in rows(files, of="annotations"):
        instruction = text(row, "instruction", at)
        base, model = word(row, "generator_1", at), word(row, "generator_2", at)
        seen[base, model, instruction] += 1
        question = question_id(instruction, seen[base, model, instruction])
        for system, key in ((base, "output_1"), (model, "output_2")):
            said = text(row, key, at) if key in row else elsewhere.get((system, instruction))
            if said is not None:
                answers[system, question] = Answered(system, question, said, instruction)
        preference = number(row, "preference", at)
        if preference is not None and preference != 0 and not 1 <= preference <= 2:
            raise DataError(f"{at[0]}:{at[1]}  'preference' is {preference}; wanted 1 to 2, 0 for a draw, or null")
        score = None if preference is None else 0.5 if preference == 0 else 2 - preference
        compared.append(Compared(question, 1, base, model, score))
    sources = digests(files)
    return Imported(name, sources, tuple(answers.values()), compared=tuple(compared), weighted=True)


def question_id(instruction: str, occurrence: int = 1) -> str:
    """A short id of an instruction's text; a text that stands several times is counted."""
    short = digest(instruction)[:_ID_LENGTH]
    return short if occurrence == 1 else f"{short}-{occurrence}"


def first_occurrence(question: str) -> str:
    """The id of the first of several equal instructions."""
    return question[:_ID_LENGTH]
