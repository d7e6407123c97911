"""Calibration: is the model as sure of its choices as it is right?

For each item of a multiple-choice benchmark the log-likelihoods of the options become chances; the largest is the
confidence. The benchmark's own answers are used, so nothing is asked twice. Worked example: 0.9 sure and right adds
(0.9 - 1)² = 0.01 to the Brier score; always 0.9 sure and right every second time is a calibration error of 0.4.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.evaluate.scoring.aggregate import effort, outcome
from evalsuite.evaluate.scoring.loglikelihood import option_loglikelihoods
from evalsuite.plugins import Asked, Material, Subject, Task
from evalsuite.records import (
    Comparison,
    Effort,
    LogLikelihood,
    Metric,
    Outcome,
    Reply,
    Result,
    Results,
    Sample,
    Score,
    Wants,
    joined,
)
from evalsuite.spec.document import Name
from evalsuite.spec.options import AskingOptions

_RESAMPLES = 2_000
_FIGURES = (
    Metric(
        "ece",
        direction="lower",
        place="detail",
        about="The expected calibration error: how far confidence is from the share of right choices, over bins.",
    ),
    Metric(
        "brier",
        direction="lower",
        place="detail",
        about="The mean square of confidence less 1 where the choice is right, less 0 where it is wrong (Brier 1950).",
    ),
    Metric("confidence", direction="neither", place="inner", about="The chance that the model gives to its choice."),
    Metric("right", place="inner", about="Whether the choice is a right one."),
)


class CalibrationProbe(AskingOptions):
    """Per multiple-choice benchmark: expected calibration error and Brier score."""

    version: ClassVar[int] = 3
    probe: Literal["calibration"]
    name: Name = "calibration"
    of: Annotated[tuple[Name, ...], Field(min_length=1, description="multiple-choice benchmarks of the suite")]
    bins: Annotated[int, Field(ge=2, le=100)] = 10

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Per benchmark the calibration error and the Brier score, of which less is better, and what they rest on."""
        return tuple(metric for entry in self.of for metric in self._figures(entry))

    @property
    def wants(self) -> Wants:
        """Benchmarks that choose among options."""
        return Wants(of=self.of, looks_at="choices")

    def effort(self, material: Material) -> Effort:
        """The options of each item, which the benchmark asks as well."""
        texts = [s.prompt.shown + "".join(s.choices) for asked in material.entries.values() for s in asked.samples]
        return effort(texts)

    def ask(self, subject: Subject, material: Material) -> Outcome:
        """Confidence and Brier score of each item, and the error of all of them."""
        found = [self._entry(name, asked, subject, seed=material.seed) for name, asked in material.entries.items()]
        return Outcome(
            replies=tuple(reply for part in found for reply in part.replies),
            scores=tuple(score for part in found for score in part.scores),
            results=tuple(result for part in found for result in part.results),
        ).declaring(self.metrics)

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """The paired difference of each benchmark's error; Brier scores are paired by item, as every score."""
        compared = [self._difference(entry, base, candidate) for entry in self.of]
        return Outcome(comparisons=tuple(found for found in compared if found is not None)).declaring(self.metrics)

    def _figures(self, entry: str) -> tuple[Metric, ...]:
        """The error, the Brier score, and the two that they are computed from."""
        return tuple(replace(metric, name=joined(entry, metric.name)).of(self.name) for metric in _FIGURES)

    def _entry(self, name: str, asked: Asked, subject: Subject, *, seed: int) -> Outcome:
        from evalsuite.stats.intervals.bootstrap import Resampling
        from evalsuite.stats.intervals.probes import calibration

        judged = [
            _sureness(asked.task, sample, found)
            for sample, found in zip(asked.samples, option_loglikelihoods(asked.samples, subject.choices), strict=True)
        ]
        scores, replies = [], []
        error, brier, confidence, chose_right = (metric.name for metric in self._figures(name))
        for sample, (option, sure, right) in zip(asked.samples, judged, strict=True):
            key = f"{name}/{sample.id}"
            values = {brier: (sure - right) ** 2, confidence: sure, chose_right: right}
            scores += [Score(key, metric, value) for metric, value in values.items()]
            replies.append(Reply(key, sample.prompt.shown, f"{option} ({sure:.3f} sure)", sample.target, sample.group))
        found = calibration(
            [sure for _, sure, _ in judged],
            [right for _, _, right in judged],
            resampling=Resampling(seed=seed, resamples=_RESAMPLES),
            bins=self.bins,
        )
        shown = "; ".join(f"{part.n} at {part.confidence:.2f}: {part.accuracy:.2f} right" for part in found.bins)
        low, high = found.error_interval.low, found.error_interval.high
        measured = outcome(self, replies, scores, asked.samples)
        results = (Result(error, found.error, low, high, n=found.n, detail=shown), *measured.results)
        return replace(measured, results=results)

    def _difference(self, entry: str, base: Results, candidate: Results) -> Comparison | None:
        from evalsuite.stats.intervals.bootstrap import Resampling
        from evalsuite.stats.paired.statistic import binned_error, statistic_difference

        error, _, *names = (metric.name for metric in self._figures(entry))
        sides = [[results.scores.get(name, {}) for name in names] for results in (candidate, base)]
        shared = sorted(set.intersection(*(set(scores) for side in sides for scores in side)))
        if not shared:
            return None
        ours, theirs = ([[scores[key] for scores in side] for key in shared] for side in sides)
        found = statistic_difference(
            ours,
            theirs,
            statistic=lambda rows: binned_error(rows, bins=self.bins),
            resampling=Resampling(seed=0, resamples=_RESAMPLES),
        )
        low, high = found.interval.low, found.interval.high
        return Comparison(error, base.subject, found.value, low, high, found.p_value, found.n)


def _sureness(task: Task | None, sample: Sample, found: tuple[LogLikelihood, ...]) -> tuple[str, float, float]:
    """The chosen option, its chance among all of them, and 1 where it is the right one."""
    largest = max(option.value for option in found)
    chances = [exp(option.value - largest) for option in found]
    # Chances come from the whole options' likelihood; which one is chosen, the task says.
    assert task is not None
    chosen = task.chosen(sample, found)
    place = sample.choices.index(chosen)
    right = place in sample.right if sample.right else chosen == sample.target
    return chosen, chances[place] / sum(chances), float(right)
