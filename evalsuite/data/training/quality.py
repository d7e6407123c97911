"""The quality of training rows: IFD, length, duplicates, encoding; and the best of a source."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalsuite.data.near_duplicates import NearSets, Words, grams, words
from evalsuite.errors import DataError
from evalsuite.records import LogLikelihood, Row
from evalsuite.spec.source import Filter

_NEAR, _NEAR_RUN = 0.8, 3
# UTF-8 read as Windows-1252 or as Windows-1251, where a single Russian letter may be a true one: "Ã©", "РџСЂ", "вЂњ".
_MOJIBAKE = re.compile(
    "[Â-ßà-ô][\u0080-¿€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]+"
    "|(?:[РС][Ђ-Џђ-џЁёҐґЎўЄєІіЇїЈјЅѕ\u0080-»‚„…†‡€‰‹‘’“”•–—™›№]){2,}|вЂ[^ ]"
)
_BROKEN = {"Cc", "Cn", "Co", "Cs"}


@dataclass(frozen=True, slots=True)
class RowScore:
    """What is known of a row without a model: words of its answer, share of noise, the earlier row it repeats."""

    words: int
    noise: float
    repeats: int | None = None
    likeness: float = 0.0


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How hard an answer is for a model: its perplexity after the question, and both measures called IFD."""

    perplexity: float
    loss_ratio: float | None
    perplexity_ratio: float

    @staticmethod
    def of(given: LogLikelihood, alone: LogLikelihood) -> Difficulty:
        """The difficulty by the answer's likelihood after its question and alone."""
        return Difficulty(_exp(_loss(given)), loss_ratio(given, alone), perplexity_ratio(given, alone))


def loss_ratio(given: LogLikelihood, alone: LogLikelihood) -> float | None:
    """IFD as in Cherry LLM: the answer's mean loss after its question over its mean loss alone; None without loss."""
    return _loss(given) / _loss(alone) if _loss(alone) > 0 else None


def perplexity_ratio(given: LogLikelihood, alone: LogLikelihood) -> float:
    """IFD as in Superfiltering: the answer's perplexity after its question over its perplexity alone."""
    return _exp(_loss(given) - _loss(alone))


def noise(text: str) -> float:
    """The share of characters that are broken: replacement, control or unassigned characters, and mojibake."""
    broken = sum(_is_broken(char) for char in text) + sum(len(found) for found in _MOJIBAKE.findall(text))
    return min(1.0, broken / len(text)) if text else 0.0


def score_rows(rows: Sequence[Row]) -> tuple[RowScore, ...]:
    """The score of each row, in order; a row repeats the likest earlier one that itself repeats none."""
    texts = ["\n".join((row.prompt.shown, *row.answers)) for row in rows]
    spoken = [words(text) for text in texts]
    near = NearSets(least=_NEAR, counts=Counter(run for found in spoken for run in grams(found, _NEAR_RUN)))
    first: dict[Words, int] = {}
    scores = []
    for number, (row, text, found) in enumerate(zip(rows, texts, spoken, strict=True)):
        length = sum(len(words(answer)) for answer in row.answers)
        repeats, likeness = _repeated(found, first, near)
        if repeats is None:
            first[found] = number
            near.add(number, grams(found, _NEAR_RUN))
        scores.append(RowScore(length, noise(text), repeats, likeness))
    return tuple(scores)


def _repeated(found: Words, first: Mapping[Words, int], near: NearSets) -> tuple[int | None, float]:
    if found in first:
        return first[found], 1.0
    likest = min(((-share, number) for number, share in near.near(grams(found, _NEAR_RUN))), default=None)
    return (None, 0.0) if likest is None else (likest[1], -likest[0])


def _loss(found: LogLikelihood) -> float:
    return -found.value / max(1, found.tokens)


def _exp(value: float) -> float:
    # Beyond any loss that a model can have; an infinite number could not be written as JSON.
    return math.exp(min(value, 700.0))


def _is_broken(char: str) -> bool:
    return char == "\ufffd" or (char not in "\n\r\t" and unicodedata.category(char) in _BROKEN)


At = tuple[Path, int]


def best(chosen: Filter, rows: Mapping[int, Row], given: Mapping[int, Mapping[str, Any]], *, path: Path) -> list[int]:
    """The lines of the rows that the filter keeps, in file order; of equal rows the earlier ones.

    `given` has the row of each line as it was written. Raises DataError when IFD is wanted and a row has none, or
    when no row is worth keeping.
    """
    lines = list(rows)
    if chosen.by == "ifd":
        values = [_ifd(given[line], (path, line)) for line in lines]
    else:
        values = _values(chosen, list(rows.values()))
    worthy = [(value, -line) for value, line in zip(values, lines, strict=True) if value is not None]
    kept = sorted(-place for _, place in sorted(worthy, reverse=True)[: max(1, round(chosen.keep * len(lines)))])
    if not kept:
        raise DataError(f"{path}  has no row that the filter by {chosen.by} would keep; remove the filter")
    return kept


def _values(chosen: Filter, rows: Sequence[Row]) -> list[float | None]:
    scores = score_rows(rows)
    if chosen.by == "length":
        return [float(score.words) for score in scores]
    if chosen.by == "noise":
        return [-score.noise for score in scores]
    return [None if score.repeats is not None else 0.0 for score in scores]


def _ifd(row: Mapping[str, Any], at: At) -> float | None:
    value = row.get("ifd")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"{at[0]}:{at[1]}  has no number 'ifd' to filter by; `evalsuite data score` writes it")
    # 1 or more, and the question does not help to find the answer.
    return float(value) if value < 1 else None
