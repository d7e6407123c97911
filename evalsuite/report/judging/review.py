"""Blind labelling: whose replies can be labelled, in which order a person sees them, and the labels as a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from evalsuite.data.digest import digest
from evalsuite.data.evaluation.labels import Label, LabelledPair, LabelledReply
from evalsuite.report.answers import Side, metrics_of
from evalsuite.store import Store
from evalsuite.store.samples import UnlabelledPair

Choice = Literal["left", "right", "tie"]


@dataclass(frozen=True)
class BlindPair:
    """Two replies as one person sees them; nothing here says whose they are."""

    sample_id: str
    question: str
    left: str
    right: str
    waiting: int

    def labelled(self, choice: Choice, by: str) -> LabelledPair:
        """The pair with this person's label; always in one order, so that a second thought replaces the first."""
        a, b = sorted((self.left, self.right))
        better = {"left": self.left, "right": self.right}.get(choice)
        label: Label = "tie" if better is None else "a" if better == a else "b"
        return LabelledPair(self.question, a, b, {by: label})


def blind(pair: UnlabelledPair, by: str) -> BlindPair:
    """A pair with its replies on sides that chance gives them: anew for each person and sample, but not on reload."""
    swapped = int(digest("side", by, pair.sample_id, pair.first, pair.second)[:8], 16) % 2
    left, right = (pair.second, pair.first) if swapped else (pair.first, pair.second)
    return BlindPair(pair.sample_id, pair.question, left, right, pair.waiting)


def reviewable(store: Store, specs: Sequence[str]) -> dict[str, tuple[Side, ...]]:
    """For each entry that all the specs share: the sides whose replies can be shown, the specs first.

    Judged sets come first: open answers are what a person can tell apart.
    """
    found: dict[str, dict[Side, None]] = {}
    every = metrics_of(store, specs).items()
    for entry, by_metric in sorted(every, key=lambda its: f"{its[0]}.score" not in its[1]):
        for sides in by_metric.values():
            found.setdefault(entry, {}).update(dict.fromkeys(sides))
    return {entry: tuple(sides) for entry, sides in found.items() if len(sides) > 1}


def preferences_file(pairs: Iterable[LabelledPair]) -> str:
    """Labelled pairs as the JSONL that `evalsuite judge check JUDGE --labels FILE` reads."""
    lines = ({"question": its.question, "a": its.a, "b": its.b, "labels": dict(its.labels)} for its in pairs)
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def scores_file(replies: Iterable[LabelledReply]) -> str:
    """Scored replies as the JSONL that `evalsuite judge check JUDGE --labels FILE` reads."""
    lines = (
        {"question": its.question, "reply": its.reply, "annotator": annotator, "scores": dict(scores)}
        for its in replies
        for annotator, scores in its.scores.items()
    )
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
