"""Labels that people gave: which of two replies is better, or scores by a rubric; JSONL, one line per judgment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evalsuite.data.digest import digest
from evalsuite.data.files import read_objects, text_field
from evalsuite.errors import DataError

Label = Literal["a", "b", "tie"]

_LABELS: dict[str, Label] = {"a": "a", "b": "b", "tie": "tie"}
_NOBODY = "annotator"


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two replies to one question and what each annotator said of them."""

    question: str
    a: str
    b: str
    labels: Mapping[str, Label]

    @property
    def majority(self) -> Label:
        """What most annotators say; a tie where none is ahead."""
        given = list(self.labels.values())
        counts = {label: given.count(label) for label in given}
        most = [label for label, count in counts.items() if count == max(counts.values())]
        return most[0] if len(most) == 1 else "tie"


@dataclass(frozen=True, slots=True)
class LabelledReply:
    """A reply to a question and each annotator's scores by criterion, on the rubric's own scales."""

    question: str
    reply: str
    scores: Mapping[str, Mapping[str, float]]

    @property
    def digest(self) -> str:
        """What the reply is known by wherever it is met again."""
        return reply_digest(self.question, self.reply)


Labels = tuple[LabelledPair, ...] | tuple[LabelledReply, ...]


def reply_digest(question: str, reply: str) -> str:
    """What a reply to a question is known by."""
    return digest("labelled", question, reply)


def read_labels(path: Path, scales: Mapping[str, tuple[int, int]]) -> Labels:
    """The labels of a file: pairs (question, a, b, label or labels) or scores (question, reply, scores, annotator).

    `scales` are the rubric's; lines about one pair or reply are joined. Raises DataError naming the line.
    """
    rows = list(read_objects(path))
    if "reply" in rows[0][1]:
        return _replies(path, rows, scales)
    return _pairs(path, rows)


def _pairs(path: Path, rows: list[tuple[int, dict[str, Any]]]) -> tuple[LabelledPair, ...]:
    found: dict[tuple[str, str, str], dict[str, Label]] = {}
    for number, row in rows:
        at = (path, number)
        key = (text_field(row, "question", at=at), _text(row, "a", at), _text(row, "b", at))
        for annotator, label in _given(row, at):
            _once(found.setdefault(key, {}), annotator, at)[annotator] = label
    return tuple(LabelledPair(*key, labels) for key, labels in found.items())


def _given(row: dict[str, Any], at: tuple[Path, int]) -> Iterator[tuple[str, Label]]:
    labels = row.get("labels", row.get("label"))
    if isinstance(labels, str):
        labels = {str(row.get("annotator", _NOBODY)): labels}
    elif isinstance(labels, list):
        labels = {f"{_NOBODY}-{number}": label for number, label in enumerate(labels, 1)}
    if not isinstance(labels, dict) or not labels:
        raise DataError(f"{at[0]}:{at[1]}  needs `label` (a, b or tie), or `labels` with one of these per annotator")
    for annotator, label in labels.items():
        if not isinstance(label, str) or label not in _LABELS:
            raise DataError(f"{at[0]}:{at[1]}  the label of {annotator} is {label!r}; it must be a, b or tie")
        yield str(annotator), _LABELS[label]


def _replies(
    path: Path, rows: list[tuple[int, dict[str, Any]]], scales: Mapping[str, tuple[int, int]]
) -> tuple[LabelledReply, ...]:
    found: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for number, row in rows:
        at = (path, number)
        key = (text_field(row, "question", at=at), _text(row, "reply", at))
        annotator = str(row.get("annotator", _NOBODY))
        _once(found.setdefault(key, {}), annotator, at)[annotator] = _scores(row, scales, at)
    return tuple(LabelledReply(*key, scores) for key, scores in found.items())


def _scores(row: dict[str, Any], scales: Mapping[str, tuple[int, int]], at: tuple[Path, int]) -> dict[str, float]:
    given = row.get("scores")
    if not isinstance(given, dict) or given.keys() != scales.keys():
        raise DataError(f"{at[0]}:{at[1]}  needs `scores` with one for each criterion: {', '.join(scales)}")
    for name, (low, high) in scales.items():
        value = given[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise DataError(f"{at[0]}:{at[1]}  the score of {name} is {value!r}; its scale is {low} to {high}")
    return {name: float(given[name]) for name in scales}


def _once(known: dict[str, Any], annotator: str, at: tuple[Path, int]) -> dict[str, Any]:
    if annotator in known:
        raise DataError(f"{at[0]}:{at[1]}  is labelled by {annotator} twice; keep one, or name the annotators")
    return known


def _text(row: dict[str, Any], key: str, at: tuple[Path, int]) -> str:
    # A reply may be empty; that it is there must be meant.
    value = row.get(key)
    if not isinstance(value, str):
        raise DataError(f"{at[0]}:{at[1]}  {key!r} must be text")
    return value
