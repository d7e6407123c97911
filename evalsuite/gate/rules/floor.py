"""Floor: a metric must surely be at least a given value."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.limit import Limit, judge_against
from evalsuite.gate.options import RuleOptions
from evalsuite.records import Evidence, RuleOutcome, Terms


class Floor(RuleOptions):
    """Pass when the metric's interval lies at or above `at_least`, fail when below it, otherwise undecided."""

    version: ClassVar[int] = 2
    rule: Literal["floor"]
    metric: Annotated[str, Field(min_length=1)]
    at_least: float

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The candidate's result held against the limit; the baseline plays no part."""
        asked = self.asked(terms)
        return judge_against(Limit("floor", self.metric, self.at_least, "least", *asked, self.severity), evidence)
