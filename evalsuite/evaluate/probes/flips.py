"""Flips: which answers the training turned from right to wrong, and from wrong to right.

Worked example: 10 answers lost and 2 gained among 100 give a negative flip rate of 0.10 and, by the exact McNemar
test, p = 0.039: the training did harm, for the change is not one of chance.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.records import Outcome, Result, Results, Score
from evalsuite.spec.document import Document, Name


class FlipsProbe(Document):
    """Per benchmark: negative flip rate with its interval, flips both ways, exact McNemar test."""

    version: ClassVar[int] = 1
    probe: Literal["flips"]
    of: Annotated[tuple[Name, ...], Field(min_length=1)]

    @property
    def metrics(self) -> tuple[str, ...]:
        """One metric per benchmark that is watched."""
        return tuple(f"flips.{entry}" for entry in self.of)

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """One result `flips.BENCHMARK` per benchmark, and a score per sample: 1 where a right answer was lost."""
        found = [_flips(entry, base, candidate) for entry in self.of]
        return Outcome(
            scores=tuple(score for scores, _ in found for score in scores),
            results=tuple(result for _, result in found),
        )


def _flips(entry: str, base: Results, candidate: Results) -> tuple[list[Score], Result]:
    from evalsuite.stats.mcnemar import flips

    name = f"flips.{entry}"
    # A name may hold dots, so a benchmark's metrics are those with its whole name before the last one.
    of_entry = sorted(key for key in base.scores.keys() & candidate.scores.keys() if key.rpartition(".")[0] == entry)
    before, after = ({}, {}) if not of_entry else (base.scores[of_entry[0]], candidate.scores[of_entry[0]])
    shared = sorted(before.keys() & after.keys())
    if not shared:
        return [], Result(name, None, None, None, 0, reason=f"{entry} has no sample scored for base and candidate both")
    if not {before[key] for key in shared} | {after[key] for key in shared} <= {0.0, 1.0}:
        return [], Result(name, None, None, None, 0, reason=f"{entry} has scores that are neither right nor wrong")
    counts = flips([before[key] for key in shared], [after[key] for key in shared])
    rate = counts.negative_flip_rate
    detail = f"{counts.lost} lost, {counts.gained} gained; exact McNemar p = {counts.p_value:.3g}"
    result = Result(name, rate.value, rate.interval.low, rate.interval.high, n=counts.n, detail=detail)
    return [Score(key, name, float(before[key] > after[key])) for key in shared], result
