"""The policy: the rules that a candidate must pass, and what it is compared with."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from evalsuite.plugins import Rule
from evalsuite.spec.document import Document, Name, OneOf, Version


class Policy(Document):
    """A release gate."""

    schema_version: Version
    name: Name
    description: str | None = None
    baseline: Literal["base"] = "base"
    rules: Annotated[tuple[Annotated[Rule, OneOf("rules")], ...], Field(min_length=1)]
