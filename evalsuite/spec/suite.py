"""The suite: named benchmarks, judged sets, pairings and probes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evalsuite.plugins import AskingProbe, Probe, Task, asks
from evalsuite.records import Metric, by_name
from evalsuite.spec import declared
from evalsuite.spec.document import Document, Name, OneOf, Version, is_name
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.source import HubSplit

Where = Annotated[str, Field(min_length=1)] | HubSplit

_FITTING = {
    "answers": "benchmark with right answers",
    "replies": "judged set or generating benchmark",
    "choices": "multiple-choice benchmark",
}


class Benchmark(Document):
    """Items with right answers, scored against them."""

    name: Name
    task: Annotated[Task, OneOf("tasks")]
    data: Annotated[
        Where, Field(description="a file, a folder with one file per subject, or a split of a data set on the hub")
    ]
    examples: Annotated[Where | None, Field(description="solved items to show before each question")] = None
    limit: Annotated[int | None, Field(ge=1, description="draw this many items with the suite's seed")] = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What it yields over all of its items; of subjects or slices in its data each has the same."""
        return tuple(metric.of(self.name) for metric in self.task.metrics)

    @property
    def letter_accuracy(self) -> Metric:
        """What it yields instead where a server that tells no likelihoods is asked for letters."""
        return declared.LETTER_ACCURACY.of(self.name)


class HarnessTasks(Document):
    """Tasks of lm-evaluation-harness, run through evalsuite's own scorer; needs the extra `lm-eval`."""

    tasks: Annotated[tuple[Name, ...], Field(min_length=1, description="names of tasks or groups, as lm-eval has them")]
    include_path: Annotated[str | None, Field(description="a folder with task files of your own")] = None
    num_fewshot: Annotated[int | None, Field(ge=0)] = None
    apply_chat_template: bool = False
    fewshot_as_multiturn: bool = False
    limit: Annotated[int | None, Field(ge=1, description="the first so many items of each task")] = None


class StyleOptions(Document):
    """What is measured beside fidelity."""

    words: Annotated[bool, Field(description="Burrows' Delta, and a classifier that tells the texts apart")] = True
    likelihood: Annotated[bool, Field(description="how likely the author's answers are to candidate and base")] = True
    pairs: Annotated[bool, Field(description="candidate against author, judged in both orders")] = False


class JudgedSet(Document):
    """Prompts whose replies a judge grades by a rubric, beside the author's own answers."""

    name: Name
    data: Annotated[str, Field(min_length=1)]
    rubric: Name
    judge: Name
    limit: Annotated[int | None, Field(ge=1)] = None
    max_tokens: Annotated[int, Field(ge=1)] = 256
    temperature: Annotated[float, Field(ge=0)] = 0.0
    control: Annotated[
        str | None, Field(min_length=1, description="another author's answers, graded as well: they should score less")
    ] = None
    style: StyleOptions = StyleOptions()

    @property
    def score(self) -> Metric:
        """The grade by the rubric."""
        return declared.SCORE.of(self.name)

    def metrics(self, rubric: Rubric | None) -> tuple[Metric, ...]:
        """What its replies' grades come to, with the rubric's criteria where that is known."""
        criteria = declared.criterion_scores(rubric).values() if rubric is not None else ()
        figures = (declared.FIDELITY, declared.SCORE, declared.SCORE.corrected(), declared.DISAGREEMENT, *criteria)
        return tuple(metric.of(self.name) for metric in figures)

    @property
    def beside(self) -> tuple[Metric, ...]:
        """The metrics beside fidelity that it yields."""
        figures = {
            "delta": self.style.words,
            "classifier_accuracy": self.style.words,
            "author_nll": self.style.likelihood,
            "indistinguishable": self.style.pairs,
            "control": self.control is not None,
        }
        found = [declared.STYLE[figure] for figure, wanted in figures.items() if wanted]
        if self.style.pairs:
            found += [declared.against_author(figure) for figure in declared.PAIRED if figure != "win_rate"]
        return tuple(metric.of(self.name) for metric in found)


class Answers(Document):
    """Answers on file, whoever gave them: rows with `text` and the `id` or the `prompt` that it answers."""

    answers: Annotated[str, Field(min_length=1, description="a JSONL file")]
    name: Annotated[Name | None, Field(description="what the answers are called; without it the file's name")] = None

    @property
    def label(self) -> str:
        """What results call them."""
        return self.name or PurePath(self.answers).stem

    @model_validator(mode="after")
    def _is_called_something(self) -> Answers:
        if self.name is None and not is_name(self.label):
            raise ValueError(f"the file's name {self.label!r} is no name for results; add `name:`")
        if self.label in ("base", "author"):
            raise ValueError(f"{self.label!r} stands for something else here; give the answers another `name:`")
        return self


Opponent = Name | Answers


