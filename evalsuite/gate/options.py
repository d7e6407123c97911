"""The options that every rule shares."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evalsuite.records import Severity, Terms
from evalsuite.spec.document import Document


class RuleOptions(Document):
    """How much a rule weighs, and where it differs from its policy's confidence and smallest sample."""

    severity: Annotated[Severity, Field(description="block: it must pass; warn: it is only told")] = "block"
    confidence: Annotated[float | None, Field(gt=0.5, lt=1, description="the policy's unless given")] = None
    minimum_n: Annotated[int | None, Field(ge=1, description="the policy's unless given")] = None

    def asked(self, terms: Terms) -> tuple[float, int]:
        """The confidence and the smallest n that count for this rule."""
        return self.confidence or terms.confidence, self.minimum_n or terms.minimum_n


class Sequential(RuleOptions):
    """A rule that may be settled before every sample is judged."""

    sequential: Annotated[
        bool, Field(description="judge in random order and stop as soon as an anytime-valid bound settles the rule")
    ] = False
    batch: Annotated[int, Field(ge=1, description="how many samples are judged between two looks")] = 10
