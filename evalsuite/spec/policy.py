"""The policy and what came of it: the rules that a candidate must pass, and `verdict.json`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evalsuite.plugins import Rule
from evalsuite.spec.document import Document, Name, OneOf, Version


class Policy(Document):
    """A release gate."""

    schema_version: Version
    name: Name
    description: str | None = None
    baseline: Annotated[
        Name, Field(description="base, an alias of the registry such as production, or the name of another spec")
    ] = "base"
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    multiplicity: Annotated[
        Literal["holm", "bh", "none"],
        Field(description="how failures are adjusted for the number of blocking rules; passes need no correction"),
    ] = "holm"
    minimum_n: Annotated[int, Field(ge=1, description="below it a rule is undecided")] = 20
    rules: Annotated[tuple[Annotated[Rule, OneOf("rules")], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _something_blocks(self) -> Policy:
        if all(rule.severity == "warn" for rule in self.rules):
            raise ValueError(
                "every rule only warns, so that nothing could ever be blocked; let one have severity block"
            )
        return self


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
