"""What can be added by one file: where each kind of plug-in lives, what it promises, and how it is found.

A plug-in is a document class (its options) that also carries its behaviour. File name = plug-in name; the class
has a tag field of that value (`rule: Literal["floor"]`). Packages outside add theirs through the entry-point
groups `evalsuite.methods`, `.tasks`, `.probes` and `.rules`; `EVALSUITE_PLUGINS=builtin` switches those off.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeGuard

from evalsuite.errors import EvalsuiteError
from evalsuite.records import (
    Adapter,
    Canary,
    Completion,
    Evidence,
    LogLikelihood,
    Outcome,
    Prompt,
    Recited,
    Results,
    Row,
    RuleOutcome,
    Sample,
    Sampling,
    Score,
    Severity,
    Terms,
    TextDrift,
    Training,
)

Kind = Literal["methods", "tasks", "probes", "rules"]

_PACKAGES: dict[Kind, str] = {
    "methods": "evalsuite.train.methods",
    "tasks": "evalsuite.evaluate.tasks",
    "probes": "evalsuite.evaluate.probes",
    "rules": "evalsuite.gate.rules",
}
TAGS: dict[Kind, str] = {"methods": "method", "tasks": "kind", "probes": "probe", "rules": "rule"}


@dataclass(frozen=True)
class Asking:
    """A teacher that can be asked: its name and digest for the record, and its answers, none of them paid for twice."""

    id: str
    digest: str
    ask: Callable[[Sequence[Prompt], Sampling], Sequence[Completion]]


@dataclass(frozen=True)
class TrainingJob:
    """All that a method needs besides its options: rows, base, seed, project folder, where the adapter goes.

    `on` is the adapter that it builds on, `teacher` whom it may ask.
    """

    name: str
    base: Path
    train: tuple[Row, ...]
    held_out: tuple[Row, ...]
    seed: int
    output: Path
    progress: Callable[[str], None]
    folder: Path = Path()
    inputs: tuple[Path, ...] = ()
    on: Adapter | None = None
    teacher: Asking | None = None


class Method(Protocol):
    """A way to make an adapter; its fields are the options under `train:`."""

    version: ClassVar[int]
    learns_from: ClassVar[type[Row] | None]

    @property
    def seed(self) -> int:
        """What every draw of the training starts from."""
        ...

    @property
    def held_out(self) -> float:
        """The share of the rows kept aside to measure the loss."""
        ...

    def train(self, job: TrainingJob) -> Training:
        """Train into `job.output` and say what came of it; resumes from a checkpoint left there."""
        ...


class Task(Protocol):
    """A benchmark: samples out of a data file, how to ask, and the scores of one reply."""

    version: ClassVar[int]

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that it yields."""
        ...

    @property
    def sampling(self) -> Sampling | None:
        """How to draw the completion; None means: weigh the options, or the text that has none, by log-likelihood."""
        ...

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items of a data file, or of a folder with a file per subject, in order; `examples` are shown before."""
        ...

    def score(self, sample: Sample, reply: Completion | tuple[LogLikelihood, ...]) -> tuple[Score, ...]:
        """One score per metric of the task."""
        ...


class Probe(Protocol):
    """A measure of damage: what changed between base and candidate."""

    version: ClassVar[int]

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that it yields."""
        ...

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """The probe's figures for the candidate, paired with the base's."""
        ...


class Subject(Protocol):
    """Who a probe asks: the base or the candidate; the answers keep the order of the questions."""

    def generate(self, prompts: Sequence[Prompt], *, sampling: Sampling) -> list[Completion]:
        """One completion per prompt."""
        ...

    def choices(self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]]) -> list[tuple[LogLikelihood, ...]]:
        """For each prompt, the log-likelihood of each of its options as the reply."""
        ...

    def drift(self, texts: Sequence[str]) -> list[TextDrift]:
        """For each text its likelihood, and how far the predictions are from the base's."""
        ...

    def recite(self, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int) -> list[Recited | None]:
        """For each prompt and answer, what follows their first `context` tokens; None where they are too short."""
        ...


