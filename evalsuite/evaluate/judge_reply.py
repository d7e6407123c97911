"""What a judge replied: JSON that keeps its schema, or nothing; a verdict is never guessed from prose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalsuite.data.jsonl import parse_object
from evalsuite.errors import DataError
from evalsuite.records import Completion

_FENCED = re.compile(r"```(?:json)?[^\S\n]*\n(.*)\n```", re.DOTALL)

PREFERENCE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["reason", "better"],
    "properties": {"reason": {"type": "string"}, "better": {"type": "string", "enum": ["first", "second", "tie"]}},
}


@dataclass(frozen=True, slots=True)
class Read:
    """A reply's JSON as its schema has it, or why it cannot be used."""

    value: Mapping[str, Any] | None
    reason: str | None = None


def read_reply(completion: Completion, schema: Mapping[str, Any]) -> Read:
    """The completion's JSON; none when it was refused, cut off, no JSON, or breaks the schema."""
    if completion.finish == "refused":
        return Read(None, f"the judge refused: {completion.reason or 'no reason given'}")
    if completion.finish == "failed":
        return Read(None, f"the judge did not answer: {completion.reason or 'no reason given'}")
    if completion.finish == "length":
        return Read(None, "the judge's reply was cut off at the token limit")
    text = completion.text.strip()
    # Small models put a fence around the whole; that is still the reply and nothing but the reply.
    fenced = _FENCED.fullmatch(text)
    try:
        value = parse_object(fenced[1] if fenced else text, "the judge's reply")
    except DataError as error:
        return Read(None, " ".join(str(error).split()))
    problem = _problem(value, schema)
    return Read(value) if problem is None else Read(None, f"the judge's reply breaks its schema: {problem}")


def _problem(value: Any, schema: Mapping[str, Any]) -> str | None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(schema).iter_errors(value))
    if error is None:
        return None
    where = ".".join(str(part) for part in error.absolute_path)
    return f"{where + ': ' if where else ''}{error.message[:200]}"
