"""Flips: which answers the training turned from right to wrong, and from wrong to right.

Worked example: 10 answers lost and 2 gained among 100 give a negative flip rate of 0.10 and, by the exact McNemar
test, p = 0.039: the training did harm, for the change is not one of chance. `margin` is the loss that is still
accepted: the candidate is non-inferior when the one-sided 95 % bound of its difference lies above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.records import Comparison, Metric, Outcome, Result, Results, Score, Wants
from evalsuite.spec.document import Name
from evalsuite.spec.options import ProbeOptions

_NAMED = 5
_LOST = Metric(
    "flips", direction="lower", about="The negative flip rate: the share of answers that were right and are wrong now."
)


class FlipsProbe(ProbeOptions):
    """Per benchmark: flip rates both ways with intervals, exact McNemar test, non-inferiority within a margin."""

    version: ClassVar[int] = 2
    probe: Literal["flips"]
    of: Annotated[tuple[Name, ...], Field(min_length=1)]
    margin: Annotated[float, Field(ge=0, le=1, description="the largest loss that is still accepted")] = 0.05

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Per benchmark the negative flip rate (less is better), the positive one, and the difference of accuracy."""
        return tuple(metric for entry in self.of for metric in _figures(entry))

    @property
    def wants(self) -> Wants:
        """Benchmarks with right answers."""
        return Wants(of=self.of)

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """The figures of each benchmark, and a score per sample: 1 where a right answer was lost."""
        found = [_flips(entry, base, candidate, margin=self.margin) for entry in self.of]
        return Outcome(
            scores=tuple(score for part in found for score in part.scores),
            results=tuple(result for part in found for result in part.results),
            comparisons=tuple(compared for part in found for compared in part.comparisons),
        ).declaring(self.metrics)


def _figures(entry: str) -> tuple[Metric, ...]:
    """The answers lost, those gained, and the difference of accuracy."""
    lost = _LOST.on(entry)
    gained = lost.figure("gained", "The share of answers that were wrong and are right now.", direction="higher")
    kept = "The difference of accuracy, candidate less base, with the answer of the non-inferiority test."
    return lost, gained, lost.figure("kept", kept, direction="higher", low=-1.0)


def _flips(entry: str, base: Results, candidate: Results, *, margin: float) -> Outcome:
    from evalsuite.stats.intervals.mean import mean
    from evalsuite.stats.paired.flips import flips

    name, of_gained, of_kept = (metric.name for metric in _figures(entry))
    metric = _main(entry, base, candidate)
    before, after = ({}, {}) if metric is None else (_rights(metric, base), _rights(metric, candidate))
    shared = sorted(before.keys() & after.keys())
    if metric is None or not shared:
        why = base.missing or base.apart_on(entry)
        return _nothing(entry, why or f"{entry} has no sample scored for base and candidate both")
    if not {before[key] for key in shared} | {after[key] for key in shared} <= {0.0, 1.0}:
        return _nothing(entry, f"{entry} has scores that are neither right nor wrong")
    old, new = [before[key] for key in shared], [after[key] for key in shared]
    counts = flips(old, new)
    rate, gained = counts.negative_flip_rate, mean([float(b < a) for b, a in zip(old, new, strict=True)])
    # Of equally lost answers those stand first that were lost together with most others of their group.
    lost = _worst([key for key in shared if before[key] > after[key]], candidate.groups.get(metric.name, {}))
    detail = f"{counts.lost} lost, {counts.gained} gained; exact McNemar p = {counts.p_value:.3g}"
    if lost:
        detail += f"; lost: {', '.join(lost[:_NAMED])}{f' and {len(lost) - _NAMED} more' if len(lost) > _NAMED else ''}"
    kept, compared = _kept(of_kept, old, new, margin=margin)
    compared = replace(compared, baseline=base.subject, p_value=counts.p_value, gained=counts.gained, lost=counts.lost)
    results = (
        Result(name, rate.value, rate.interval.low, rate.interval.high, n=counts.n, detail=detail),
        Result(of_gained, gained.value, gained.interval.low, gained.interval.high, n=counts.n),
        kept,
    )
    return Outcome(
        scores=tuple(Score(key, name, float(before[key] > after[key])) for key in shared),
        results=results,
        comparisons=(compared,),
    )


def _main(entry: str, base: Results, candidate: Results) -> Metric | None:
    """The benchmark's own metric that both have scores of; of several the first by name."""
    scored = sorted(base.scores.keys() & candidate.scores.keys())
    known = [candidate.declared(name) for name in scored]
    return next((its for its in known if its.entry == entry and its.parent is None), None)


def _rights(metric: Metric, results: Results) -> Mapping[str, float]:
    """The scores as 1 where the sample is as wanted, also of a metric where less is better."""
    scores = results.scores[metric.name]
    return {key: 1 - value for key, value in scores.items()} if metric.direction == "lower" else scores


def _kept(name: str, old: list[float], new: list[float], *, margin: float) -> tuple[Result, Comparison]:
    """The difference of accuracy with the answer of the non-inferiority test, and the same as a comparison."""
    from evalsuite.stats.paired.mean_difference import difference
    from evalsuite.stats.paired.noninferior import non_inferiority

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


def _nothing(entry: str, reason: str) -> Outcome:
    return Outcome(results=tuple(Result(its.name, None, None, None, 0, reason=reason) for its in _figures(entry)))
