"""What can be added by one file: where each kind of plug-in lives, what it promises, and how it is found.

A plug-in is a document class (its options) that also carries its behaviour. File name = plug-in name; the class
has a tag field of that value (`rule: Literal["floor"]`). Packages outside add theirs through the entry-point
groups `evalsuite.methods`, `.tasks`, `.probes`, `.rules`, `.judges` and `.models`; `EVALSUITE_PLUGINS=builtin` switches
those off.

A protocol says all that a plug-in is ever asked; what most of them answer alike they inherit from `spec.options`. A
class that lacks a part of its protocol is refused when it is found. docs/plugins.md shows one of each kind.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeGuard

from evalsuite.conformance import faults, loaded
from evalsuite.errors import EvalsuiteError
from evalsuite.records import (
    Adapter,
    Canary,
    Chosen,
    Completion,
    Effort,
    Evidence,
    Graded,
    Item,
    Judgment,
    LogLikelihood,
    Metric,
    Outcome,
    Outlook,
    Pair,
    Prompt,
    Recipe,
    Recited,
    Result,
    Results,
    Row,
    RuleOutcome,
    Sample,
    Sampling,
    Score,
    Severity,
    Suppose,
    Supposed,
    Terms,
    TextDrift,
    Training,
    Wants,
)

Kind = Literal["methods", "tasks", "probes", "rules", "judges", "models"]

_PACKAGES: dict[Kind, str] = {
    "methods": "evalsuite.train.methods",
    "tasks": "evalsuite.evaluate.tasks",
    "probes": "evalsuite.evaluate.probes",
    "rules": "evalsuite.gate.rules",
    "judges": "evalsuite.judges.kinds",
    "models": "evalsuite.models.backends",
}
# A protocol that needs documents stands above, beside these.
_PROTOCOLS: dict[Kind, str] = {
    "methods": "evalsuite.plugins:Method",
    "tasks": "evalsuite.plugins:Task",
    "probes": "evalsuite.plugins:Probe",
    "rules": "evalsuite.plugins:Rule",
    "judges": "evalsuite.spec.judging:Judge",
    "models": "evalsuite.models.checkpoints.base:Backend",
}
TAGS: dict[Kind, str] = {
    "methods": "method",
    "tasks": "kind",
    "probes": "probe",
    "rules": "rule",
    "judges": "kind",
    "models": "backend",
}

# A way to a model: its answers to prompts, in their order, none of them paid for twice.
Ask = Callable[[Sequence[Prompt], Sampling], Sequence[Completion]]


@dataclass(frozen=True)
class Asking:
    """A teacher that can be asked: its name and digest for the record, and its answers, none of them paid for twice."""

    id: str
    digest: str
    ask: Ask


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
    """A way to make an adapter; its fields are the options under `train:`.

    `learns_from` is the kind of row that it wants of its sources, None where it reads them itself; `instead` says in
    words what it does in place of a training, and is empty for one that trains.
    """

    version: ClassVar[int]
    learns_from: ClassVar[type[Row] | None]
    instead: ClassVar[str]

    @property
    def method(self) -> str:
        """Its name."""
        ...

    @property
    def recipe(self) -> Recipe:
        """What it learns from and builds on."""
        ...

    def parents(self, inputs: Sequence[Path]) -> tuple[Path, ...]:
        """Of the files of its sources, the folders of the adapters that it merges into one."""
        ...

    def train(self, job: TrainingJob) -> Training:
        """Train into `job.output` and say what came of it; resumes from a checkpoint left there."""
        ...


class Task(Protocol):
    """A benchmark: samples out of a data file, how to ask, and the scores of one reply.

    One that `reads_texts` measures texts as they stand: there is neither a right answer nor an option.
    """

    version: ClassVar[int]
    reads_texts: ClassVar[bool]

    @property
    def kind(self) -> str:
        """Its name."""
        ...

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What each figure is that it yields, by the names that its scores have; the main one first."""
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

    def chosen(self, sample: Sample, reply: tuple[LogLikelihood, ...]) -> str:
        """The option that the task takes for the answer, of options weighed by log-likelihood."""
        ...

    def family(self, subject: str) -> str:
        """What a subject belongs to: subjects of one family count as one in the macro mean."""
        ...

    def derived(self, results: Mapping[str, Result]) -> tuple[Result, ...]:
        """Results that follow from those over samples, of all items or of one subject; names as in `metrics`."""
        ...


