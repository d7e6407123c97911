"""Judge health: the judge itself must be worth believing, or what it said is no evidence.

Worked example: `{rule: judge_health, metric: judge.strict.consistency, at_least: 0.8}` finds a judge that agrees with
itself in 0.61 [0.52, 0.69] of the cases over 120: the verdict is invalid, whatever the other rules say.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from evalsuite.gate.limit import Limit, judge_against
from evalsuite.gate.rule_options import RuleOptions
from evalsuite.gate.words import at_least_problems, at_most_problems, supposed_limit
from evalsuite.records import Evidence, Metric, Outlook, RuleOutcome, Suppose, Supposed, Terms


class JudgeHealth(RuleOptions):
    """Pass when a figure of the judge's own health keeps its limit, invalid when it surely does not."""

    version: ClassVar[int] = 1
    rule: Literal["judge_health"]
    metric: Annotated[str, Field(pattern=r"^judge\.", description="judge.JUDGE.METRIC")]
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> JudgeHealth:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("judge_health needs one limit: `at_least` or `at_most`")
        return self

    def problems(self, metric: Metric) -> list[str]:
        """The limit must be on the side that is better for the figure, and within its bounds."""
        if self.at_least is not None:
            return at_least_problems(metric, self.at_least, instead="`at_most`")
        return at_most_problems(metric, self.at_most or 0.0, instead="`at_least`")

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """The truth lies on the good side of the limit."""
        limit = self.at_most if self.at_least is None else self.at_least
        return supposed_limit(suppose, metric, limit or 0.0, more=self.at_least is not None)

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The judge's figure held against the limit."""
        limit, side = (self.at_most, "most") if self.at_least is None else (self.at_least, "least")
        assert limit is not None
        asked = self.asked(terms)
        return judge_against(
            Limit("judge_health", self.metric, limit, "most" if side == "most" else "least", *asked, self.severity,
                  broken="invalid"),
            evidence,
        )  # fmt: skip
