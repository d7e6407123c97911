"""Memorisation: the adapter must not recite its training rows.

Worked example: `{rule: memorisation, at_most: 0.01}` with 1 of 400 training rows continued verbatim, 0.003
[0.000, 0.014]: undecided, and the sentence says how many rows would settle it.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.limit import Limit, judge_against
from evalsuite.gate.rule_options import RuleOptions, gravest
from evalsuite.gate.words import at_most_problems, share_problems, supposed_limit
from evalsuite.records import Evidence, Metric, Outlook, RuleOutcome, Suppose, Supposed, Terms


class Memorisation(RuleOptions):
    """Pass when every measure of memorisation surely is at most `at_most`, fail when one surely is above."""

    version: ClassVar[int] = 2
    rule: Literal["memorisation"]
    metric: Annotated[str, Field(min_length=1, description="a metric or a pattern")] = "memorisation.*"
    at_most: Annotated[float, Field(ge=0, le=1)]

    def problems(self, metric: Metric) -> list[str]:
        """A share that may be as large as any share forbids nothing."""
        return share_problems(metric) or at_most_problems(metric, self.at_most, instead="`floor` with `at_least`")

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """The truth lies below the limit."""
        return supposed_limit(suppose, metric, self.at_most, more=False)

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """Every measure held against the limit; the worst one speaks."""
        asked = self.asked(terms)

        def one(metric: str) -> RuleOutcome:
            return judge_against(Limit("memorisation", metric, self.at_most, "most", *asked, self.severity), evidence)

        return gravest(self, one, evidence)
