"""What AlpacaEval's length control needs from files: difficulties of instructions, regulariser rows, stored weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalsuite.errors import DataError
from evalsuite.imports.alpaca_eval import first_occurrence, question_id
from evalsuite.imports.fields import At, Row, digests, number, required, rows, text
from evalsuite.stats.length_control import LengthWeights, gamed_rows
from evalsuite.stats.logistic import SoftRows

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
        found.setdefault(_question(row, at, order), required(row, _DIFFICULTY, at))
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
    index = required(row, "index" if "index" in row else "", at)
    if not 0 <= index < len(order) or index != int(index):
        raise DataError(f"{where}  'index' is {index:g}, and --instructions has {len(order)} instructions")
    return order[int(index)]


def _gamed(file: Path) -> SoftRows:
    # Rows whose preference is not known are left out, as upstream does.
    found = [
        (required(row, "std_delta_len", at), required(row, _DIFFICULTY, at), preference)
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
        found[name] = LengthWeights(*(required(row, key, at) for key in (_LENGTH, _DIFFICULTY, _MODEL)))
    return found
