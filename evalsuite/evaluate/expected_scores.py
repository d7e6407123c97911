"""Scores weighed by their probability: where in a judge's reply each score stands, and what else could stand there."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from evalsuite.records import Completion, TokenChances
from evalsuite.spec.rubric import Rubric

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9]+|[{}\[\]:,]')


def weighed(completion: Completion, rubric: Rubric) -> dict[str, float]:
    """The expected score of each criterion whose score is one token with alternatives (G-Eval, METHODS §13).

    Criteria are left out where the server told no probabilities, or a score's digits are several tokens.
    """
    from evalsuite.stats.bootstrap import Undefined
    from evalsuite.stats.expected_grade import expected_grade

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
    import json

    return str(json.loads(word, strict=False))


def _number_at(text: str, place: int | None) -> str:
    found = re.compile(r"[0-9]+").match(text, place or 0)
    return found[0] if found else ""