class Pairing(Document):
    """The replies to a judged set's prompts, compared pair by pair with each opponent's, in both orders."""

    name: Name
    of: Annotated[Name, Field(description="the judged set whose replies are compared")]
    against: Annotated[
        tuple[Opponent, ...],
        Field(min_length=1, description="`base`, `author`, a spec, an alias such as production, or answers on file"),
    ] = ("base",)
    rounds: Annotated[
        Literal["baseline", "all"], Field(description="`all`: every two specs of a run are compared as well")
    ] = "baseline"
    rubric: Name
    judge: Name

    @property
    def opponents(self) -> tuple[str, ...]:
        """What results call those named in `against`."""
        return tuple(one.label if isinstance(one, Answers) else one for one in self.against)

    def metric(self, figure: str, opponent: str) -> Metric:
        """The metric of a figure: `duel.win_rate`, with the opponent at the end unless it is the only one named."""
        return declared.PAIRED[figure].of(self.name).against(opponent, alone=self.opponents == (opponent,))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What it yields against those that are named."""
        return tuple(self.metric(figure, opponent) for opponent in self.opponents for figure in declared.PAIRED)

    @model_validator(mode="after")
    def _opponents_differ(self) -> Pairing:
        doubled = sorted({name for name in self.opponents if self.opponents.count(name) > 1})
        if doubled:
            raise ValueError(f"{doubled[0]!r} is named twice in `against`; opponents must differ")
        return self


class Suite(Document):
    """What a candidate is measured on."""

    schema_version: Version
    name: Name
    description: str | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    benchmarks: tuple[Benchmark, ...] = ()
    lm_eval: tuple[Name, ...] | HarnessTasks = ()
    judged: tuple[JudgedSet, ...] = ()
    pairings: tuple[Pairing, ...] = ()
    probes: tuple[Annotated[Probe, OneOf("probes")], ...] = ()

    @property
    def entries(self) -> tuple[str, ...]:
        """The names of everything that yields replies."""
        every: tuple[Benchmark | JudgedSet | Pairing, ...] = (*self.benchmarks, *self.judged, *self.pairings)
        probes = tuple(probe.name for probe in self.asking)
        return (*(entry.name for entry in every), *probes, *(self.harness.tasks if self.harness else ()))

    @property
    def harness(self) -> HarnessTasks | None:
        """The tasks of lm-evaluation-harness with their options, or None without any."""
        if isinstance(self.lm_eval, HarnessTasks):
            return self.lm_eval
        return HarnessTasks(tasks=self.lm_eval) if self.lm_eval else None

    @property
    def asking(self) -> tuple[AskingProbe, ...]:
        """The probes that ask base and candidate."""
        return tuple(probe for probe in self.probes if asks(probe))

    @property
    def judged_by(self) -> tuple[tuple[Name, Name], ...]:
        """Every judge with each rubric that it judges by, of judged sets, pairings and probes."""
        graded: tuple[JudgedSet | Pairing, ...] = (*self.judged, *self.pairings)
        found = [(entry.judge, entry.rubric) for entry in graded]
        wanted = [probe.wants for probe in self.probes]
        found += [(its.judge, its.rubric) for its in wanted if its.judge is not None and its.rubric is not None]
        return tuple(dict.fromkeys(found))

    def metrics(self, rubrics: Mapping[str, Rubric], *, served: bool = False) -> tuple[Metric, ...]:
        """What a candidate will have once it is measured, with the criteria of the suite's rubrics.

        Subjects and slices are known only with the data, so each metric that can have some stands with a pattern for
        them. `served` says that the base is a server that may tell no likelihoods. What tasks of lm-eval yield is known
        once they have run.
        """
        found = [metric for entry in self.benchmarks for metric in entry.metrics]
        found += [entry.letter_accuracy for entry in self.benchmarks if served and entry.task.sampling is None]
        found += [judged.score for judged in self.judged]
        sliced = [part for metric in found for part in (metric.macro(), metric.each_part())]
        graded = [metric for judged in self.judged for metric in judged.metrics(rubrics.get(judged.rubric))]
        beside = [metric for judged in self.judged for metric in judged.beside]
        met = [metric for pairing in self.pairings for metric in pairing.metrics]
        probed = [metric for probe in self.probes for metric in probe.metrics if metric.place != "inner"]
        every = (*found, *sliced, *graded, *beside, *met, *self._of_judges(rubrics), *self._about_entries(), *probed)
        return tuple(by_name(every).values())

    def _of_judges(self, rubrics: Mapping[str, Rubric]) -> list[Metric]:
        judges = dict.fromkeys(judge for judge, _ in self.judged_by)
        found = [metric.of_judge(judge) for judge in judges for metric in declared.HEALTH.values()]
        for judge, rubric in self.judged_by:
            if rubric in rubrics:
                criteria = declared.criterion_agreements(rubrics[rubric]).values()
                found += [metric.of_judge(judge) for metric in criteria]
        return found

    def _about_entries(self) -> list[Metric]:
        every: tuple[Benchmark | JudgedSet, ...] = (*self.benchmarks, *self.judged)
        timed = [entry for entry in every if isinstance(entry, JudgedSet) or entry.task.sampling is not None]
        return [
            *(declared.LATENCY.on(entry.name) for entry in timed),
            *(declared.OVERLAP.on(entry.name) for entry in every),
        ]

    @model_validator(mode="after")
    def _names_fit(self) -> Suite:
        names = self.entries
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"two entries are called {doubled[0]!r}; names must differ")
        judged = {entry.name for entry in self.judged}
        for pairing in self.pairings:
            if pairing.of not in judged:
                raise ValueError(f"pairing {pairing.name!r} is of {pairing.of!r}, which is no judged set of this suite")
        watched: set[tuple[type, str]] = set()
        fitting = self._fitting()
        for probe in self.probes:
            wanted = probe.wants
            for entry in wanted.of:
                if entry not in fitting[wanted.looks_at]:
                    what = _FITTING[wanted.looks_at]
                    raise ValueError(f"a probe watches {entry!r}, which is no {what} of this suite")
                if (type(probe), entry) in watched:
                    raise ValueError(f"a probe watches {entry!r} twice; once is enough")
                watched.add((type(probe), entry))
        return self

    def _fitting(self) -> dict[str, set[str]]:
        """The entries that probes can look at, by what they look at."""
        generated = {entry.name for entry in self.benchmarks if entry.task.sampling is not None}
        # A text that is read as it stands has neither a right answer nor options.
        every = {entry.name for entry in self.benchmarks if not entry.task.reads_texts}
        judged = {entry.name for entry in self.judged}
        return {"answers": every, "replies": generated | judged, "choices": every - generated}
