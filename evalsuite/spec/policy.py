"""The policy: the rules that a candidate must pass, and what it is compared with."""

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