class Probe(Protocol):
    """A measure of damage: what changed between base and candidate; one that `asks` is an `AskingProbe`."""

    version: ClassVar[int]
    asks: ClassVar[bool]

    @property
    def probe(self) -> str:
        """What kind of probe it is."""
        ...

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What each figure is that it yields, by its whole name; those it only computes with are `inner`."""
        ...

    @property
    def wants(self) -> Wants:
        """What it is to be given."""
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
    same sources that it did not, `grade` says how far each reply to its question fulfils the probe's rubric and what
    that takes, which the probe's outcome passes on as `judging`; `parents` are the adapters that a merged candidate was
    made of; their names are known before there are models. `alone` says why the reference cannot be asked beside the
    candidate.
    """

    seed: int
    data: Path | None = None
    entries: Mapping[str, Asked] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    held_out: tuple[Row, ...] = ()
    canaries: tuple[Canary, ...] = ()
    grade: Callable[[Sequence[tuple[str, str]]], Graded] | None = None
    parent_names: tuple[str, ...] = ()
    parents: Mapping[str, Subject] = field(default_factory=dict)
    alone: str | None = None


class AskingProbe(Probe, Protocol):
    """A probe that asks base and candidate the same things; `measure` pairs what they said."""

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
    return probe.asks


class Rule(Protocol):
    """A condition of a policy: a document class whose fields are its options.

    All that is asked of a rule stands here; `gate.rule_options.RuleOptions` has defaults. `version` is raised when its
    answers change: then verdicts are made anew.
    """

    version: ClassVar[int]

    @property
    def rule(self) -> str:
        """The name of the rule: its tag."""
        ...

    @property
    def metric(self) -> str:
        """The metric that it looks at, one of `records.FACTS` (no other facts are given), or a pattern: `overlap.*`."""
        ...

    @property
    def severity(self) -> Severity:
        """Whether it blocks a release or only warns."""
        ...

    @property
    def by_slice(self) -> bool:
        """Whether it is held against each slice of its metric, and not against the whole."""
        ...

    @property
    def looks_every(self) -> int | None:
        """How many samples are judged between two looks of a rule that may be settled early; None for all others."""
        ...

    def asked(self, terms: Terms) -> tuple[float, int]:
        """The confidence and the smallest n that count for it: its own, else the policy's."""
        ...

    def problems(self, metric: Metric) -> list[str]:
        """Why it makes no sense for a metric, each with what to do: it can never fail, never pass, or asks for harm."""
        ...

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """What the rule must show if the truth is as supposed, or a word on why nobody can tell."""
        ...

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """Pass, fail, undecided or invalid, with the reason in one sentence."""
        ...


class Grader(Protocol):
    """A judge at work by one rubric; answers keep the order of what was asked."""

    def grade(self, items: Sequence[Item]) -> list[Judgment]:
        """Each reply graded by the rubric."""
        ...

    def prefer(self, pairs: Sequence[Pair]) -> list[Chosen]:
        """The better of each two replies as they are shown."""
        ...


@cache
def find(kind: Kind) -> dict[str, type[Any]]:
    """Every plug-in of a kind by name: the shipped files first, then entry points.

    Raises EvalsuiteError for equal names, and for a class that cannot be used, naming its package and what it lacks.
    """
    found = _shipped(kind)
    if os.environ.get("EVALSUITE_PLUGINS") == "builtin":
        return found
    for entry in entry_points(group=f"evalsuite.{kind}"):
        if entry.name in found:
            raise EvalsuiteError(f"two plug-ins of kind {kind} are called {entry.name!r}; uninstall one of them")
        found[entry.name] = loaded(entry, partial(problems, kind, entry.name))
    return found


def problems(kind: Kind, name: str, plugin: object) -> list[str]:
    """What a class lacks to be the plug-in of that kind and name, in words; nothing for a whole one."""
    protocol: Any = pkgutil.resolve_name(_PROTOCOLS[kind]) if kind in _PROTOCOLS else object
    wrong = faults(plugin, {TAGS[kind]: name}, protocol)
    # Only now is it known that the class says whether it asks.
    found: Any = plugin
    return faults(plugin, {}, AskingProbe) if not wrong and protocol is Probe and found.asks else wrong


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
