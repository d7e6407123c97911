"""Flips: few answers that the baseline had right may be wrong now, whatever was gained elsewhere.

Worked example: 9 of 200 answers lost and 30 gained, `at_most: 0.10`: the share of lost answers is 0.045 with the 95 %
interval [0.024, 0.083], and the rule passes. The mean alone would not have shown a loss.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.limit import Limit, judge_against
from evalsuite.gate.options import RuleOptions
from evalsuite.gate.pairs import Asked, pairs_of, unpaired
from evalsuite.records import Evidence, Result, Results, RuleOutcome, Terms


class MaxFlips(RuleOptions):
    """Pass when the share of answers that the baseline had right and the candidate has wrong surely is at most so."""

    version: ClassVar[int] = 1
    rule: Literal["max_flips"]
    metric: Annotated[str, Field(min_length=1, description="a metric of right and wrong answers")]
    at_most: Annotated[float, Field(ge=0, lt=1)]

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The answers lost against the baseline, over the samples that both have."""
        from evalsuite.stats.interval import mean

        confidence, minimum_n = self.asked(terms)
        words = f"at most {self.at_most:g} may be lost"
        asked = Asked("max_flips", self.metric, words, confidence, minimum_n, self.severity)
        pairs = pairs_of(self.metric, evidence)
        if pairs is None:
            return unpaired(asked, evidence)
        if not {*pairs.ours, *pairs.theirs} <= {0.0, 1.0}:
            sentence = f"{self.metric} has scores that are neither right nor wrong, so that none can flip"
            return RuleOutcome("max_flips", self.metric, "undecided", sentence, severity=self.severity)
        lost = [float(theirs > ours) for ours, theirs in zip(pairs.ours, pairs.theirs, strict=True)]
        found = mean(lost, clusters=pairs.clusters, bounds=(0.0, 1.0))
        name = f"the share of {self.metric} lost against {evidence.baseline.label}"
        result = Result(name, found.value, found.interval.low, found.interval.high, found.n)
        judged = judge_against(
            Limit("max_flips", name, self.at_most, "most", confidence, minimum_n, self.severity),
            replace(evidence, candidate=Results(evidence.candidate.subject, {name: result})),
        )
        return replace(judged, metric=self.metric)
