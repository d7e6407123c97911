"""Flips: few answers that the baseline had right may be wrong now, whatever was gained elsewhere.

Worked example: 9 of 200 answers lost and 30 gained, `at_most: 0.10`: the share of lost answers is 0.045 with the 95 %
interval [0.024, 0.083], and the rule passes. The mean alone would not have shown a loss.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.comparing import PairedQuestion, gains_of
from evalsuite.gate.limit import Limit, judge_result
from evalsuite.gate.rule_options import Sliced, each_slice
from evalsuite.gate.words import flips_problems, supposed_limit
from evalsuite.records import Evidence, Metric, Outlook, Result, RuleOutcome, Suppose, Supposed, Terms


class MaxFlips(Sliced):
    """Pass when the share of answers that the baseline had right and the candidate has wrong surely is at most so."""

    version: ClassVar[int] = 2
    rule: Literal["max_flips"]
    metric: Annotated[str, Field(min_length=1, description="a metric of right and wrong answers")]
    at_most: Annotated[float, Field(ge=0, lt=1)]

    def problems(self, metric: Metric) -> list[str]:
        """Only answers that are right or wrong, one of which is better, can flip."""
        return flips_problems(metric)

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """The true share of lost answers, of any metric, lies below the limit."""
        return supposed_limit(suppose, metric, self.at_most, more=False)

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The answers lost against the baseline, over the samples that both have."""
        from evalsuite.stats.intervals.mean import mean

        if self.by_slice:
            return each_slice(self, self.of, evidence, terms)
        confidence, minimum_n = self.asked(terms)
        words = f"at most {self.at_most:g} may be lost"
        asked = PairedQuestion("max_flips", self.metric, words, confidence, minimum_n, self.severity)
        pairs = gains_of(asked, evidence)
        if isinstance(pairs, RuleOutcome):
            return pairs
        if not {*pairs.ours, *pairs.theirs} <= {0.0, 1.0}:
            return asked.undecided(f"{self.metric} has scores that are neither right nor wrong, so that none can flip")
        lost = [float(theirs > ours) for ours, theirs in zip(pairs.ours, pairs.theirs, strict=True)]
        found = mean(lost, clusters=pairs.clusters, bounds=(0.0, 1.0))
        name = f"the share of {self.metric} lost against {evidence.baseline.label}"
        result = Result(self.metric, found.value, found.interval.low, found.interval.high, found.n)
        limit = Limit("max_flips", self.metric, self.at_most, "most", confidence, minimum_n, self.severity, called=name)
        return judge_result(limit, result, evidence)
