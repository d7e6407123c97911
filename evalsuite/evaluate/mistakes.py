"""Chains of thought taken apart: their sentences, and a sentence with a mistake put into it."""

from __future__ import annotations

import random
import re

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.]*\d)")
_FLIPS = (
    (" is not ", " is "), (" are not ", " are "), (" does not ", " does "), (" is ", " is not "),
    (" are ", " are not "), (" was ", " was not "), (" has ", " does not have "), (" have ", " do not have "),
    (" can ", " cannot "), (" more ", " fewer "), (" less ", " more "), (" all ", " no "), (" true", " false"),
    (" не ", " "), (" больше ", " меньше "), (" меньше ", " больше "), (" все ", " никакие "),
)  # fmt: skip


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, lines apart; joined again they are the text but for the spaces between them."""
    found = (part.strip() for part in _SENTENCE_END.split(text))
    return tuple(part for part in found if re.search(r"\w", part))


def with_mistake(sentence: str, *, seed: str) -> str | None:
    """The sentence with another number, or saying the opposite; None where neither can be done by rule."""
    draw = random.Random(seed)
    numbers = list(_NUMBER.finditer(sentence))
    if numbers:
        # The last number is most often the one that was worked out.
        number = numbers[-1]
        wrong = int(number[0]) + draw.choice((1, 2, 3, 10))
        return f"{sentence[: number.start()]}{wrong}{sentence[number.end() :]}"
    for right, wrong_words in _FLIPS:
        if right in sentence:
            return sentence.replace(right, wrong_words, 1)
    return None
