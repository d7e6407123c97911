"""Words: a text as what counts when two texts are compared, whatever their case, marks and spacing."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

Words = tuple[str, ...]

# Scripts that put no spaces between words: there each sign stands for itself.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
# A sign of arithmetic is a word, or 5 + 8 would be 5 - 8; a dash is one before a number only, elsewhere it joins words.
_WORD = rf"(?V1){_UNSPACED}\p{{M}}*|[[\p{{L}}\p{{M}}\p{{N}}]--{_UNSPACED}]+|[+<>=×÷]|[-−*/%](?=\s*\d)"


def words(text: str) -> Words:
    """The words of a text in order, normalised: compatibility forms, case, ё as е; punctuation is left out."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return tuple(_pattern().findall(plain))


def grams(of: Sequence[str], n: int) -> set[Words]:
    """All runs of `n` words."""
    return set(zip(*(of[start:] for start in range(n)), strict=False))


@cache
def _pattern() -> Any:
    import regex  # type: ignore[import-untyped]

    return regex.compile(_WORD)
