"""What was measured, whoever was measured: figures stand side by side only where this is the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a figure was measured on and how: a digest that no model or adapter has a part in, and the same in words.

    `entry` is the suite's entry that it is about, empty where it is about all figures of a step. Each of `words` is one
    fact: the task with its options, how many items of how many, which data.
    """

    digest: str
    words: tuple[str, ...] = ()
    entry: str = ""

    @property
    def sentence(self) -> str:
        """All of it for people."""
        return ", ".join(self.words)


UNKNOWN = Measurement("")


def marks(measurements: Iterable[Measurement]) -> dict[str, str]:
    """What tells several measurements of one figure apart, by digest: the facts that not all of them share."""
    known = {found.digest: found for found in measurements}
    shared = set.intersection(*(set(found.words) for found in known.values())) if known else set()
    told = {key: ", ".join(fact for fact in found.words if fact not in shared) for key, found in known.items()}
    many = list(told.values())
    return {key: mark if mark and many.count(mark) == 1 else _numbered(mark, key) for key, mark in told.items()}


def how_they_differ(first: Measurement, second: Measurement) -> tuple[str, str]:
    """What of each the other has not."""
    found = marks((first, second))
    return found[first.digest], found[second.digest]


def _numbered(mark: str, digest: str) -> str:
    """Facts that do not tell them apart, with what does."""
    return ", ".join(part for part in (mark, f"measurement {digest[:6] or 'unknown'}") if part)
