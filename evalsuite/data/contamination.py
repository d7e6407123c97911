"""Contamination: test samples that stand in the training rows, word for word, in part, or nearly so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from evalsuite.data.evaluation.prompts import read_authored
from evalsuite.data.fetch import items_of
from evalsuite.data.near_duplicates import NearSets, Words, grams, words
from evalsuite.data.training.rows import SourceRows, training_rows
from evalsuite.records import Prompt, Row, Sample
from evalsuite.spec.run_spec import ResolvedSpec

Kind = Literal["item", "question", "part", "near"]
KINDS: tuple[Kind, ...] = ("item", "question", "part", "near")

_PART, _LONG_RUN, _SHORT_RUN = 0.5, 13, 8
_NEAR, _NEAR_RUN, _NEAR_WORDS = 0.7, 3, 8
_CHANCE = 5
_SUITE_WORDING = 10


@dataclass(frozen=True, slots=True)
class Overlap:
    """A test sample that stands in the training rows: how, how much of it, and the position of the closest row."""

    sample_id: str
    kind: Kind
    share: float
    row: int


def overlaps(samples: Sequence[Sample], rows: Iterable[Row]) -> tuple[Overlap, ...]:
    """The samples that stand in the rows, in the order of the samples, each with its strongest finding."""
    items = [_Item(words(_spoken(sample.prompt)[-1]), words(sample.target)) for sample in samples]
    indexes = (_Questions(items), _RunParts(items, _LONG_RUN), _RunParts(items, _SHORT_RUN), _Near(items))
    best: dict[int, Overlap] = {}
    for position, row in enumerate(rows):
        texts = _Texts.of(row)
        for number, kind, share in (found for index in indexes for found in index.found(texts)):
            finding = Overlap(samples[number].id, kind, share, position)
            if number not in best or _strength(finding) > _strength(best[number]):
                best[number] = finding
    return tuple(best[number] for number in sorted(best))


Found = Iterator[tuple[int, Kind, float]]


def _strength(finding: Overlap) -> tuple[int, float]:
    return -KINDS.index(finding.kind), finding.share


def _spoken(prompt: Prompt) -> list[str]:
    """What is said in a prompt, turn by turn; a conversation is put together, too, as its last."""
    if prompt.text is not None:
        return [prompt.text]
    turns = [message.content for message in prompt.messages if message.role != "system"]
    return [*turns, "\n".join(turns)]


@dataclass(frozen=True)
class _Item:
    """A sample as words."""

    asked: Words
    target: Words

    @property
    def whole(self) -> Words:
        return self.asked + self.target

    @property
    def run(self) -> int:
        """The length of the runs of which a part is made."""
        return _LONG_RUN if len(self.whole) >= 2 * _LONG_RUN else _SHORT_RUN


@dataclass(frozen=True)
class _Texts:
    """A training row as words: its turns, and its texts, which are the row with each answer and each exchange in it."""

    turns: frozenset[Words]
    texts: frozenset[Words]

    @staticmethod
    def of(row: Row) -> _Texts:
        *turns, whole = [words(text) for text in _spoken(row.prompt)]
        # A prompt that a teacher is yet to answer stands for itself.
        answers = [words(answer) for answer in row.answers] or [()]
        ends = {turns[-1] + answer for answer in answers} if turns else set()
        exchanges = {one + other for one, other in pairwise(turns)}
        return _Texts(frozenset(turns), frozenset({whole + answer for answer in answers} | ends | exchanges))


class _Questions:
    """Finds questions word for word, by the run with which each begins."""

    def __init__(self, items: Sequence[_Item]) -> None:
        self.items = items
        self.wholes, self.turns = _numbers(), _numbers()
        self.starts = {n: _numbers() for n in (_LONG_RUN, _SHORT_RUN, _CHANCE)}
        for number, item in enumerate(items):
            if item.whole:
                self.wholes[item.whole].append(number)
            n = next((n for n in self.starts if n <= len(item.asked)), None)
            if n is not None:
                self.starts[n][item.asked[:n]].append(number)
            elif item.asked:
                self.turns[item.asked].append(number)

    def found(self, row: _Texts) -> Found:
        for turn in row.turns & self.turns.keys():
            yield from ((number, "question", self._share(number)) for number in self.turns[turn])
        for text in row.texts:
            yield from ((number, "item", 1.0) for number in self.wholes.get(text, ()))
            for n, starts in self.starts.items():
                for start in grams(text, n) & starts.keys() if starts else ():
                    yield from (found for number in starts[start] for found in self._run(number, text))

    def _run(self, number: int, text: Words) -> Found:
        item = self.items[number]
        end = _end_of(item.asked, text, 0)
        if end is None:
            return
        answered = _end_of(item.target, text, end) is not None
        yield (number, "item", 1.0) if answered else (number, "question", self._share(number))

    def _share(self, number: int) -> float:
        item = self.items[number]
        return len(item.asked) / len(item.whole)


class _RunParts:
    """Finds items of which a good part stands in a text, by their runs of n words."""

    def __init__(self, items: Sequence[_Item], n: int) -> None:
        self.n = n
        runs = {number: grams(item.whole, n) for number, item in enumerate(items) if item.run == n}
        shared = Counter(gram for found in runs.values() for gram in found)
        self.index, self.sizes = _numbers(), dict[int, int]()
        for number, found in runs.items():
            own = {gram for gram in found if shared[gram] <= _SUITE_WORDING}
            self.sizes[number] = len(own)
            for gram in own:
                self.index[gram].append(number)

    def found(self, row: _Texts) -> Found:
        for text in row.texts if self.index else ():
            hits = Counter(number for gram in grams(text, self.n) & self.index.keys() for number in self.index[gram])
            for number, count in hits.items():
                if count >= _PART * self.sizes[number]:
                    yield number, "part", count / self.sizes[number]


class _Near:
    """Finds texts that are nearly an item, by their runs of 3 words."""

    def __init__(self, items: Sequence[_Item]) -> None:
        long = {number: item.whole for number, item in enumerate(items) if len(item.whole) >= _NEAR_WORDS}
        runs = {number: grams(whole, _NEAR_RUN) for number, whole in long.items()}
        shared = Counter(run for found in runs.values() for run in found)
        self.wording = {run for run, count in shared.items() if count > _SUITE_WORDING}
        self.own = NearSets.of({number: found - self.wording for number, found in runs.items()}, least=_NEAR)

    def found(self, row: _Texts) -> Found:
        for text in row.texts:
            for number, share in self.own.near(grams(text, _NEAR_RUN) - self.wording):
                yield number, "near", share


def _numbers() -> defaultdict[Words, list[int]]:
    return defaultdict(list)


def _end_of(run: Words, text: Words, start: int) -> int | None:
    """Where the first occurrence of a run at or after `start` ends."""
    ends = range(start + len(run), len(text) + 1)
    return next((end for end in ends if text[end - len(run) : end] == run), None)


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
