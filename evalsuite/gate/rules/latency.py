"""Latency: a completion must not take longer than allowed, by the clock or against the baseline.

Seconds a completion as the backend served it: with a backend that answers in batches, the batch's time shared among
its completions. Compare figures of one machine only.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from evalsuite.gate.limit import Limit, interval_at, invalid_without_reference, judge_against, judge_result
from evalsuite.gate.rule_options import RuleOptions
from evalsuite.gate.words import at_most_problems
from evalsuite.records import Evidence, Metric, Result, RuleOutcome, Terms


class Latency(RuleOptions):
    """Pass when the mean seconds a completion surely are within the limit, fail when surely above it."""

    version: ClassVar[int] = 1
    rule: Literal["latency"]
    metric: Annotated[str, Field(pattern=r"^latency\.", description="latency.ENTRY")]
    at_most_seconds: Annotated[float | None, Field(gt=0)] = None
    at_most_times: Annotated[float | None, Field(gt=0, description="times the baseline's")] = None

    @model_validator(mode="after")
    def _one_limit(self) -> Latency:
        if (self.at_most_seconds is None) == (self.at_most_times is None):
            raise ValueError("latency needs one limit: `at_most_seconds` or `at_most_times`")
        return self

    def problems(self, metric: Metric) -> list[str]:
        """Seconds are limited from above."""
        if self.at_most_seconds is None:
            return []
        return at_most_problems(metric, self.at_most_seconds, option="at_most_seconds", instead="`floor`")

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The candidate's seconds, or their ratio to the baseline's, held against the limit."""
        asked = self.asked(terms)
        if self.at_most_seconds is not None:
            limit = Limit("latency", self.metric, self.at_most_seconds, "most", *asked, self.severity)
            return judge_against(limit, evidence)
        assert self.at_most_times is not None
        if evidence.baseline.missing is not None:
            return invalid_without_reference("latency", self.metric, evidence.baseline.missing, self.severity)
        if self.metric in evidence.baseline.apart:
            sentence = evidence.baseline.apart[self.metric]
            return RuleOutcome("latency", self.metric, "undecided", sentence, severity=self.severity)
        name = f"{self.metric} in times of {evidence.baseline.label}'s"
        limit = Limit("latency", self.metric, self.at_most_times, "most", *asked, self.severity, called=name)
        return judge_result(limit, _ratio(self.metric, evidence), evidence)


def _ratio(metric: str, evidence: Evidence) -> Result | None:
    found = [results.by_metric.get(metric) for results in (evidence.candidate, evidence.baseline)]
    ours, theirs = found
    if ours is None or theirs is None or not ours.value or not theirs.value:
        return None
    if None in (ours.low, ours.high, theirs.low, theirs.high):
        return None
    (low, high), (least, most) = interval_at(ours, 0.95), interval_at(theirs, 0.95)
    value = ours.value / theirs.value
    # The errors of a ratio of independent means add in squares (delta method), on the scale of logarithms.
    relative = (((high - low) / 2 / ours.value) ** 2 + ((most - least) / 2 / theirs.value) ** 2) ** 0.5
    return Result(metric, value, value / (1 + relative), value * (1 + relative), min(ours.n, theirs.n))
