"""Ceiling: a metric must surely be at most a given value."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.limit import Limit, judge_against
from evalsuite.gate.rule_options import Sliced, each_slice
from evalsuite.gate.words import at_most_problems, supposed_limit
from evalsuite.records import Evidence, Metric, Outlook, RuleOutcome, Suppose, Supposed, Terms


class Ceiling(Sliced):
    """Pass when the metric's interval lies at or below `at_most`, fail when above it, otherwise undecided."""

    version: ClassVar[int] = 2
    rule: Literal["ceiling"]
    metric: Annotated[str, Field(min_length=1)]
    at_most: float

    def problems(self, metric: Metric) -> list[str]:
        """A ceiling needs a metric that can be on both sides of it, and be better on this one."""
        return at_most_problems(metric, self.at_most, instead="`floor` with `at_least`")

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """The truth lies below the ceiling."""
        return supposed_limit(suppose, metric, self.at_most, more=False)

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The candidate's result held against the limit; the baseline plays no part."""
        if self.by_slice:
            return each_slice(self, self.of, evidence, terms)
        asked = self.asked(terms)
        return judge_against(Limit("ceiling", self.metric, self.at_most, "most", *asked, self.severity), evidence)
