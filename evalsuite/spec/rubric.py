"""The rubric: criteria with anchors and weights, and the deterministic checks that a rule can grade by."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from evalsuite.spec.document import Document, Name, Version

_FENCED = re.compile(r"```(?:json)?[^\S\n]*\n(.*?)\n?```", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,300})(?:\.[0-9]{1,300})?(?![\w])")

# Some expressions take longer than anybody lives on some replies, and nobody sees it in the expression.
_PATIENCE_SECONDS = 1.0


@lru_cache(maxsize=256)
def _compiled(expression: str) -> Any:
    # Python's own `re` cannot be interrupted; `regex` reads the same expressions and takes a time limit.
    import regex  # type: ignore[import-untyped]

    return regex.compile(expression, regex.MULTILINE)


def _expression(value: str) -> str:
    import regex

    try:
        _compiled(value)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return value


class TooSlow(Exception):
    """An expression found no end with a reply."""


class SectionsCheck(Document):
    """The reply has these headings, each at the start of a line, in this order; the share that fits counts."""

    kind: Literal["sections"]
    in_order: Annotated[tuple[str, ...], Field(min_length=1)]

    def share(self, reply: str, reference: str = "") -> float:
        """Which share of the headings stands in order, 0 to 1."""
        position, found = 0, 0
        for heading in self.in_order:
            # Blanks of one line only: `\s*` would read a reply of blank lines again from each of them.
            match = re.compile(rf"^[^\S\n]*{re.escape(heading)}", re.MULTILINE).search(reply, position)
            if match:
                position, found = match.end(), found + 1
        return found / len(self.in_order)


class PatternCheck(Document):
    """The reply matches every `must` expression and none of `must_not`."""

    kind: Literal["pattern"]
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()

    @field_validator("must", "must_not")
    @classmethod
    def _expressions(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_expression(value) for value in values)

    @model_validator(mode="after")
    def _asks_something(self) -> PatternCheck:
        if not self.must and not self.must_not:
            raise ValueError("has neither `must` nor `must_not`; every reply would pass")
        return self

    def share(self, reply: str, reference: str = "") -> float:
        """1 when the reply fits, otherwise 0; raises TooSlow when an expression takes more than a second."""
        fits = all(_found(pattern, reply) for pattern in self.must)
        return float(fits and not any(_found(pattern, reply) for pattern in self.must_not))


class LengthCheck(Document):
    """The reply has between `at_least` and `at_most` words."""

    kind: Literal["length"]
    at_least: Annotated[int, Field(ge=0)] = 0
    at_most: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _is_possible(self) -> LengthCheck:
        if self.at_least > self.at_most:
            raise ValueError(f"wants at least {self.at_least} and at most {self.at_most} words; no reply has that")
        return self

    def share(self, reply: str, reference: str = "") -> float:
        """1 when the number of words fits, otherwise 0."""
        return float(self.at_least <= len(reply.split()) <= self.at_most)


class JsonSchemaCheck(Document):
    """The reply is JSON, alone or as its only fenced block, and satisfies a JSON Schema."""

    kind: Literal["json_schema"]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]

    @field_validator("schema_")
    @classmethod
    def _a_schema(cls, value: dict[str, Any]) -> dict[str, Any]:
        from jsonschema import Draft202012Validator, SchemaError

        try:
            Draft202012Validator.check_schema(value)
        except SchemaError as error:
            raise ValueError(f"is not a JSON Schema: {error.message}") from None
        if _refers_elsewhere(value):
            raise ValueError("refers to another file or address; write the whole schema here")
        return value

    def share(self, reply: str, reference: str = "") -> float:
        """1 when the reply's JSON satisfies the schema, otherwise 0."""
        from jsonschema import Draft202012Validator

        fenced = _FENCED.fullmatch(reply.strip())
        try:
            value = json.loads(fenced[1] if fenced else reply)
            return float(Draft202012Validator(self.schema_).is_valid(value))
        except (ValueError, RecursionError):  # no JSON, or nested more deeply than anything that was asked for
            return 0.0


class NumericCheck(Document):
    """The last number of the reply is the right one: `equals`, or else the last number of the reference answer."""

    kind: Literal["numeric"]
    equals: float | None = None
    tolerance: Annotated[float, Field(ge=0, description="how far off still counts as right")] = 1e-9

    def share(self, reply: str, reference: str = "") -> float:
        """1 when the number is right, otherwise 0; 0 when there is nothing to compare with."""
        given = _last_number(reply)
        wanted = self.equals if self.equals is not None else _last_number(reference)
        return float(given is not None and wanted is not None and abs(given - wanted) <= self.tolerance)


Check = Annotated[
    SectionsCheck | PatternCheck | LengthCheck | JsonSchemaCheck | NumericCheck, Field(discriminator="kind")
]


def _last_number(text: str) -> float | None:
    found = _NUMBER.findall(text)
    return float(found[-1].replace(",", "")) if found else None


def _refers_elsewhere(schema: Any) -> bool:
    """Whether a `$ref` leads out of the schema; validation must never read a file or the network."""
    if isinstance(schema, dict):
        reference = schema.get("$ref", "#")
        outside = isinstance(reference, str) and not reference.startswith("#")
        return outside or any(_refers_elsewhere(value) for value in schema.values())
    return isinstance(schema, list) and any(_refers_elsewhere(value) for value in schema)


def _found(expression: str, reply: str) -> bool:
    try:
        return _compiled(expression).search(reply, timeout=_PATIENCE_SECONDS) is not None
    except TimeoutError:
        raise TooSlow(f"the expression {expression!r} took more than {_PATIENCE_SECONDS:g} s on one reply") from None


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
