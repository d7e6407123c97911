"""Samples of several adapters beside each other: who was right where, and what each one said."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evalsuite.records import Reply
from evalsuite.store import Store, read
from evalsuite.store.samples import ScoredStep, reply_of, scored_steps, scores_of

Which = Literal["all", "differs", "first lost", "first won", "unscored"]

_MOST_WORDS = 4_000


@dataclass(frozen=True)
class Side:
    """One of those compared: an adapter, the base model or the author, on one entry of the suite."""

    name: str
    digest: str


@dataclass(frozen=True)
class SampleScores:
    """One sample's score for each side, in their order; None where it could not be scored or was not asked."""

    sample_id: str
    values: tuple[float | None, ...]

    def fits(self, which: Which) -> bool:
        """Whether the sample is one of those that a person asked for; first against the second side."""
        known = [value for value in self.values if value is not None]
        if which == "unscored":
            return len(known) < len(self.values)
        if which == "differs":
            return len(set(known)) > 1
        first, second = (*self.values, None)[:2]
        if which == "all" or first is None or second is None:
            return which == "all"
        return first < second if which == "first lost" else first > second


def metrics_of(store: Store, specs: Sequence[str]) -> dict[str, dict[str, tuple[Side, ...]]]:
    """For each entry that all the specs share: for each metric, the sides that have it: the specs, then the base."""
    latest = {found.spec: found for found in read.latest_specs(store)}
    steps = {name: scored_steps(store, latest[name]) for name in specs if name in latest}
    found: dict[str, dict[str, tuple[Side, ...]]] = {}
    for metric, entry in _metrics(steps):
        sides = [Side(name, step.digest) for name, of in steps.items() if (step := _step(of, metric, "candidate"))]
        if len(sides) < len(specs):
            continue
        first = next(iter(steps.values()))
        others = [(f"({latest[specs[0]].base_model})", "base"), ("the author", "author")]
        sides += [Side(name, step.digest) for name, role in others if (step := _step(first, metric, role))]
        found.setdefault(entry, {})[metric] = tuple(sides)
    return found


def beside_each_other(store: Store, sides: Sequence[Side], metric: str) -> list[SampleScores]:
    """Every sample that any side has, with its score for each side."""
    scores = [scores_of(store, side.digest, metric) for side in sides]
    ids = dict.fromkeys(key for of in scores for key in of)
    return [SampleScores(key, tuple(of.get(key) for of in scores)) for key in ids]


def replies(store: Store, sides: Sequence[Side], sample_id: str) -> Mapping[str, Reply | None]:
    """What each side said to one sample."""
    return {side.name: reply_of(store, side.digest, sample_id) for side in sides}


def text_diff(first: str, second: str) -> str:
    """Two texts as one, sentence by sentence: lines that only the first has begin with `-`, the second's with `+`."""
    lines = difflib.ndiff(_sentences(first), _sentences(second))
    return "\n".join(line for line in lines if not line.startswith("?"))


def _sentences(text: str) -> list[str]:
    cut = " ".join(text.split(" ")[:_MOST_WORDS])
    return [part for line in cut.splitlines() for part in re.split(r"(?<=[.!?…])\s+", line) if part.strip()]


def _metrics(steps: Mapping[str, Sequence[ScoredStep]]) -> list[tuple[str, str]]:
    every = (
        (metric, step.entry)
        for of in steps.values()
        for step in of
        if step.role == "candidate"
        for metric in step.metrics
    )
    return list(dict.fromkeys(every))


def _step(steps: Sequence[ScoredStep], metric: str, role: str) -> ScoredStep | None:
    return next((step for step in steps if step.role == role and metric in step.metrics), None)
