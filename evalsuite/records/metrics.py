"""What a figure is: said once by whoever yields it, read by all that compare, sort, draw, decide or export."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Direction = Literal["higher", "lower", "neither"]
Place = Literal["headline", "beside", "detail", "inner"]


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


def by_name(metrics: Iterable[Metric]) -> Mapping[str, Metric]:
    """The declarations by the metrics' names; of several the last one."""
    return {metric.name: metric for metric in metrics}


def called(metrics: Iterable[Metric], figure: str) -> tuple[str, ...]:
    """The metrics that are a figure of this name, such as `win_rate`: of any entry, against any opponent."""
    return tuple(metric.name for metric in metrics if figure in metric.short.split("."))


def metric_of(metrics: Mapping[str, Metric], name: str) -> Metric:
    """What a figure is; one that nobody declared is a detail of which neither way is better."""
    found = metrics.get(name)
    return Metric(name, None, "neither", None, None, "", "detail") if found is None else found
