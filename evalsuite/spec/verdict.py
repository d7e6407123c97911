"""`verdict.json`: the gate's decision as a versioned document for other tools."""

from __future__ import annotations

from typing import Literal

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


class VerdictFile(Document):
    """The decision about one spec, with the digests of what it is about."""

    schema_version: Version
    spec: str
    policy: str
    answer: Literal["pass", "fail", "undecided", "invalid"]
    base_model: str
    base_digest: str
    adapter_digest: str | None
    rules: tuple[VerdictRule, ...]
