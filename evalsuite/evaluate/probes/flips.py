"""Flips: which answers the training turned from right to wrong, and from wrong to right.

Worked example: 10 answers lost and 2 gained among 100 give a negative flip rate of 0.10 and, by the exact McNemar
test, p = 0.039: the training did harm, for the change is not one of chance. `margin` is the loss that is still
accepted: the candidate is non-inferior when the one-sided 95 % bound of its difference lies above it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.records import Comparison, Outcome, Result, Results, Score
from evalsuite.spec.document import Document, Name

_NAMED = 5


class FlipsProbe(Document):
    """Per benchmark: flip rates both ways with intervals, exact McNemar test, non-inferiority within a margin."""

    version: ClassVar[int] = 2
    probe: Literal["flips"]
    of: Annotated[tuple[Name, ...], Field(min_length=1)]
    margin: Annotated[float, Field(ge=0, le=1, description="the largest loss that is still accepted")] = 0.05

    @property
    def metrics(self) -> tuple[str, ...]:
        """Per benchmark the negative flip rate (less is better), the positive one, and the difference of accuracy."""
        return tuple(f"flips.{entry}{figure}" for entry in self.of for figure in ("", ".gained", ".kept"))

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """The figures of each benchmark, and a score per sample: 1 where a right answer was lost."""
        found = [_flips(entry, base, candidate, margin=self.margin) for entry in self.of]
        return Outcome(
            scores=tuple(score for part in found for score in part.scores),
            results=tuple(result for part in found for result in part.results),
            comparisons=tuple(compared for part in found for compared in part.comparisons),
        )


def _flips(entry: str, base: Results, candidate: Results, *, margin: float) -> Outcome:
    from evalsuite.stats.interval import mean
    from evalsuite.stats.mcnemar import flips

    name = f"flips.{entry}"
    # A name may hold dots, so a benchmark's metrics are those with its whole name before the last one.
    of_entry = sorted(key for key in base.scores.keys() & candidate.scores.keys() if key.rpartition(".")[0] == entry)
    before, after = ({}, {}) if not of_entry else (base.scores[of_entry[0]], candidate.scores[of_entry[0]])
    shared = sorted(before.keys() & after.keys())
    if not shared:
        return _nothing(name, base.missing or f"{entry} has no sample scored for base and candidate both")
    if not {before[key] for key in shared} | {after[key] for key in shared} <= {0.0, 1.0}:
        return _nothing(name, f"{entry} has scores that are neither right nor wrong")
    old, new = [before[key] for key in shared], [after[key] for key in shared]
    counts = flips(old, new)
    rate, gained = counts.negative_flip_rate, mean([float(b < a) for b, a in zip(old, new, strict=True)])
    # Of equally lost answers those stand first that were lost together with most others of their group.
    lost = _worst([key for key in shared if before[key] > after[key]], candidate.groups.get(of_entry[0], {}))
    detail = f"{counts.lost} lost, {counts.gained} gained; exact McNemar p = {counts.p_value:.3g}"
    if lost:
        detail += f"; lost: {', '.join(lost[:_NAMED])}{f' and {len(lost) - _NAMED} more' if len(lost) > _NAMED else ''}"
    kept, compared = _kept(f"{name}.kept", old, new, margin=margin)
    compared = replace(compared, baseline=base.subject, p_value=counts.p_value, gained=counts.gained, lost=counts.lost)
    results = (
        Result(name, rate.value, rate.interval.low, rate.interval.high, n=counts.n, detail=detail),
        Result(f"{name}.gained", gained.value, gained.interval.low, gained.interval.high, n=counts.n),
        kept,
    )
    return Outcome(
        scores=tuple(Score(key, name, float(before[key] > after[key])) for key in shared),
        results=results,
        comparisons=(compared,),
    )


def _kept(name: str, old: list[float], new: list[float], *, margin: float) -> tuple[Result, Comparison]:
    """The difference of accuracy with the answer of the non-inferiority test, and the same as a comparison."""
    from evalsuite.stats.noninferior import non_inferiority
    from evalsuite.stats.paired import difference

    tested, found = non_inferiority(new, old, margin=margin), difference(new, old, bounds=(0, 1))
    words = {
        "pass": f"non-inferior within {margin:g} (p = {tested.p_value:.3g})",
        "fail": f"worse by more than {margin:g}",
        "undecided": f"undecided within {margin:g}",
    }[tested.answer]
    if tested.answer == "undecided" and tested.samples_needed:
        words += f"; about {tested.samples_needed:,} samples would settle it"
    low, high = found.interval.low, found.interval.high
    result = Result(name, found.value, low, high, n=found.n, detail=words)
    return result, Comparison(name, "", found.value, low, high, found.p_value, found.n)


def _worst(lost: list[str], groups: object) -> list[str]:
    assert isinstance(groups, dict)
    together = {
        key: sum(groups.get(other) == groups.get(key) for other in lost) if key in groups else 1 for key in lost
    }
    return sorted(lost, key=lambda key: (-together[key], key))


def _nothing(name: str, reason: str) -> Outcome:
    figures = ("", ".gained", ".kept")
    return Outcome(results=tuple(Result(f"{name}{figure}", None, None, None, 0, reason=reason) for figure in figures))
