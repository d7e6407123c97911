"""The rubric: criteria with anchors and weights, by which a judge grades a reply."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from evalsuite.spec.checks import Check
from evalsuite.spec.document import Document, Name, Version


class Criterion(Document):
    """One thing to grade, on an integer scale whose ends (and steps, where given) are described."""

    name: Name
    description: Annotated[str, Field(min_length=1)]
    weight: Annotated[float, Field(gt=0)] = 1.0
    anchors: Annotated[dict[str, str], Field(min_length=2, description="score -> what earns it")]
    check: Check | None = None

    @field_validator("anchors")
    @classmethod
    def _integers(cls, value: dict[str, str]) -> dict[str, str]:
        # One spelling per score, or "1" and "01" would be a scale without a width.
        if any(not re.fullmatch(r"0|[1-9][0-9]{0,2}", key) for key in value):
            raise ValueError("the keys of anchors are whole scores such as 1 and 5")
        return value

    @property
    def scale(self) -> tuple[int, int]:
        """The lowest and the highest score."""
        scores = [int(key) for key in self.anchors]
        return min(scores), max(scores)


class Rubric(Document):
    """By what a judge grades a reply."""

    schema_version: Version
    name: Name
    description: str | None = None
    language: str = "en"
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_differ(self) -> Rubric:
        names = [criterion.name for criterion in self.criteria]
        if len(set(names)) < len(names):
            raise ValueError("two criteria have one name; names must differ")
        return self

    @property
    def unchecked(self) -> tuple[str, ...]:
        """The criteria without a deterministic check, which only a language model can grade."""
        return tuple(criterion.name for criterion in self.criteria if criterion.check is None)

    def normalised(self, scores: Mapping[str, float]) -> dict[str, float]:
        """Each criterion's score on the scale 0 (worst anchor) to 1 (best anchor)."""
        shares = {}
        for criterion in self.criteria:
            low, high = criterion.scale
            shares[criterion.name] = (scores[criterion.name] - low) / (high - low)
        return shares

    def overall(self, scores: Mapping[str, float]) -> float:
        """The weighted mean of the normalised scores, 0 to 1."""
        shares = self.normalised(scores)
        weight = sum(criterion.weight for criterion in self.criteria)
        return sum(criterion.weight * shares[criterion.name] for criterion in self.criteria) / weight

    def means(self, given: Sequence[Mapping[str, float]]) -> dict[str, float]:
        """The mean score of each criterion over several gradings, which must be at least one."""
        return {c.name: sum(scores[c.name] for scores in given) / len(given) for c in self.criteria}

    def reply_schema(self) -> dict[str, Any]:
        """The JSON Schema that a judge's reply must satisfy: an integer score and a reason per criterion."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [criterion.name for criterion in self.criteria],
            "properties": {criterion.name: _graded(*criterion.scale) for criterion in self.criteria},
        }


def _graded(low: int, high: int) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["reason", "score"],
        "properties": {
            "reason": {"type": "string"},
            "score": {"type": "integer", "minimum": low, "maximum": high},
        },
    }
