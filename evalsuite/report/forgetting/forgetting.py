"""What a candidate gained and lost, figure by figure and sample by sample; and along a chain of trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalsuite.errors import NotFound
from evalsuite.records import Comparison, Metric, Reply, by_name, marks, metric_of
from evalsuite.report.tables import (
    BASE,
    SURE,
    ChangeWord,
    Table,
    change,
    change_word,
    is_working,
    moved_samples,
    p_value,
    sure_change_word,
)
from evalsuite.store import Store, read
from evalsuite.store.board import measured_metrics
from evalsuite.store.read import PlannedStep
from evalsuite.store.samples import metrics_of_steps, replies_to, rises

# Nobody reads more, and a page that holds all samples of a large benchmark is slow.
MOST = 500
_ORDER: tuple[ChangeWord, ...] = ("worse", "better", "changed", "no sure change")


@dataclass(frozen=True)
class Change:
    """A figure that moved: the paired difference, what the figure is, and what the difference is.

    `samples` are how many became better and worse, None where that was not counted or neither way is better.
    """

    comparison: Comparison
    metric: Metric
    word: ChangeWord
    samples: tuple[int, int] | None

    @property
    def figure(self) -> str:
        """The metric, and whom it is compared with where that is not the base: a parent of a merge."""
        its = self.comparison
        return its.metric if its.baseline == BASE else f"{its.metric} against {its.baseline}"

    @property
    def order(self) -> tuple[int, bool, float, str]:
        """Sure losses first, then sure gains, then what surely changed; of the rest those that look like losses."""
        its = self.comparison
        worse = sure_change_word(self.metric, its.difference) == "worse"
        return _ORDER.index(self.word), not worse, 1.0 if its.p_value is None else its.p_value, its.metric


@dataclass(frozen=True, slots=True)
class Moved:
    """A sample whose score changed, for the better above 0, from step `before` to step `after`."""

    metric: str
    sample_id: str
    by: float
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """The question of a sample that moved, both answers and the right one; empty where no reply is on record."""

    question: str
    before: str
    after: str
    target: str


@dataclass(frozen=True)
class Forgetting:
    """What became better and worse in one candidate, worst first.

    `lost` and `gained` have at most MOST samples of each metric; `counts` has all, by metric and whether they rose.
    """

    spec: str
    changes: tuple[Change, ...]
    lost: tuple[Moved, ...]
    gained: tuple[Moved, ...]
    counts: Mapping[tuple[str, bool], int]

    def count(self, *, gained: bool, metric: str | None = None) -> int:
        """How many samples became better, or worse, in one metric or in all."""
        return sum(n for (of, up), n in self.counts.items() if up is gained and metric in (None, of))

    def sentence(self) -> str:
        """How many figures are surely worse and surely better, and what `surely` means here."""
        words = [found.word for found in self.changes]
        neither = f", surely changed where neither way is better: {many}" if (many := words.count("changed")) else ""
        return (
            f"figures surely worse: {words.count('worse')}, surely better: {words.count('better')}{neither}, "
            f"not surely changed: {words.count('no sure change')} (surely: p below {SURE:g}, each figure by itself)"
        )

    def change_table(self) -> Table:
        """The figures that surely moved, losses first, then the rest: against the base unless they name another."""
        rows = [
            (
                found.figure,
                found.word,
                change(found.comparison),
                p_value(found.comparison.p_value),
                str(found.comparison.n),
                "" if found.samples is None else "{}, {}".format(*found.samples),
            )
            for found in self.changes
        ]
        return Table(("metric", "verdict", "difference", "p", "n", "samples better, worse"), tuple(rows))


def told(store: Store, moved: Moved) -> Told:
    """What was asked and said where a sample moved."""
    old, new = replies_to(store, moved.sample_id, before=moved.before, after=moved.after)
    either = new or old or Reply("", "", "", "")
    return Told(either.prompt, old.text if old else "", new.text if new else "", either.target)


def sample_table(store: Store, which: Sequence[Moved]) -> Table:
    """Samples that moved, with both answers."""
    rows = [
        (found.metric, found.sample_id, f"{found.by:+.2f}", *(_short(text) for text in texts))
        for found in which
        for said in [told(store, found)]
        for texts in [(said.question, said.before, said.after, said.target)]
    ]
    return Table(("metric", "sample", "by", "question", "base", "candidate", "right answer"), tuple(rows))


def forgetting(name: str, store: Store) -> Forgetting:
    """The page of a spec's latest run; raises NotFound for one that is not there or was not compared."""
    latest = {spec.spec: spec for spec in read.latest_specs(store)}
    if name not in latest:
        raise NotFound(f"no spec {name!r} in {store.folder}; there are: {', '.join(latest) or 'none'}")
    steps = read.steps_of(store, latest[name])
    compared = [step.digest for step in steps if step.kind == "compare" and step.finished_at is not None]
    if not compared:
        raise NotFound(f"{name}  has not been compared with its base; `evalsuite run` does that")
    metrics = by_name(read.metrics_of(store, [step.digest for step in steps if step.role == "candidate"]))
    comparisons = [item for item in read.comparisons_of(store, compared) if not is_working(metrics, item.metric)]
    changes = sorted((_change(item, metrics) for item in comparisons), key=lambda found: found.order)
    moved, counts = _moved(steps, metrics, store)
    return Forgetting(
        name,
        tuple(changes),
        tuple(item for item in moved if item.by < 0),
        tuple(item for item in moved if item.by > 0),
        counts,
    )


def _change(found: Comparison, metrics: Mapping[str, Metric]) -> Change:
    its = metric_of(metrics, found.metric)
    return Change(found, its, change_word(found, metrics), moved_samples(found, metrics))


def _moved(
    steps: Sequence[PlannedStep], metrics: Mapping[str, Metric], store: Store
) -> tuple[list[Moved], dict[tuple[str, bool], int]]:
    """Samples of every entry that base and candidate scored differently, most first, and how many there are.

    A gain is above 0, whatever the metric.
    """
    asked = [step for step in steps if step.kind in ("score", "probe") and step.role in ("base", "candidate")]
    known = metrics_of_steps(store, [step.digest for step in asked])
    pairs = []
    for entry in dict.fromkeys((step.kind, step.entry) for step in asked):
        sides = {step.role: step.digest for step in asked if (step.kind, step.entry) == entry}
        if len(sides) == 2:
            base, candidate = sides["base"], sides["candidate"]
            main = _main(known.get(base, {}), known.get(candidate, {}), metrics)
            pairs += [(base, candidate, metric) for metric in main]
    moved, counts = [], {}
    for one in rises(store, pairs, most=MOST):
        by = metrics[one.metric].gain(one.rise) or 0.0
        moved.append(Moved(one.metric, one.sample_id, by, one.base, one.candidate))
        counts[one.metric, by > 0] = one.total
    return moved, counts


def _main(base: Mapping[str, bool], candidate: Mapping[str, bool], metrics: Mapping[str, Metric]) -> list[str]:
    """The metrics to list samples by: an entry's headlines, or all its figures that belong to no other."""
    # Texts of different weight have no answers to show.
    shared = [metrics[name] for name in sorted(base.keys() & candidate.keys()) if name in metrics and not base[name]]
    told = [its for its in shared if its.direction != "neither" and its.parent is None and its.place != "inner"]
    return [m.name for m in told if m.place == "headline"] or [m.name for m in told]


def _short(text: str, most: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


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
    from evalsuite.stats.intervals.probes import continual

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
