"""Texts as runs of words, and which of many are nearly equal."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
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


Runs = set[Words] | frozenset[Words]


class NearSets:
    """Numbered sets of runs, to be asked which of them are near to another set."""

    def __init__(self, *, least: float, counts: Counter[Words]) -> None:
        """`least` is the Jaccard index from which on sets are near; `counts` says how rare each run is."""
        self.least, self.counts = least, counts
        self.sets: dict[int, Runs] = {}
        self.longest = 0.0
        self._index: defaultdict[Words, list[int]] = defaultdict(list)

    @staticmethod
    def of(sets: Mapping[int, Runs], *, least: float) -> NearSets:
        """All these sets, under their numbers."""
        made = NearSets(least=least, counts=Counter(run for runs in sets.values() for run in runs))
        for number, runs in sets.items():
            made.add(number, runs)
        return made

    def add(self, number: int, runs: Runs) -> None:
        """Keep a set, to be found under its number from now on."""
        self.sets[number] = runs
        self.longest = max(self.longest, len(runs) / self.least)
        rarest = sorted(runs, key=lambda run: (self.counts[run], run))
        for run in rarest[: len(runs) - math.ceil(self.least * len(runs)) + 1]:
            self._index[run].append(number)

    def near(self, runs: Runs) -> Iterator[tuple[int, float]]:
        """The sets whose Jaccard index with these runs is at least `least`, with the index."""
        if len(runs) > self.longest:
            return
        for number in {number for run in runs & self._index.keys() for number in self._index[run]}:
            both = len(runs & self.sets[number])
            share = both / (len(runs) + len(self.sets[number]) - both)
            if share >= self.least:
                yield number, share
