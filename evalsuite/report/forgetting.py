"""The forgetting page: what a candidate gained and lost against the base, figure by figure, sample by sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.errors import NotFound
from evalsuite.records import Comparison, Reply
from evalsuite.report.figures import change, p_value
from evalsuite.report.table import Table
from evalsuite.store import Store, read
from evalsuite.store.read import PlannedStep, SpecRun

# Of these metrics less is better; a benchmark's and a judge's more is better.
_LESS = ("drift.", "memorisation.", "calibration.", "overlap.")
_LESS_FIGURES = (
    "nll", "bits_per_byte", "kl", "repetition", "empty", "cut_off", "benign", "ece", "brier", "canaries", "exposure",
)  # fmt: skip
_INNER = (".confidence", ".right", ".own")
_SURE = 0.05


@dataclass(frozen=True)
class Change:
    """A figure that moved: the paired difference, whether that is for the better, and whether it is surely there."""

    comparison: Comparison
    better: bool
    sure: bool


@dataclass(frozen=True)
class Moved:
    """A sample whose score changed: by how much, the question, both answers and the right one."""

    metric: str
    sample_id: str
    by: float
    question: str
    before: str
    after: str
    target: str


@dataclass(frozen=True)
class Forgetting:
    """What became better and worse in one candidate, worst first."""

    spec: str
    changes: tuple[Change, ...]
    lost: tuple[Moved, ...]
    gained: tuple[Moved, ...]

    def change_table(self) -> Table:
        """The figures that surely moved, losses first, then the rest, with interval, p-value and both counts."""
        rows = [
            (
                found.comparison.metric,
                ("better" if found.better else "worse") if found.sure else "no sure change",
                change(found.comparison),
                p_value(found.comparison.p_value),
                str(found.comparison.n),
                _counts(found.comparison),
            )
            for found in self.changes
        ]
        return Table(("metric", "verdict", "against base", "p", "n", "samples better, worse"), tuple(rows))

    def sample_table(self, which: Sequence[Moved], *, most: int | None = None) -> Table:
        """The samples with both answers, those that moved most first."""
        rows = [
            (found.metric, found.sample_id, f"{found.by:+.2f}", _short(found.question), _short(found.before),
             _short(found.after), _short(found.target))
            for found in which[:most]
        ]  # fmt: skip
        return Table(("metric", "sample", "by", "question", "base", "candidate", "right answer"), tuple(rows))


def less_is_better(metric: str) -> bool:
    """Whether a fall of the metric is for the better."""
    return metric.startswith(_LESS) or metric.rpartition(".")[2] in _LESS_FIGURES


def forgetting(name: str, store: Store) -> Forgetting:
    """The page of a spec's latest run; raises NotFound for one that is not there or was not compared."""
    latest = {spec.spec: spec for spec in read.latest_specs(store)}
    if name not in latest:
        raise NotFound(f"no spec {name!r} in {store.folder}; there are: {', '.join(latest) or 'none'}")
    steps = read.steps_of(store, latest[name])
    compared = [step.digest for step in steps if step.kind == "compare" and step.finished_at is not None]
    if not compared:
        raise NotFound(f"{name}  has not been compared with its base; `evalsuite run` does that")
    comparisons = [item for item in read.comparisons_of(store, compared) if not item.metric.endswith(_INNER)]
    changes = sorted((_change(item) for item in comparisons), key=_order)
    moved = _moved(latest[name], steps, store)
    return Forgetting(
        name,
        tuple(changes),
        tuple(sorted((item for item in moved if item.by < 0), key=_worst)),
        tuple(sorted((item for item in moved if item.by > 0), key=_worst)),
    )


def _change(found: Comparison) -> Change:
    better = (found.difference < 0) if less_is_better(found.metric) else (found.difference > 0)
    return Change(found, better, found.p_value is not None and found.p_value < _SURE and found.difference != 0)


def _order(found: Change) -> tuple[bool, bool, float, str]:
    p = found.comparison.p_value
    return not found.sure, found.better, 1.0 if p is None else p, found.comparison.metric


def _worst(found: Moved) -> tuple[float, str, str]:
    return -abs(found.by), found.metric, found.sample_id


def _moved(spec: SpecRun, steps: Sequence[PlannedStep], store: Store) -> list[Moved]:
    """Samples of every entry whose score differs between base and candidate; a gain is above 0, whatever the metric."""
    found: list[Moved] = []
    asked = [step for step in steps if step.kind in ("score", "probe") and step.role in ("base", "candidate")]
    for entry in dict.fromkeys((step.kind, step.entry) for step in asked):
        sides = {step.role: step.digest for step in asked if (step.kind, step.entry) == entry}
        if len(sides) == 2:
            found += _of_entry(spec, sides["base"], sides["candidate"], store)
    return found


def _of_entry(spec: SpecRun, base: str, candidate: str, store: Store) -> list[Moved]:
    before, after = read.results_of(store, "base", [base]), read.results_of(store, spec.spec, [candidate])
    said = [{reply.sample_id: reply for reply in read.replies_of(store, digest)} for digest in (base, candidate)]
    nothing = Reply("", "", "", "")
    # One figure of an entry is enough to list a sample by: its main one, which no other's name begins.
    shared = sorted(
        metric
        for metric in before.scores.keys() & after.scores.keys()
        # Texts of different weight have no answers to show.
        if not metric.endswith(_INNER) and metric not in before.weights
    )
    sound = [metric for metric in shared if metric.endswith(".sound")]
    main = sound or [metric for metric in shared if not any(metric.startswith(f"{other}.") for other in shared)]
    moved = []
    for metric in main:
        sign = -1.0 if less_is_better(metric) else 1.0
        for key in before.scores[metric].keys() & after.scores[metric].keys():
            by = sign * (after.scores[metric][key] - before.scores[metric][key])
            if by:
                old, new = (side.get(key, nothing) for side in said)
                moved.append(Moved(metric, key, by, new.prompt, old.text, new.text, new.target))
    return moved


def _counts(found: Comparison) -> str:
    if found.gained is None or found.lost is None:
        return ""
    up, down = (found.lost, found.gained) if less_is_better(found.metric) else (found.gained, found.lost)
    return f"{up}, {down}"


def _short(text: str, most: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
