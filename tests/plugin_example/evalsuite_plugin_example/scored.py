"""Scored: enough samples of a metric have a score, so that its figure speaks for the whole data."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.rule_options import RuleOptions
from evalsuite.records import Evidence, RuleOutcome, Terms


class Scored(RuleOptions):
    """Pass when at least a share of the metric's samples was scored, fail when fewer were."""

    version: ClassVar[int] = 1
    rule: Literal["scored"]
    metric: Annotated[str, Field(min_length=1)]
    at_least: Annotated[float, Field(gt=0, le=1)] = 0.95

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The share is counted, not estimated, so that it has no interval and is never undecided."""
        found = evidence.candidate.by_metric.get(self.metric)
        scored, asked = (0, 0) if found is None else (found.n, found.n + found.unscored)
        answer: Literal["pass", "fail"] = "pass" if asked and scored / asked >= self.at_least else "fail"
        sentence = f"{scored} of {asked} samples of {self.metric} have a score; {self.at_least:.0%} are wanted"
        return RuleOutcome("scored", self.metric, answer, sentence, n=asked, severity=self.severity)
