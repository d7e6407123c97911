"""Trainings in a row: what each later one kept and lost of what the earlier ones taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.errors import NotFound
from evalsuite.records import marks
from evalsuite.report.table import Table
from evalsuite.store import Store, read
from evalsuite.store.measured import measured_metrics


@dataclass(frozen=True)
class Chain:
    """Specs in the order of their trainings, the metric of each one's own task, and the score of each after each."""

    specs: tuple[str, ...]
    metrics: tuple[str, ...]
    scores: tuple[tuple[float, ...], ...]
    accuracy: float
    backward_transfer: float | None
    mean_forgetting: float | None

    def table(self) -> Table:
        """A row per training, a column per task."""
        rows = [(spec, *(f"{value:.3f}" for value in row)) for spec, row in zip(self.specs, self.scores, strict=True)]
        return Table(("after", *self.metrics), tuple(rows))

    def sentence(self) -> str:
        """The figures of continual learning (Lopez-Paz and Ranzato 2017)."""
        words = f"ACC {self.accuracy:.3f}"
        if self.backward_transfer is None or self.mean_forgetting is None:
            return words
        return f"{words}, BWT {self.backward_transfer:+.3f}, forgetting {self.mean_forgetting:.3f}"


def chain(links: Sequence[tuple[str, str]], store: Store) -> Chain:
    """The chain of (spec, metric of its task), first training first; raises NotFound where a result is missing."""
    from evalsuite.stats.forgetting import continual

    latest = {spec.spec: spec for spec in read.latest_specs(store)}
    rows = []
    for name, _ in links:
        if name not in latest:
            raise NotFound(f"no spec {name!r} in {store.folder}; there are: {', '.join(latest) or 'none'}")
        own = [step.digest for step in read.steps_of(store, latest[name]) if step.role == "candidate"]
        results = read.results_of(store, name, own).by_metric
        row = []
        for _, metric in links:
            value = results[metric].value if metric in results else None
            if value is None:
                raise NotFound(f"{name}  has no value for {metric!r}; every spec of a chain needs the same suite")
            row.append(value)
        rows.append(tuple(row))
    _check_alike(links, store)
    found = continual(rows)
    specs, metrics = (tuple(column) for column in zip(*links, strict=True))
    return Chain(specs, metrics, tuple(rows), found.accuracy, found.backward_transfer, found.mean_forgetting)


def _check_alike(links: Sequence[tuple[str, str]], store: Store) -> None:
    """Raises NotFound where a metric was not measured on the same by every spec of the chain."""
    names = {name for name, _ in links}
    for _, metric in links:
        found = [one for one in measured_metrics(store) if one.role == "candidate" and one.metric == metric]
        ways = {one.spec: one.measurement for one in found if one.spec in names}
        if len({its.digest for its in ways.values()}) > 1:
            told = marks(ways.values())
            how = ", ".join(f"{spec}: {told[its.digest]}" for spec, its in ways.items())
            raise NotFound(f"{metric} was measured differently, so the chain cannot be computed; {how}")