@dataclass(frozen=True)
class Asked:
    """An entry of the suite whose samples a probe looks at: what is asked, how, and what scores a reply."""

    samples: tuple[Sample, ...]
    sampling: Sampling | None
    task: Task | None = None


@dataclass(frozen=True)
class Material:
    """All that a probe is given besides its options.

    `entries` are those named in its `of`, `rows` and `canaries` what the candidate learned from, `held_out` rows of the
    same sources that it did not, `grade` says how far
    each reply to its question fulfils the probe's rubric (0 to 1, None without a usable judgment), `parents` are the
    adapters that a merged candidate was made of; their names are known before there are models.
    """

    seed: int
    data: Path | None = None
    entries: Mapping[str, Asked] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    held_out: tuple[Row, ...] = ()
    canaries: tuple[Canary, ...] = ()
    grade: Callable[[Sequence[tuple[str, str]]], list[float | None]] | None = None
    parent_names: tuple[str, ...] = ()
    parents: Mapping[str, Subject] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Effort:
    """What a probe asks of one subject, known before anything runs: requests and their tokens."""

    samples: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Wants:
    """What a probe is to be given: a data file, entries of the suite, a judge with a rubric, and more.

    `looks_at` says which entries can stand under `of`: benchmarks with right answers, all that yields a generated reply
    (judged sets too), or benchmarks that choose among options.
    """

    data: str | None = None
    of: tuple[str, ...] = ()
    judge: str | None = None
    rubric: str | None = None
    looks_at: Literal["answers", "replies", "choices"] = "answers"
    reads_training: bool = False
    asks_parents: bool = False


def wants(probe: Probe) -> Wants:
    """What the probe's fields and class variables of these names say; what it does not have, it does not want."""
    return Wants(**{name: getattr(probe, name) for name in Wants.__slots__ if hasattr(probe, name)})


class AskingProbe(Probe, Protocol):
    """A probe that asks base and candidate the same things; `measure` pairs what they said.

    Its fields and class variables that are called as those of `Wants` say what it is given.
    """

    @property
    def name(self) -> str:
        """The name of its entry in the suite, with which its metrics begin."""
        ...

    def effort(self, material: Material) -> Effort:
        """What asking one subject takes; raises DataError for malformed data."""
        ...

    def ask(self, subject: Subject, material: Material) -> Outcome:
        """What one subject says, scored; base and candidate get scores of the same names."""
        ...


def asks(probe: Probe) -> TypeGuard[AskingProbe]:
    """Whether a probe asks the models, and does not only look at results that are there."""
    return hasattr(probe, "ask")


class Rule(Protocol):
    """A condition of a policy."""

    @property
    def metric(self) -> str:
        """The metric that it looks at, one of `records.FACTS` (no other facts are given), or a pattern: `overlap.*`."""
        ...

    @property
    def severity(self) -> Severity:
        """Whether it blocks a release or only warns."""
        ...

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """Pass, fail, undecided or invalid, with the reason in one sentence."""
        ...


@cache
def find(kind: Kind) -> dict[str, type[Any]]:
    """Every plug-in of a kind by name: the shipped files first, then entry points; equal names are an error."""
    found = _shipped(kind)
    if os.environ.get("EVALSUITE_PLUGINS") == "builtin":
        return found
    for entry in entry_points(group=f"evalsuite.{kind}"):
        if entry.name in found:
            raise EvalsuiteError(f"two plug-ins of kind {kind} are called {entry.name!r}; uninstall one of them")
        found[entry.name] = entry.load()
    return found


def _shipped(kind: Kind) -> dict[str, type[Any]]:
    package = importlib.import_module(_PACKAGES[kind])
    found: dict[str, type[Any]] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda item: item.name):
        content = importlib.import_module(f"{package.__name__}.{module.name}")
        for value in vars(content).values():
            # The class is recognised by its tag field, so that a plug-in file needs no registration line.
            if isinstance(value, type) and value.__module__ == content.__name__ and TAGS[kind] in value.__annotations__:
                found[module.name] = value
    return found
