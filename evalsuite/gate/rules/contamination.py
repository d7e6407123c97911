"""Contamination: test items must not stand in the adapter's own training data.

Worked example: 6 of 200 facts stand in the training data, `at_most: 0.01`: the verdict is invalid, for the figures
say how well the adapter remembers, not how well it answers. The share is counted, not estimated.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.limit import Limit, judge_against
from evalsuite.gate.rule_options import Counted, gravest
from evalsuite.gate.words import at_most_problems, share_problems
from evalsuite.records import Evidence, Metric, RuleOutcome, Terms


class ContaminationRule(Counted):
    """Pass when the share of test items in the training data is at most `at_most`, otherwise invalid."""

    version: ClassVar[int] = 1
    rule: Literal["contamination"]
    metric: Annotated[str, Field(min_length=1, description="overlap.ENTRY, or a pattern")] = "overlap.*"
    at_most: Annotated[float, Field(ge=0, le=1)] = 0.0

    def problems(self, metric: Metric) -> list[str]:
        """A share of overlap that may be as large as any share forbids nothing."""
        return share_problems(metric) or at_most_problems(metric, self.at_most, instead="`floor` with `at_least`")

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """Every share of overlap held against the limit; the worst one speaks."""
        confidence = self.asked(terms)[0]

        def one(metric: str) -> RuleOutcome:
            # All test items were looked up, so however few they are, nothing is left to chance.
            limit = Limit("contamination", metric, self.at_most, "most", confidence, 1, self.severity, "invalid")
            return judge_against(limit, evidence)

        return gravest(self, one, evidence)
