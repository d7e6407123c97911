"""Near: which of many sets of word runs are nearly equal to another, exactly and without comparing all pairs.

Two sets with a Jaccard index of j share at least j of the larger one, so that one of the |set| - ceil(j |set|) + 1
rarest runs of a set stands in every set that is near to it: only those are indexed, and what they find is counted.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from evalsuite.data.words import Words

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
