"""`verdict.json`: the gate's decision as a versioned document for other tools."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from evalsuite.spec.document import Document, Version


class VerdictRule(Document):
    """What one rule found."""

    rule: str
    metric: str
    answer: Literal["pass", "fail", "undecided", "invalid"]
    sentence: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    severity: Literal["block", "warn"] = "block"
    p_value: Annotated[float | None, Field(description="of the claim that the rule is kept; not adjusted")] = None
    needed: Annotated[int | None, Field(description="about how many samples in all would settle the rule")] = None
    money: Annotated[float | None, Field(description="what the missing samples would cost, in dollars")] = None

    @property
    def blocks(self) -> bool:
        """Whether this rule stands in the way of a release."""
        return self.severity == "block" and self.answer != "pass"

    @property
    def label(self) -> str:
        """The rule and what it is about, as a name: `floor style.fidelity`."""
        return f"{self.rule} {self.metric}"

    @property
    def word(self) -> str:
        """The answer; `warn` where a rule that only warns did not pass."""
        return "warn" if self.severity == "warn" and self.answer != "pass" else self.answer


class VerdictFile(Document):
    """The decision about one spec, with the digests of what it is about."""

    schema_version: Version
    spec: str
    policy: str
    baseline: str = "base"
    answer: Literal["pass", "fail", "undecided", "invalid"]
    base_model: str
    base_digest: str
    reference: Annotated[str | None, Field(description="what `base` stands for, where the spec names it")] = None
    adapter_digest: str | None
    rules: tuple[VerdictRule, ...]
