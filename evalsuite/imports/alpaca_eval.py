"""AlpacaEval's annotations, and what its length control needs from files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalsuite.data.digest import digest
from evalsuite.errors import DataError
from evalsuite.imports.imported import (
    Answered,
    At,
    Imported,
    ImportedPair,
    Row,
    digests,
    number,
    required_number,
    rows,
    text,
    word,
)
from evalsuite.stats.ratings.length_control import LengthWeights, SoftRows, gamed_rows

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
        compared.append(ImportedPair(question, 1, base, model, score))
    sources = digests(files)
    return Imported(name, sources, tuple(answers.values()), compared=tuple(compared), weighted=True)


def question_id(instruction: str, occurrence: int = 1) -> str:
    """A short id of an instruction's text; a text that stands several times is counted."""
    short = digest(instruction)[:_ID_LENGTH]
    return short if occurrence == 1 else f"{short}-{occurrence}"


def first_occurrence(question: str) -> str:
    """The id of the first of several equal instructions."""
    return question[:_ID_LENGTH]


_LENGTH, _DIFFICULTY, _MODEL = "np.tanh(std_delta_len)", "instruction_difficulty", "not_gamed_baseline.astype(float)"


@dataclass(frozen=True)
class LengthAid:
    """Difficulty by question id; the regulariser; stored weights by system, which make a fit needless."""

    difficulty: Mapping[str, float]
    gamed: SoftRows | None = None
    weights: Mapping[str, LengthWeights] | None = None
    sources: tuple[str, ...] = ()

    def of(self, question: str) -> float | None:
        """The difficulty of a question; a repeated instruction without one of its own has the first one's."""
        return self.difficulty.get(question, self.difficulty.get(first_occurrence(question)))


def read_length_aid(
    difficulty: Path, *, instructions: Path | None = None, gamed: Path | None = None, weights: Path | None = None
) -> LengthAid:
    """Read the files; raises DataError for malformed ones.

    `difficulty` has a column `instruction_difficulty`, and `instruction`; or `index`, the place of the
    instruction in the `instructions` file (as upstream's file has it). `gamed` has `std_delta_len`,
    `instruction_difficulty` and `preference` (0 to 1); `weights` one row per model.
    """
    return LengthAid(
        _difficulties(difficulty, instructions),
        None if gamed is None else _gamed(gamed),
        None if weights is None else _weights(weights),
        digests([path for path in (difficulty, instructions, gamed, weights) if path is not None]),
    )


def _difficulties(file: Path, instructions: Path | None) -> dict[str, float]:
    order = [] if instructions is None else _ids(instructions)
    found: dict[str, float] = {}
    for at, row in rows([file], of="rows"):
        found.setdefault(_question(row, at, order), required_number(row, _DIFFICULTY, at))
    return found


def _ids(instructions: Path) -> list[str]:
    seen: Counter[str] = Counter()
    ids = []
    for at, row in rows([instructions], of="rows"):
        instruction = text(row, "instruction", at)
        seen[instruction] += 1
        ids.append(question_id(instruction, seen[instruction]))
    return ids


def _question(row: Row, at: At, order: Sequence[str]) -> str:
    if "instruction" in row:
        return question_id(text(row, "instruction", at))
    # A place counts only in the full list: in a file with rows missing it would name another instruction.
    where = f"{at[0]}:{at[1]}"
    if not order:
        raise DataError(f"{where}  has no 'instruction'; give the full list of instructions with --instructions")
    index = required_number(row, "index" if "index" in row else "", at)
    if not 0 <= index < len(order) or index != int(index):
        raise DataError(f"{where}  'index' is {index:g}, and --instructions has {len(order)} instructions")
    return order[int(index)]


def _gamed(file: Path) -> SoftRows:
    # Rows whose preference is not known are left out, as upstream does.
    found = [
        (required_number(row, "std_delta_len", at), required_number(row, _DIFFICULTY, at), preference)
        for at, row in rows([file], of="rows")
        if (preference := number(row, "preference", at)) is not None
    ]
    try:
        return gamed_rows(*([row[column] for row in found] for column in range(3)))
    except ValueError as error:
        raise DataError(f"{file}  {error}") from None


def _weights(file: Path) -> dict[str, LengthWeights]:
    found = {}
    for at, row in rows([file], of="rows"):
        # Upstream writes the model into a column without a name.
        name = row.get("model") or row.get("")
        if not isinstance(name, str):
            raise DataError(f"{at[0]}:{at[1]}  names no model; its first column (or `model`) must")
        found[name] = LengthWeights(*(required_number(row, key, at) for key in (_LENGTH, _DIFFICULTY, _MODEL)))
    return found
