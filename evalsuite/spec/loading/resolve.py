"""Following the names in specs: every document that a spec names is found, validated and joined to it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from fnmatch import filter as fitting
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from evalsuite.errors import DocumentError, Problem
from evalsuite.plugins import asks
from evalsuite.records import EVERY, FACT_METRICS, Metric, Wants, by_name, declaration, joined
from evalsuite.spec.document import validate
from evalsuite.spec.judge import JudgeFile
from evalsuite.spec.judging import JudgePrompt, ResolvedJudge, read_prompt
from evalsuite.spec.loading.lookup import Folder, find_data, find_document, find_prompt, kind_of, names_near
from evalsuite.spec.loading.yaml_reader import Path_, Raw, expand, override, read_file
from evalsuite.spec.policy import Policy
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.run_spec import ResolvedSpec, RunSpec
from evalsuite.spec.source import FolderSplit, HubSplit, Source, Split, sources_of
from evalsuite.spec.suite import Answers, JudgedSet, Pairing, Suite, Where

D = TypeVar("D", bound=BaseModel)
N = TypeVar("N", bound=Suite | Policy | Rubric | JudgeFile)

_MOST_LISTED = 12


class Resolver:
    """Collects problems while it follows the names in specs; each document is read once."""

    def __init__(self, settings: tuple[str, ...]) -> None:
        self.settings = settings
        self.problems: list[Problem] = []
        self._read: dict[tuple[type[BaseModel], Path], tuple[Raw, BaseModel] | None] = {}

    def resolve_file(self, file: Path) -> list[ResolvedSpec]:
        """The specs of a file, as far as they can be followed; what is wrong is in `problems`."""
        try:
            raw = read_file(file)
            kind = kind_of(map(str, raw.data))
            if kind not in (None, "spec"):
                what = f"is a {kind}, and a spec is wanted here; a {kind} is checked with the specs that name it"
                raise DocumentError([Problem(raw.file, None, "", what)])
            variants = expand(override(raw, self.settings))
        except DocumentError as error:
            self.problems += error.problems
            return []
        resolved = [self._resolve(raw, file) for raw in variants]
        return [spec for spec in resolved if spec is not None]

    def _resolve(self, raw: Raw, file: Path) -> ResolvedSpec | None:
        try:
            spec = validate(RunSpec, raw)
        except DocumentError as error:
            self.problems += error.problems
            return None
        documents: dict[str, Path] = {}
        sources = [self._source(source, raw, file, index) for index, source in enumerate(sources_of(spec.train))]
        if len({source.weight is None for source in sources_of(spec.train)}) > 1:
            self._report(raw, ("train", "data"), "some sources have a weight and some have none; give all one, or none")
        below = spec.recipe.builds_on
        if below is not None and ("/" in below.name or below.name.startswith(".")):
            self._data(below.name, raw, file, ("train", *below.at), folder=True)
        adapter = None
        if spec.adapter is not None:
            adapter = self._data(spec.adapter.path, raw, file, ("adapter", "path"), folder=True)
        policy = self._named(Policy, "gates", spec.gate, (raw, file, ("gate",)), documents) if spec.gate else None
        suite = self._named(Suite, "suites", spec.suite, (raw, file, ("suite",)), documents)
        if suite is None:
            return None
        rubrics, judges, suite_data = self._follow_suite(suite, documents[f"suites/{spec.suite}"], documents)
        examples = self._examples(suite, documents[f"suites/{spec.suite}"])
        resolved = ResolvedSpec(
            spec,
            file,
            suite,
            policy,
            rubrics,
            judges,
            tuple(source if isinstance(source, Path) else source.file for source in sources),
            suite_data,
            adapter,
            documents,
            suite_examples=examples,
            splits=(*(source for source in sources if not isinstance(source, Path)), *_splits_of(suite)),
        )
        if policy is not None:
            self._check_metrics(policy, documents[f"gates/{spec.gate}"], suite, tuple(resolved.metrics.values()))
        return resolved

    def _follow_suite(
        self, suite: Suite, file: Path, documents: dict[str, Path]
    ) -> tuple[dict[str, Rubric], dict[str, ResolvedJudge], dict[str, Path]]:
        raw = read_file(file)
        rubrics: dict[str, Rubric] = {}
        judges: dict[str, ResolvedJudge] = {}
        probes: list[tuple[Path_, str, Wants]] = [
            (("probes", index), probe.name, probe.wants) for index, probe in enumerate(suite.probes) if asks(probe)
        ]
        graded: list[tuple[Path_, JudgedSet | Pairing | Wants]] = [
            *((("judged", index), entry) for index, entry in enumerate(suite.judged)),
            *((("pairings", index), pairing) for index, pairing in enumerate(suite.pairings)),
            *((at, wanted) for at, _, wanted in probes if wanted.judge is not None),
        ]
        for at, item in graded:
            assert item.rubric is not None
            assert item.judge is not None
            rubric = self._named(Rubric, "rubrics", item.rubric, (raw, file, (*at, "rubric")), documents)
            judge = self.judge(item.judge, (raw, file, (*at, "judge")), documents)
            if rubric:
                rubrics[item.rubric] = rubric
            if judge:
                judges[item.judge] = judge
            what = judge.cannot_grade(rubric) if judge and rubric else None
            if what is not None:
                self._report(raw, (*at, "judge"), what)
        return rubrics, judges, self._suite_data(suite, raw, file)

    def _suite_data(self, suite: Suite, raw: Raw, file: Path) -> dict[str, Path]:
        data: dict[str, Path] = {}
        for index, benchmark in enumerate(suite.benchmarks):
            data[benchmark.name] = self._where(benchmark.data, raw, file, ("benchmarks", index, "data"))
        if suite.harness is not None and suite.harness.include_path is not None:
            place: Path_ = ("lm_eval", "include_path")
            folder = self._data(suite.harness.include_path, raw, file, place, folder=True)
            data.update(dict.fromkeys(suite.harness.tasks, folder))
        for index, judged in enumerate(suite.judged):
            data[judged.name] = self._data(judged.data, raw, file, ("judged", index, "data"))
            if judged.control is not None:
                data[f"{judged.name}/control"] = self._data(judged.control, raw, file, ("judged", index, "control"))
        for index, pairing in enumerate(suite.pairings):
            for which, one in enumerate(pairing.against):
                if isinstance(one, Answers):
                    named: Path_ = ("pairings", index, "against", which, "answers")
                    data[f"{pairing.name}/{one.label}"] = self._data(one.answers, raw, file, named)
        probes: list[tuple[Path_, str, Wants]] = [
            (("probes", index), probe.name, probe.wants) for index, probe in enumerate(suite.probes) if asks(probe)
        ]
        for at, name, wanted in probes:
            if wanted.data is not None:
                data[name] = self._data(wanted.data, raw, file, (*at, "data"))
        return data

    def judge(self, name: str, at: tuple[Raw, Path, Path_], documents: dict[str, Path]) -> ResolvedJudge | None:
        """The judge of that name with its prompt or its members."""
        found = self._named(JudgeFile, "judges", name, at, documents)
        if found is None:
            return None
        file, judge = documents[f"judges/{name}"], found.root
        raw = read_file(file)
        prompt = None
        if judge.prompt_name is not None:
            prompt = self._prompt(judge.prompt_name, (raw, file, ("prompt",)), documents)
            if prompt is None:
                return None
        members = []
        for index, member in enumerate(judge.member_names):
            place = (raw, file, ("judges", index))
            # A panel on a panel could sit on itself, and its vote would be nobody's.
            seat = self._named(JudgeFile, "judges", member, place, documents)
            if seat is not None and seat.root.member_names:
                self._report(raw, place[2], f"{member!r} is itself a panel; name its judges instead")
            elif seat is not None:
                members.append(self.judge(member, place, documents))
        seated = tuple(member for member in members if member is not None)
        if len(seated) < len(judge.member_names):
            return None
        return ResolvedJudge(judge, file, prompt, seated)

    def _prompt(self, name: str, at: tuple[Raw, Path, Path_], documents: dict[str, Path]) -> JudgePrompt | None:
        raw, file, path = at
        lookup = find_prompt(name, beside=file)
        if lookup.found is None:
            self._report(raw, path, f"no prompt {name!r}; looked for {lookup.places}")
            return None
        documents[f"judges/prompts/{name}"] = lookup.found
        try:
            return read_prompt(lookup.found)
        except DocumentError as error:
            self.problems += error.problems
            return None

    def _examples(self, suite: Suite, file: Path) -> dict[str, Path]:
        raw = read_file(file)
        return {
            benchmark.name: self._where(benchmark.examples, raw, file, ("benchmarks", index, "examples"))
            for index, benchmark in enumerate(suite.benchmarks)
            if benchmark.examples is not None
        }

    def _where(self, written: Where, raw: Raw, file: Path, path: Path_) -> Path:
        if not isinstance(written, str):
            return written.file
        return self._data(written, raw, file, path, folder=None)

    def _check_metrics(self, policy: Policy, file: Path, suite: Suite, metrics: tuple[Metric, ...]) -> None:
        # What a task of another harness measures is known once it has run.
        unknown = [joined(task, EVERY) for task in (suite.harness.tasks if suite.harness else ())]
        names = tuple(metric.name for metric in metrics if not metric.is_pattern)
        for index, rule in enumerate(policy.rules):
            its = declaration(rule.metric, (*metrics, *FACT_METRICS))
            about = [its] if its is not None else [by_name(metrics)[name] for name in fitting(names, rule.metric)]
            senseless = [rule.problems(metric) for metric in about]
            # A pattern stands for all that fits it and can be held.
            for what in senseless[0] if senseless and all(senseless) else ():
                self._report(read_file(file), ("rules", index), what)
            if not about and not any(fnmatchcase(rule.metric, pattern) for pattern in unknown):
                near = difflib.get_close_matches(rule.metric, names, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"it measures {_listed(names)}"
                self._report(read_file(file), ("rules", index, "metric"), f"{rule.metric!r} is not measured; {hint}")

    def _named(
        self, kind: type[N], folder: Folder, name: str, at: tuple[Raw, Path, Path_], documents: dict[str, Path]
    ) -> N | None:
        raw, file, path = at
        lookup = find_document(folder, name, beside=file)
        if lookup.found is None:
            near = difflib.get_close_matches(name, names_near(lookup, folder) - {file.stem, name}, 1)
            hint = f"did you mean {near[0]!r}?" if near and not lookup.passed_over else f"looked for {lookup.places}"
            self._report(raw, path, f"no {kind.__name__.removesuffix('File').lower()} {name!r}; {hint}")
            return None
        documents[f"{folder}/{name}"] = lookup.found
        document = self._document(kind, lookup.found)
        if document is not None and document.name != name:
            self._report(raw, path, f"{lookup.found} is named {document.name!r} inside; make them equal")
        return document

    def _document(self, kind: type[D], file: Path) -> D | None:
        key = (kind, file)
        if key not in self._read:
            try:
                raw = read_file(file)
                self._read[key] = (raw, validate(kind, raw))
            except DocumentError as error:
                self.problems += error.problems
                self._read[key] = None
        held = self._read[key]
        return held[1] if held and isinstance(held[1], kind) else None

    def _source(self, source: Source, raw: Raw, file: Path, index: int) -> Path | Split:
        """The file of a source, or the split whose rows it stands for."""
        if source.path is None:
            return source.hub_split
        at: Path_ = ("train", "data", index)
        found = self._data(source.path, raw, file, (*at, "path"), folder=None)
        if os.path.isdir(found):
            if source.split is not None:
                return FolderSplit(found, source.config, source.split)
            what = f"{found} must be a file, not a folder; one that `datasets` reads needs `split`, such as train"
            self._report(raw, (*at, "path"), what)
        elif source.split is not None or source.config is not None:
            key = "config" if source.split is None else "split"
            self._report(raw, (*at, key), f"{key} belongs to a data set, and {source.path} is a file; remove it")
        return found

    def _data(self, written: str, raw: Raw, file: Path, path: Path_, *, folder: bool | None = False) -> Path:
        lookup = find_data(written, beside=file)
        if lookup.found is None:
            self._report(raw, path, f"{written!r} does not exist; looked for {lookup.places}")
        elif folder is not None and folder != lookup.found.is_dir():
            self._report(raw, path, f"{lookup.found} must be a {'folder' if folder else 'file, not a folder'}")
        return lookup.found or Path(written)

    def _report(self, raw: Raw, path: Path_, what: str) -> None:
        self.problems.append(Problem(*raw.where(path), ".".join(map(str, path)), what))


def _splits_of(suite: Suite) -> Iterator[Split]:
    for entry in suite.benchmarks:
        yield from (where for where in (entry.data, entry.examples) if isinstance(where, HubSplit))


def _listed(metrics: tuple[str, ...]) -> str:
    more = f" and {len(metrics) - _MOST_LISTED} more" if len(metrics) > _MOST_LISTED else ""
    return ", ".join(metrics[:_MOST_LISTED]) + more or "nothing"
