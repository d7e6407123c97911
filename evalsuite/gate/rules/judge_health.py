"""Judge health: the judge itself must be worth believing, or what it said is no evidence.

Worked example: `{rule: judge_health, metric: judge.strict.consistency, at_least: 0.8}` finds a judge that agrees with
itself in 0.61 [0.52, 0.69] of the cases over 120: the verdict is invalid, whatever the other rules say.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from evalsuite.gate.limit import Limit, judge_against
from evalsuite.gate.options import RuleOptions
from evalsuite.records import Evidence, RuleOutcome, Terms


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
