"""Cost: making the adapter, and measuring it, must stay within a budget of time and money."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from evalsuite.gate.rule_options import Counted, Known, judge_known
from evalsuite.records import Evidence, RuleOutcome, Terms


class CostRule(Counted):
    """Pass when the training's wall time and the money for scoring are within their limits."""

    version: ClassVar[int] = 1
    rule: Literal["cost"]
    at_most_seconds: Annotated[float | None, Field(gt=0, description="wall time of the training")] = None
    at_most_dollars: Annotated[float | None, Field(ge=0, description="of scoring, by the prices in the documents")] = (
        None
    )

    @property
    def metric(self) -> str:
        """What the rule is about."""
        return "training.cost"

    @model_validator(mode="after")
    def _a_limit(self) -> CostRule:
        if self.at_most_seconds is None and self.at_most_dollars is None:
            raise ValueError("cost needs a limit: `at_most_seconds` or `at_most_dollars`")
        return self

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """What was spent held against the limits."""
        facts, known = evidence.facts, []
        if self.at_most_seconds is not None:
            spent, limit = facts.train_seconds, self.at_most_seconds
            known.append(Known("the training's wall time", spent, limit, f"{spent or 0:,.1f} s", f"{limit:,g} s"))
        if self.at_most_dollars is not None:
            money, most = facts.money, self.at_most_dollars
            known.append(Known("the money for scoring", money, most, f"${money or 0:,.2f}", f"${most:,.2f}"))
        return judge_known("cost", self.metric, known, self.severity)
