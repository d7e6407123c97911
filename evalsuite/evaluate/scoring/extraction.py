"""Taking an answer out of a reply, and comparing answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from evalsuite.spec.rubric import TooSlow

_PATIENCE_SECONDS = 1.0

# A minus counts where no word or bracket stands before it ("10-3" has a 3); commas count between groups of digits.
_NUMBER = re.compile(
    r"(?:(?<![\w)\]])[-−])?"
    r"(?:(?:[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?![0-9])|[0-9]+)(?:\.[0-9]+)?|(?<![\w.])\.[0-9]+)"
)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_SIGNS = re.compile(r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]")


def extract_match(pattern: str, reply: str, *, last: bool = False) -> str | None:
    """What a pattern finds in a reply, its first group that is not empty, stripped; the first find or the last."""
    finds = re.findall(pattern, reply)
    if not finds:
        return None
    find = finds[-1 if last else 0]
    groups = [find] if isinstance(find, str) else [group for group in find if group]
    return groups[0].strip() if groups else None


def without(patterns: Sequence[str], text: str) -> str:
    """The text in lower case without what the patterns match, one pattern after the other."""
    for pattern in patterns:
        text = re.sub(pattern, "", text)
    return text.lower()


def token_f1(reply: str, answer: str) -> float:
    """The harmonic mean of precision and recall over words, without case, articles and punctuation.

    SQuAD (Rajpurkar et al. 2016, arXiv 1606.05250). "the red car" against "a red bus" shares one word of two: 0.5.
    """
    ours, right = (_ARTICLES.sub(" ", _SIGNS.sub("", text.lower())).split() for text in (reply, answer))
    shared = sum((Counter(ours) & Counter(right)).values())
    if not ours or not right:
        return float(ours == right)
    return 2 * shared / (len(ours) + len(right))


def last_number(text: str) -> str | None:
    """The last number of a text in its one spelling, or None; exact, for a float would round long ones."""
    numbers = _NUMBER.findall(text)
    if not numbers:
        return None
    plain = numbers[-1].replace("−", "-").replace(",", "")
    whole, _, part = plain.lstrip("-").partition(".")
    number = ".".join(filter(None, (whole.lstrip("0") or "0", part.rstrip("0"))))
    return f"-{number}" if plain.startswith("-") and number != "0" else number


@lru_cache(maxsize=1024)
def compile_pattern(expression: str) -> Any:
    """An expression ready to search with a time limit; raises ValueError when it is none."""
    import regex  # type: ignore[import-untyped]

    try:
        return regex.compile(expression)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is not a regular expression: {error}") from None


def fits(expression: str, reply: str) -> bool:
    """Whether an expression is found in a reply; raises TooSlow when it takes more than a second."""
    try:
        return compile_pattern(expression).search(reply, timeout=_PATIENCE_SECONDS) is not None
    except TimeoutError:
        raise TooSlow(expression) from None
