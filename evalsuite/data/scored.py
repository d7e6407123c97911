"""A data file with its scores: each row as it was written, and what is known of it beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalsuite.data.files import read_rows
from evalsuite.data.rows import source_rows
from evalsuite.data.score import Difficulty, RowScore, score_rows
from evalsuite.data.shapes import shape_of
from evalsuite.errors import DataError
from evalsuite.records import Row, Unanswered
from evalsuite.spec.source import Source

Measure = Callable[[Sequence[Row]], Sequence[Difficulty]]


@dataclass(frozen=True)
class ScoredFile:
    """The good rows of a file as written, with the line, the score and, where a model was asked, the difficulty."""

    written: tuple[dict[str, Any], ...]
    lines: tuple[int, ...]
    scores: tuple[RowScore, ...]
    difficulties: tuple[Difficulty, ...] | None
    dropped: int

    def objects(self) -> list[dict[str, Any]]:
        """The rows with their scores as keys; `repeats` is the line of the earlier row that says the same."""
        found = []
        for number, (row, score) in enumerate(zip(self.written, self.scores, strict=True)):
            repeats = None if score.repeats is None else self.lines[score.repeats]
            scored = {**row, "words": score.words, "noise": score.noise, "repeats": repeats}
            if self.difficulties is not None:
                its = self.difficulties[number]
                scored |= {"perplexity": its.perplexity, "ifd": its.loss_ratio, "ifd_perplexity": its.perplexity_ratio}
            found.append(scored)
        return found


def score_file(path: Path, *, measure: Measure | None = None) -> ScoredFile:
    """The scores of a file's good rows; `measure` asks a model for their difficulty. Raises DataError."""
    raw = {number: row for number, row in read_rows(path) if not isinstance(row, DataError)}
    if not raw:
        raise DataError(f"{path}  has no good row; `evalsuite validate` tells what is wrong")
    first = next(iter(raw))
    source = Source(path=str(path), on_bad_row="drop")
    kind = shape_of(raw[first], (path, first)).becomes
    if kind is Unanswered and measure is not None:
        raise DataError(f"{path}  has prompts without answers, and a model measures answers; leave out --with")
    found = source_rows(path, source, wanted=kind)
    return ScoredFile(
        written=tuple(raw[line] for line in found.lines),
        lines=found.lines,
        scores=score_rows(found.rows),
        difficulties=None if measure is None else tuple(measure(found.rows)),
        dropped=found.dropped,
    )
