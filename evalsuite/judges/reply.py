"""What a judge replied: JSON that keeps its schema, or nothing; a verdict is never guessed from prose.

Where the server tells probabilities, each score is weighed by what else could stand in its place.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalsuite.data.files import parse_object
from evalsuite.errors import DataError
from evalsuite.records import Completion, TokenChances
from evalsuite.spec.rubric import Rubric

_FENCED = re.compile(r"```(?:json)?[^\S\n]*\n(.*)\n```", re.DOTALL)

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9]+|[{}\[\]:,]')

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


def weighed(completion: Completion, rubric: Rubric) -> dict[str, float]:
    """The expected score of each criterion whose score is one token with alternatives (G-Eval, Liu et al. 2023).

    Criteria are left out where the server told no probabilities, or a score's digits are several tokens.
    """
    from evalsuite.stats.intervals.bootstrap import Undefined
    from evalsuite.stats.intervals.probes import expected_grade

    told = _by_place(completion)
    found: dict[str, float] = {}
    for criterion in rubric.criteria:
        place = dict(_places(completion.text)).get(criterion.name)
        token = told.get(place) if place is not None else None
        if token is None:
            continue
        low, high = criterion.scale
        chances = _chances(token, range(low, high + 1), written=_number_at(completion.text, place))
        grade = expected_grade(chances) if chances else None
        if grade is not None and not isinstance(grade, Undefined):
            found[criterion.name] = grade
    return found


def _chances(token: TokenChances, scale: range, *, written: str) -> Mapping[float, float]:
    # The score must be this token and nothing more; else "1" could be the beginning of 10.
    if token.token.strip() != written:
        return {}
    split = max(scale) > 9 and not any(len(text.strip()) > 1 and text.strip().isdigit() for text, _ in token.top)
    if split and written == "1":
        return {}
    chances: dict[float, float] = {}
    for text, logarithm in token.top:
        word = text.strip()
        if word.isascii() and word.isdigit() and int(word) in scale:
            chances[int(word)] = chances.get(int(word), 0.0) + math.exp(logarithm)
    return chances


def _by_place(completion: Completion) -> dict[int, TokenChances]:
    """The tokens by the place of their first character that is no blank; none when they do not spell the reply."""
    start = completion.text.find("{")
    spelled = "".join(token.token for token in completion.chances)
    shift = spelled.find("{") - start
    if not completion.chances or spelled[shift if shift > 0 else 0 :].strip() != completion.text.strip():
        return {}
    found, place = {}, -shift
    for token in completion.chances:
        blanks = len(token.token) - len(token.token.lstrip())
        found[place + blanks] = token
        place += len(token.token)
    return found


def _places(text: str) -> Iterator[tuple[str, int]]:
    """Each criterion's name and the place of its score, in JSON that is known to keep the rubric's schema."""
    depth, names, value_follows = 0, ["", ""], False
    for found in _JSON_TOKEN.finditer(text):
        word = found[0]
        if word in "{[":
            depth += 1
        elif word in "}]":
            depth -= 1
        elif word == ":":
            value_follows = True
            continue
        elif word[0] == '"' and not value_follows and depth in (1, 2):
            names[depth - 1] = _unquoted(word)
        elif depth == 2 and names[1] == "score" and value_follows and word != ",":
            yield names[0], found.start()
        value_follows = False


def _unquoted(word: str) -> str:
    return str(json.loads(word, strict=False))


def _number_at(text: str, place: int | None) -> str:
    found = re.compile(r"[0-9]+").match(text, place or 0)
    return found[0] if found else ""
