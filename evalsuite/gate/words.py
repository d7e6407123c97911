"""The words that sentences have for a metric: its name, its figures with their unit, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.records import Evidence, Metric

# Pure numbers, whose unit would only repeat what the metric's name says.
_UNSAID = ("", "share", "ratio", "perplexity", "kappa", "alpha", "Delta")

# Differences below this are told as none.
_NOTHING = 0.0005

_UNDECLARED = (
    "nobody declared whether more or less of {name} is better, so nothing counts as a loss; declare its metric"
)
_NEITHER = "neither more nor less of {name} is better, so nothing counts as a loss; hold it with `floor` and `ceiling`"


@dataclass(frozen=True, slots=True)
class Words:
    """How sentences speak of one metric; `metric` is None where nobody declared what it is."""

    name: str
    metric: Metric | None = None

    @property
    def unit(self) -> str:
        """The unit after a number, with a blank before it; empty for pure numbers and where nobody declared one."""
        unit = self.metric.unit if self.metric is not None else ""
        return "" if unit in _UNSAID else f" {unit}"

    @property
    def side(self) -> str:
        """Which way is better where that is not the usual one: `, where less is better`."""
        return ", where less is better" if self.metric is not None and self.metric.direction == "lower" else ""

    @property
    def no_loss(self) -> str | None:
        """Why no difference of it can be a loss or a gain, as a sentence; None where one can."""
        if self.metric is None:
            return _UNDECLARED.format(name=self.name)
        return _NEITHER.format(name=self.name) if self.metric.direction == "neither" else None

    def measured(self, value: float, low: float, high: float) -> str:
        """A value with its interval: `latency.style is 2.10 seconds [1.95, 2.25]`."""
        digits = self._digits(value)
        return f"{self.bare(value)} [{low:,.{digits}f}, {high:,.{digits}f}]"

    def bare(self, value: float) -> str:
        """A value alone: `facts.accuracy is 0.820`."""
        return f"{self.name} is {value:,.{self._digits(value)}f}{self.unit}"

    def changed(self, difference: float) -> str:
        """A difference as a verb: `facts.accuracy fell 0.290`, `rose 7.07 nats` or `stayed the same`."""
        if abs(difference) < _NOTHING:
            return f"{self.name} stayed the same"
        size = f"{abs(difference):,.{self._digits(difference)}f}{self.unit}"
        return f"{self.name} {'fell' if difference < 0 else 'rose'} {size}"

    def bounds(self, difference: float, low: float, high: float) -> str:
        """The interval of a difference: `[-0.042, +0.018]`."""
        digits = self._digits(difference)
        return f"[{low:+,.{digits}f}, {high:+,.{digits}f}]"

    def _digits(self, value: float) -> int:
        # Shares keep three digits, so that columns of sentences compare; other scales keep about three that count.
        size = abs(value)
        share = self.metric is None or self.metric.unit == "share"
        return 3 if share or size < 1 else 2 if size < 100 else 1 if size < 1000 else 0


def declared(name: str, evidence: Evidence) -> Metric | None:
    """What a metric is, as the candidate's results or those that it is compared with declare it; None where none do."""
    subjects = (evidence.candidate, evidence.baseline, evidence.base)
    return next((its.metrics[name] for its in subjects if name in its.metrics), None)


def words_of(name: str, evidence: Evidence) -> Words:
    """The words for a metric of the evidence."""
    return Words(name, declared(name, evidence))
