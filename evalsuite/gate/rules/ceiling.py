"""Ceiling: a metric must surely be at most a given value."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.threshold import Limit, judge_against
from evalsuite.records import Results, RuleOutcome
from evalsuite.spec.document import Document


class Ceiling(Document):
    """Pass when the metric's 95 % interval lies at or below `at_most`, fail when above it, otherwise undecided."""

    version: ClassVar[int] = 1
    rule: Literal["ceiling"]
    metric: Annotated[str, Field(min_length=1)]
    at_most: float
    minimum_n: Annotated[int, Field(ge=1)] = 20

    def check(self, candidate: Results, baseline: Results) -> RuleOutcome:
        """The candidate's result held against the limit; the baseline plays no part."""
        return judge_against(Limit("ceiling", self.metric, self.at_most, self.minimum_n), candidate)
