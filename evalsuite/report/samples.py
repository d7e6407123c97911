"""Samples of several adapters beside each other: who can be compared on what, and what tells two answers apart."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalsuite.records import Metric, Place, by_name, metric_of
from evalsuite.store import Store, read
from evalsuite.store.measured import measured_metrics
from evalsuite.store.samples import Answer, ScoredStep, scored_steps

AUTHOR = "the author"
_LONGEST = 20_000
_PLACES: tuple[Place, ...] = ("headline", "beside", "detail", "inner")


@dataclass(frozen=True)
class Side:
    """One of those compared: an adapter, the base model or the author, on one entry of the suite."""

    name: str
    digest: str


def metrics_of(store: Store, specs: Sequence[str]) -> dict[str, dict[str, tuple[Side, ...]]]:
    """For each entry that all the specs share: for each metric, the sides that have it: the specs, then the base.

    A metric that the specs were measured on differently is none that they share.
    """
    every = scored_steps(store, specs)
    of_first = [step for step in every if step.spec == every[0].spec]
    found: dict[str, dict[str, tuple[Side, ...]]] = {}
    metrics = by_name(read.metrics_of(store, [step.digest for step in every]))
    measured = {(one.step, one.metric): one.measurement.digest for one in measured_metrics(store)}
    for metric, entry in _metrics(every, metrics):
        steps = [step for spec in specs if (step := _step(every, metric, "candidate", spec=spec))]
        if len(steps) < len(specs) or len({measured.get((step.digest, metric)) for step in steps}) > 1:
            continue
        sides = [Side(step.spec, step.digest) for step in steps]
        others = [(f"({every[0].base_model})", "base"), (AUTHOR, "author")]
        sides += [Side(name, step.digest) for name, role in others if (step := _step(of_first, metric, role))]
        found.setdefault(entry, {})[metric] = tuple(sides)
    return found


def scored(answer: Answer) -> str:
    """What an answer scored, and whether judges disagreed about it."""
    words = ["unscored" if answer.value is None else f"{answer.value:.2f}"]
    if answer.apart:
        words.append(f"judges {answer.apart:.2f} apart")
    if answer.turned:
        words.append("the judge changed its choice with the order")
    return "   ·   ".join(words)


def text_diff(first: str, second: str) -> str:
    """The second text as it differs from the first, sentence by sentence.

    Lines that only the first has begin with `-`, those that only the second has with `+`. Long texts are cut.
    """
    ours, theirs = _sentences(first), _sentences(second)
    lines = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += [f"  {line}" for line in theirs[c:d]]
        else:
            lines += [f"- {line}" for line in ours[a:b]] + [f"+ {line}" for line in theirs[c:d]]
    return "\n".join(lines)


def _sentences(text: str) -> list[str]:
    return [part for line in text[:_LONGEST].splitlines() for part in re.split(r"(?<=[.!?…])\s+", line) if part.strip()]


def _metrics(steps: Sequence[ScoredStep], metrics: Mapping[str, Metric]) -> list[tuple[str, str]]:
    every = [(metric, step.entry) for step in steps if step.role == "candidate" for metric in step.metrics]
    # What is said of judges comes after what they say.
    return sorted(dict.fromkeys(every), key=lambda found: _PLACES.index(metric_of(metrics, found[0]).place))


def _step(steps: Sequence[ScoredStep], metric: str, role: str, *, spec: str | None = None) -> ScoredStep | None:
    fitting = (step for step in steps if step.role == role and metric in step.metrics)
    return next((step for step in fitting if spec in (None, step.spec)), None)
