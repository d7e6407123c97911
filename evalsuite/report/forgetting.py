"""The forgetting page: what a candidate gained and lost against the base, figure by figure, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalsuite.errors import NotFound
from evalsuite.records import Comparison, Metric, Reply, by_name, metric_of
from evalsuite.report.figures import (
    BASE,
    SURE,
    ChangeWord,
    change,
    change_word,
    is_working,
    moved_samples,
    p_value,
    turned,
)
from evalsuite.report.table import Table
from evalsuite.store import Store, read
from evalsuite.store.moved import metrics_of_steps, replies_to, rises
from evalsuite.store.read import PlannedStep

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
        worse = turned(self.metric, its.difference) == "worse"
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
