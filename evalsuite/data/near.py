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

    def __init__(self, sets: Mapping[int, Runs], *, least: float) -> None:
        self.sets, self.least = sets, least
        counts = Counter(run for runs in sets.values() for run in runs)
        self.index: defaultdict[Words, list[int]] = defaultdict(list)
        for number, runs in sets.items():
            rarest = sorted(runs, key=lambda run: (counts[run], run))
            for run in rarest[: len(runs) - math.ceil(least * len(runs)) + 1]:
                self.index[run].append(number)
        self.longest = max(map(len, sets.values()), default=0) / least

    def near(self, runs: Runs) -> Iterator[tuple[int, float]]:
        """The sets whose Jaccard index with these runs is at least `least`, with the index."""
        if len(runs) > self.longest:
            return
        for number in {number for run in runs & self.index.keys() for number in self.index[run]}:
            both = len(runs & self.sets[number])
            share = both / (len(runs) + len(self.sets[number]) - both)
            if share >= self.least:
                yield number, share
