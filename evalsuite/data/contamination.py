"""Contamination: which samples of a spec's suite stand in the spec's own training data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalsuite.data.asked import items_of
from evalsuite.data.authored import read_authored
from evalsuite.data.overlap import Overlap, overlaps
from evalsuite.data.rows import SourceRows, training_rows
from evalsuite.records import Prompt, Sample
from evalsuite.spec.resolved import ResolvedSpec


@dataclass(frozen=True)
class Contaminated:
    """A sample found in the training data: where it is asked, how it overlaps, and the row as file and line."""

    entry: str
    sample: Sample
    overlap: Overlap
    place: str


@dataclass(frozen=True)
class Contamination:
    """How many samples each entry of a suite has, and those found in the training data."""

    samples: dict[str, int]
    found: tuple[Contaminated, ...]

    def __str__(self) -> str:
        total, count = sum(self.samples.values()), len(self.found)
        if not count:
            return f"none of {total:,} test samples stands in the training data"
        parts = [f"{entry} {sum(item.entry == entry for item in self.found)}/{n}" for entry, n in self.samples.items()]
        return f"{count:,} of {total:,} test samples stand in the training data ({', '.join(parts)})"


def contamination(resolved: ResolvedSpec) -> Contamination:
    """Every sample of the suite against every row that the spec trains on; nothing is found where it trains on none.

    All samples and rows count, whatever `limit` and `weight` leave out. Raises DataError for bad data.
    """
    # As chat: another format would put signs of its own between the words.
    sources = training_rows(resolved, as_chat=True)
    rows = [row for source in sources for row in source.rows]
    places = [place for source in sources for place in _places(source)]
    entries = dict(_entries(resolved))
    everything = [(name, sample) for name, samples in entries.items() for sample in samples]
    # Ids are unique within an entry only.
    numbered = [Sample(str(number), _alone(sample), sample.target) for number, (_, sample) in enumerate(everything)]
    found = [
        Contaminated(*everything[int(overlap.sample_id)], overlap, places[overlap.row])
        for overlap in overlaps(numbered, rows)
    ]
    return Contamination({name: len(samples) for name, samples in entries.items()}, tuple(found))


def _alone(sample: Sample) -> Prompt:
    # The examples before a question may well stand in the training data; that says nothing of the question.
    return sample.prompt if sample.question is None else Prompt.raw(sample.question)


def _entries(resolved: ResolvedSpec) -> Iterator[tuple[str, tuple[Sample, ...]]]:
    for entry in resolved.suite.benchmarks:
        yield entry.name, items_of(resolved, entry)
    for judged in resolved.suite.judged:
        yield judged.name, read_authored(resolved.suite_data[judged.name])


def _places(source: SourceRows) -> list[str]:
    return [f"{source.source.place}:{line}" for line in source.lines]
