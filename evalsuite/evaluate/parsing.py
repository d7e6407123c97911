"""Judges' replies in the formats of published benchmarks; None where a reply does not say.

Judges of evalsuite itself answer in JSON by a schema; these readers are for replies that were made elsewhere.
"""

from __future__ import annotations

import re

UNREAD = "the judge's reply could not be read"

_SINGLE = (re.compile(r"\[\[(\d+\.?\d*)\]\]"), re.compile(r"\[(\d+\.?\d*)\]"))


def two_scores(review: str) -> tuple[float, float] | None:
    """The two grades on a Vicuna review's first line, read exactly as FastChat does (commas become spaces).

    "9 8.5" is read, and so is "9,8"; "9, 8" becomes three parts there and is not, nor here, so that totals agree.
    """
    line = review.split("\n", 1)[0].replace(",", " ")
    parts = line.split(" ")
    try:
        first, second = (float(part) for part in parts)
    except ValueError:
        return None
    return (first, second) if first >= 0 and second >= 0 else None


def single_rating(reply: str) -> float | None:
    """MT-bench's grade of one answer: the first `[[7]]`, else the first `[7]`."""
    for pattern in _SINGLE:
        if found := pattern.search(reply):
            return float(found.group(1))
    return None
