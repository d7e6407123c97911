"""Floor: a metric must surely be at least a given value."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.limit import Limit, judge_against
from evalsuite.gate.rule_options import Sliced, each_slice
from evalsuite.gate.words import at_least_problems, supposed_limit
from evalsuite.records import Evidence, Metric, Outlook, RuleOutcome, Suppose, Supposed, Terms


class Floor(Sliced):
    """Pass when the metric's interval lies at or above `at_least`, fail when below it, otherwise undecided."""

    version: ClassVar[int] = 2
    rule: Literal["floor"]
    metric: Annotated[str, Field(min_length=1)]
    at_least: float

    def problems(self, metric: Metric) -> list[str]:
        """A floor needs a metric that can be on both sides of it, and be better on this one."""
        return at_least_problems(metric, self.at_least, instead="`ceiling` with `at_most`")

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """The truth lies above the floor."""
        return supposed_limit(suppose, metric, self.at_least, more=True)

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The candidate's result held against the limit; the baseline plays no part."""
        if self.by_slice:
            return each_slice(self, self.of, evidence, terms)
        asked = self.asked(terms)
        return judge_against(Limit("floor", self.metric, self.at_least, "least", *asked, self.severity), evidence)
