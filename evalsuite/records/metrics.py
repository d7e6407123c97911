"""What a figure is: said once by whoever yields it, read by all that compare, sort, draw, decide or export.

The names of figures are formed here, and only here are they taken apart again (`short`, `called`): what a name would
tell stands in fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from evalsuite.errors import DataError, EvalsuiteError


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


Direction = Literal["higher", "lower", "neither"]
Place = Literal["headline", "beside", "detail", "inner"]

# The slice that stands for every one there will be, where the values are known only with the data.
EVERY = "*"

# What stands behind a metric's name besides slices; a slice of such a name could not be told from it.
_MACRO, _CLEAN, _CORRECTED = "macro", "clean", "ppi"
_TAKEN = (_MACRO, _CLEAN, _CORRECTED, EVERY)


@dataclass(frozen=True, slots=True)
class Metric:
    """A declared figure: which way is better, on what scale, and where a reader wants it.

    `low` and `high` bound a single score, None where the scale has no end on that side. `place` says whether tables
    show it at once (headline), next to the figure that it helps to read (beside), on request (detail) or never, for
    it is only kept to compute others from (inner). `about` is one sentence of what it is and where it comes from.
    `parent` is the metric that it belongs to; a slice, which is that metric over a part of the samples, has its value
    there as well, a subject say.
    """

    name: str
    entry: str | None = None
    direction: Direction = "higher"
    low: float | None = 0.0
    high: float | None = 1.0
    unit: str = "share"
    place: Place = "headline"
    about: str = ""
    parent: str | None = None
    slice: str | None = None

    def gain(self, difference: float) -> float | None:
        """A difference as a gain: positive is better; None where neither way is."""
        return None if self.direction == "neither" else difference if self.direction == "higher" else -difference

    @property
    def is_slice(self) -> bool:
        """Whether it is a part of another metric: one subject, say."""
        return self.slice is not None

    @property
    def short(self) -> str:
        """The name without its entry's, as a table about one entry shows it."""
        return self.name if self.entry is None else self.name.removeprefix(f"{self.entry}.")

    @property
    def before(self) -> str:
        """What stands before the short name: the entry's name with its dot, or nothing."""
        return self.name.removesuffix(self.short)

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for slices whose values are not known yet; its name ends in `*`."""
        return self.slice == EVERY

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Both ends of the scale; None where it has none on one side."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def clipped(self, low: float, high: float) -> tuple[float, float]:
        """An interval without what lies beyond the scale's ends."""
        return self.onto(low), self.onto(high)

    def onto(self, value: float) -> float:
        """A score without the rounding error by which it passes an end of the scale."""
        above = value if self.low is None else max(value, self.low)
        return above if self.high is None else min(above, self.high)

    def holds(self, value: float) -> bool:
        """Whether a score lies on the scale, give or take a rounding error."""
        slack = 1e-9
        above = self.low is None or value >= self.low - slack
        return above and (self.high is None or value <= self.high + slack)

    def covers(self, name: str) -> bool:
        """Whether this declares the figure of that name: its own, or for a pattern one that fits it."""
        return name == self.name or (self.is_pattern and name.startswith(self.name.removesuffix(EVERY)))

    def of(self, entry: str) -> Metric:
        """The figure as an entry of a suite yields it: `accuracy` of `facts` is `facts.accuracy`."""
        return replace(self._under(entry), entry=entry)

    def of_judge(self, judge: str) -> Metric:
        """The figure of a judge's health: `agreement` of `strict` is `judge.strict.agreement`."""
        return self._under(joined("judge", judge))

    def on(self, entry: str) -> Metric:
        """The figure about an entry, named before it: `overlap` on `facts` is `overlap.facts`."""
        return replace(self, name=joined(self.name, entry), entry=entry)

    def part(self, value: str) -> Metric:
        """The slice of the samples that have this value, a subject say; raises DataError for a name that is taken."""
        if value in _TAKEN:
            raise DataError(f"{self.name}  cannot have a slice called {value!r}, for another figure is called so")
        return self._part(value)

    def each_part(self) -> Metric:
        """A pattern for all slices, before it is known which there are."""
        return self._part(EVERY, "each subject or slice")

    def against(self, opponent: str, *, alone: bool) -> Metric:
        """The figure against one opponent, who stands in the name unless nobody else is met."""
        return (
            self
            if alone
            else replace(self, name=joined(self.name, opponent), about=f"{self.about} Against {opponent}.")
        )

    def figure(self, word: str, about: str, **changes: Any) -> Metric:
        """A figure that belongs to this one, named after it, equal to it in all that `changes` does not say."""
        given: dict[str, Any] = {"place": "beside", **changes}
        return replace(self, name=joined(self.name, word), parent=self.name, slice=None, about=about, **given)

    def macro(self) -> Metric:
        """The plain mean over the slices."""
        return self.figure(_MACRO, f"{self.about} The plain mean over subjects, each counting the same.")

    def uncontaminated(self) -> Metric:
        """The same without samples that stand in the training data."""
        about = f"{self.about} Without the samples that stand in the candidate's training data."
        return self.figure(_CLEAN, about, place="detail")

    def corrected(self) -> Metric:
        """The same as people's labels correct it."""
        about = f"{self.about} As people's labels of some replies correct it (prediction-powered inference)."
        return self.figure(_CORRECTED, about, place="detail")

    def _part(self, value: str, told: str = "") -> Metric:
        about = f"{self.about} Of {told or value} alone."
        name = joined(self.name, value)
        return replace(self, name=name, parent=self.name, slice=value, place="detail", about=about)

    def _under(self, prefix: str) -> Metric:
        parent = None if self.parent is None else joined(prefix, self.parent)
        return replace(self, name=joined(prefix, self.name), parent=parent)


def joined(*words: str) -> str:
    """The name that these words make, empty ones left out."""
    return ".".join(word for word in words if word)


def by_name(metrics: Iterable[Metric]) -> Mapping[str, Metric]:
    """The declarations by the metrics' names; of several the last one."""
    return {metric.name: metric for metric in metrics}


def declaration(name: str, metrics: Iterable[Metric]) -> Metric | None:
    """What a figure is declared to be among these, by its name or by a pattern for slices; None where it is not."""
    known = by_name(metrics)
    if name in known:
        return known[name]
    pattern = next((metric for metric in known.values() if metric.is_pattern and metric.covers(name)), None)
    return None if pattern is None else replace(pattern, name=name)


def required(name: str, metrics: Mapping[str, Metric], *, by: str) -> Metric:
    """The declaration of a figure; raises EvalsuiteError that names it and who yields it where there is none."""
    if name not in metrics:
        raise EvalsuiteError(
            f"{by}  yields the figure {name!r} without saying what it is; declare it in `metrics` with a direction, "
            "bounds and a sentence"
        )
    return metrics[name]


def word_after(name: str, whole: str) -> str | None:
    """The word that a part of the metric `whole` adds to its name; None for the whole itself."""
    return None if name == whole else name.removeprefix(f"{whole}.")


def called(metrics: Iterable[Metric], figure: str) -> tuple[str, ...]:
    """The metrics that are a figure of this name, such as `win_rate`: of any entry, against any opponent."""
    return tuple(metric.name for metric in metrics if figure in metric.short.split("."))


def metric_of(metrics: Mapping[str, Metric], name: str) -> Metric:
    """What a figure is; one that nobody declared is a detail of which neither way is better."""
    found = metrics.get(name)
    return Metric(name, None, "neither", None, None, "", "detail") if found is None else found
