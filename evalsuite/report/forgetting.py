"""The forgetting page: what a candidate gained and lost against the base, figure by figure, sample by sample."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalsuite.errors import NotFound
from evalsuite.records import Comparison, Reply
from evalsuite.report.figures import BASE, change, is_inner, p_value
from evalsuite.report.table import Table
from evalsuite.store import Store, read
from evalsuite.store.moved import metrics_of_steps, replies_to, rises
from evalsuite.store.read import PlannedStep

# Of these metrics less is better; a benchmark's and a judge's more is better.
_LESS = ("drift.", "memorisation.", "calibration.", "overlap.")
_LESS_FIGURES = (
    "nll", "nats_per_token", "bits_per_byte", "perplexity", "kl", "repetition", "empty", "cut_off", "benign", "ece",
    "brier", "canaries", "exposure", "longest_run", "copied",
)  # fmt: skip
# A memorisation probe under another name: rows drawn out after k tokens, by how often they stand in the data.
_EXTRACTED = re.compile(r"\.k\d+(\.control|\.held_out|\.x\d+)?$")
_SURE = 0.05
# Nobody reads more, and a page that holds all samples of a large benchmark is slow.
MOST = 500


@dataclass(frozen=True)
class Change:
    """A figure that moved: the paired difference, whether that is for the better, and whether it is surely there."""

    comparison: Comparison
    better: bool
    sure: bool

    @property
    def figure(self) -> str:
        """The metric, and whom it is compared with where that is not the base: a parent of a merge."""
        its = self.comparison
        return its.metric if its.baseline == BASE else f"{its.metric} against {its.baseline}"


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
        sure = [found.better for found in self.changes if found.sure]
        worse, better, rest = sure.count(False), sure.count(True), len(self.changes) - len(sure)
        return (
            f"figures surely worse: {worse}, surely better: {better}, not surely changed: {rest} "
            f"(surely: p below {_SURE:g}, each figure by itself)"
        )

    def change_table(self) -> Table:
        """The figures that surely moved, losses first, then the rest: against the base unless they name another."""
        rows = [
            (
                found.figure,
                ("better" if found.better else "worse") if found.sure else "no sure change",
                change(found.comparison),
                p_value(found.comparison.p_value),
                str(found.comparison.n),
                _counts(found.comparison),
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


def less_is_better(metric: str) -> bool:
    """Whether a fall of the metric is for the better."""
    last = metric.rpartition(".")[2]
    return metric.startswith(_LESS) or last in _LESS_FIGURES or _EXTRACTED.search(metric) is not None


def forgetting(name: str, store: Store) -> Forgetting:
    """The page of a spec's latest run; raises NotFound for one that is not there or was not compared."""
    latest = {spec.spec: spec for spec in read.latest_specs(store)}
    if name not in latest:
        raise NotFound(f"no spec {name!r} in {store.folder}; there are: {', '.join(latest) or 'none'}")
    steps = read.steps_of(store, latest[name])
    compared = [step.digest for step in steps if step.kind == "compare" and step.finished_at is not None]
    if not compared:
        raise NotFound(f"{name}  has not been compared with its base; `evalsuite run` does that")
    comparisons = [item for item in read.comparisons_of(store, compared) if not is_inner(item.metric)]
    changes = sorted((_change(item) for item in comparisons), key=_order)
    moved, counts = _moved(steps, store)
    return Forgetting(
        name,
        tuple(changes),
        tuple(item for item in moved if item.by < 0),
        tuple(item for item in moved if item.by > 0),
        counts,
    )


def _change(found: Comparison) -> Change:
    better = (found.difference < 0) if less_is_better(found.metric) else (found.difference > 0)
    return Change(found, better, found.p_value is not None and found.p_value < _SURE and found.difference != 0)


def _order(found: Change) -> tuple[bool, bool, float, str]:
    p = found.comparison.p_value
    return not found.sure, found.better, 1.0 if p is None else p, found.comparison.metric


def _moved(steps: Sequence[PlannedStep], store: Store) -> tuple[list[Moved], dict[tuple[str, bool], int]]:
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
            main = _main(known.get(base, {}), known.get(candidate, {}))
            pairs += [(base, candidate, metric) for metric in main]
    moved, counts = [], {}
    for one in rises(store, pairs, most=MOST):
        by = -one.rise if less_is_better(one.metric) else one.rise
        moved.append(Moved(one.metric, one.sample_id, by, one.base, one.candidate))
        counts[one.metric, by > 0] = one.total
    return moved, counts


def _main(base: Mapping[str, bool], candidate: Mapping[str, bool]) -> list[str]:
    """The metrics to list samples by: an entry's main ones, which no other's name begins."""
    # Texts of different weight have no answers to show.
    shared = sorted(m for m in base.keys() & candidate.keys() if not is_inner(m) and not base[m])
    sound = [metric for metric in shared if metric.endswith(".sound")]
    return sound or [metric for metric in shared if not any(metric.startswith(f"{other}.") for other in shared)]


def _counts(found: Comparison) -> str:
    if found.gained is None or found.lost is None:
        return ""
    up, down = (found.lost, found.gained) if less_is_better(found.metric) else (found.gained, found.lost)
    return f"{up}, {down}"


def _short(text: str, most: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
