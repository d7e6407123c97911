"""Judges' replies in the formats of published benchmarks; None where a reply does not say.

Judges of evalsuite itself answer in JSON by a schema; these readers are for replies that were made elsewhere.
"""

from __future__ import annotations

import re
from typing import Literal

from evalsuite.stats.orders import Verdict

UNREAD = "the judge's reply could not be read"

_SINGLE = (re.compile(r"\[\[(\d+\.?\d*)\]\]"), re.compile(r"\[(\d+\.?\d*)\]"))
_TWO = re.compile(r"\[\[(\d+\.?\d*),\s?(\d+\.?\d*)\]\]")
_NEARLY_EQUAL = 0.1
_CLEAR = re.compile(r"\[\[([AB]>{1,2}[AB]|A=B|B=A)\]\]")
_MARK = r"(?:\[(?:result|score)\]|\bresult|\bscore(?:\s+of)?)\s*:?\s*[(\[]*\s*"
_ABSOLUTE = re.compile(rf"{_MARK}([1-5])\s*[)\]]*(?:\s*/\s*5|\s*out\s+of\s+5)?[)\].\s]*$", re.IGNORECASE)
_RELATIVE = re.compile(rf"{_MARK}(?:response\s+)?([AB])[)\].\s]*$", re.IGNORECASE)


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


def three_class(review: str) -> Verdict:
    """QLoRA's verdict: the last line is 1, 2 or 3 (a tie)."""
    last = review.strip().split("\n")[-1].strip()
    classes: dict[str, Verdict] = {"1": "first", "2": "second", "3": "tie"}
    return classes.get(last, "error")


def single_rating(reply: str) -> float | None:
    """MT-bench's grade of one answer: the first `[[7]]`, else the first `[7]`."""
    for pattern in _SINGLE:
        if found := pattern.search(reply):
            return float(found.group(1))
    return None


def rating_pair(reply: str) -> tuple[float, float] | None:
    """MT-bench's two grades, `[[8, 7.5]]`."""
    found = _TWO.search(reply)
    return (float(found.group(1)), float(found.group(2))) if found else None


def rating_pair_verdict(reply: str) -> Verdict:
    """The better of MT-bench's two grades; a tie when they differ by 0.1 or less."""
    grades = rating_pair(reply)
    if grades is None:
        return "error"
    if abs(grades[0] - grades[1]) <= _NEARLY_EQUAL:
        return "tie"
    return "first" if grades[0] > grades[1] else "second"


def pair_verdict(reply: str) -> Verdict:
    """MT-bench's pairwise verdict: `[[A]]`, `[[B]]` and `[[C]]` (a tie) are looked for in that order."""
    verdicts: tuple[tuple[str, Verdict], ...] = (("[[A]]", "first"), ("[[B]]", "second"), ("[[C]]", "tie"))
    return next((verdict for mark, verdict in verdicts if mark in reply), "error")


def clear_verdict(reply: str) -> tuple[float, float] | None:
    """Arena-hard's verdict as the first answer's score and its weight: `A>>B` is (1, 3), `A>B` (1, 1), `A=B` (0.5, 1).

    Several different verdicts in one reply are no verdict.
    """
    marks = set(_CLEAR.findall(reply))
    if len(marks) != 1:
        return None
    mark = marks.pop()
    if "=" in mark:
        return 0.5, 1.0
    if mark[0] == mark[-1]:
        return None
    return (1.0 if mark[0] == "A" else 0.0), (3.0 if ">>" in mark else 1.0)


def prometheus_grade(reply: str) -> int | None:
    """Prometheus' grade 1 to 5 after `[RESULT]` at the end of the reply; decimals and other numbers are invalid."""
    found = _ABSOLUTE.search(reply)
    return int(found.group(1)) if found else None


def prometheus_choice(reply: str) -> Literal["A", "B"] | None:
    """Prometheus' choice A or B after `[RESULT]` at the end of the reply."""
    found = _RELATIVE.search(reply)
    if found is None:
        return None
    return "A" if found.group(1).upper() == "A" else "B"
