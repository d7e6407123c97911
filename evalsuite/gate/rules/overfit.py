"""Overfitting: the loss on held-out rows must not have risen again by the end of the training.

Worked example: the held-out loss was 0.412 at step 120 and 0.466 at the end: a rise of 13 %, `at_most: 0.05` fails.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.rule_options import Counted
from evalsuite.records import Answer, Evidence, RuleOutcome, Terms


class Overfit(Counted):
    """Pass when the last held-out loss is above the best one by at most the share `at_most`."""

    version: ClassVar[int] = 1
    rule: Literal["overfit"]
    at_most: Annotated[float, Field(ge=0, description="share of the best held-out loss")] = 0.05

    @property
    def metric(self) -> str:
        """What the rule is about."""
        return "training.held_out_loss"

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The training's curve held against the limit."""
        losses = [
            (point.step, point.held_out_loss) for point in evidence.facts.curve if point.held_out_loss is not None
        ]
        if not losses:
            sentence = "the held-out loss is not known: the training kept no rows aside, or was not done here"
            return RuleOutcome("overfit", self.metric, "undecided", sentence, severity=self.severity)
        step, best = min(losses, key=lambda point: point[1])
        last = losses[-1][1]
        rise = (last - best) / best if best > 0 else 0.0
        told = f"rose from {best:.3f} at step {step} to {last:.3f}" if rise > 0 else f"ended at its best, {last:.3f}"
        sentence = f"the held-out loss {told}; a rise of at most {self.at_most:.0%} is allowed"
        answer: Answer = "fail" if rise > self.at_most else "pass"
        return RuleOutcome("overfit", self.metric, answer, sentence, value=rise, severity=self.severity)
