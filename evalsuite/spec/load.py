"""Spec files to resolved specs: every document that a spec names is found, validated and joined to it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from evalsuite.errors import DocumentError, Problem
from evalsuite.plugins import Wants, asks, wants
from evalsuite.spec.document import Document, validate
from evalsuite.spec.endpoint import Endpoint
from evalsuite.spec.judge import Judge
from evalsuite.spec.matrix import expand, override
from evalsuite.spec.policy import Policy
from evalsuite.spec.project import Folder, Lookup, find_data, find_document
from evalsuite.spec.read import Path_, Raw, read_file
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.run import RunSpec
from evalsuite.spec.source import sources_of
from evalsuite.spec.suite import JudgedSet, Pairing, Suite

D = TypeVar("D", bound=Document)


@dataclass(frozen=True)
class ResolvedSpec:
    """A run spec with all that it names: documents typed, data paths resolved."""

    spec: RunSpec
    file: Path
    suite: Suite
    policy: Policy | None
    rubrics: Mapping[str, Rubric]
    judges: Mapping[str, Judge]
    training_data: tuple[Path, ...]
    suite_data: Mapping[str, Path]
    adapter_path: Path | None
    documents: Mapping[str, Path] = field(default_factory=dict)


def load_specs(files: Sequence[Path], settings: tuple[str, ...] = ()) -> list[ResolvedSpec]:
    """All specs of the files, matrices expanded; raises DocumentError with every problem of every document."""
    resolver = _Resolver(settings)
    specs = [spec for file in files for spec in resolver.resolve_file(file)]
    resolver.problems += _same_names(specs)
    if resolver.problems:
        raise DocumentError(list(dict.fromkeys(resolver.problems)))
    return specs


def load_document(kind: type[D], file: Path) -> D:
    """One document of a known kind; raises DocumentError with all its problems."""
    return validate(kind, read_file(file))


def _same_names(specs: Iterable[ResolvedSpec]) -> list[Problem]:
    first: dict[str, Path] = {}
    problems = []
    for spec in specs:
        name = spec.spec.name
        if name in first:
            what = f"{name!r} is also the name of a spec in {first[name]}; give each spec its own name"
            if first[name] == spec.file:
                what = f"two specs of this file are called {name!r}; the values of a matrix must differ as words"
            problems.append(Problem(str(spec.file), None, "name", what))
        first.setdefault(name, spec.file)
    return problems


class _Resolver:
    """Collects problems while it follows the names in specs; each document is read once."""

    def __init__(self, settings: tuple[str, ...]) -> None:
        self.settings = settings
        self.problems: list[Problem] = []
        self._read: dict[tuple[type[Document], Path], tuple[Raw, Document] | None] = {}

    def resolve_file(self, file: Path) -> list[ResolvedSpec]:
        try:
            variants = expand(override(read_file(file), self.settings))
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
        training_data = tuple(
            self._data(source.path, raw, file, ("train", "data", index, "path"))
            for index, source in enumerate(sources_of(spec.train))
        )
        if len({source.weight is None for source in sources_of(spec.train)}) > 1:
            self._report(raw, ("train", "data"), "some sources have a weight and some have none; give all one, or none")
        adapter = None
        if spec.adapter is not None:
            adapter = self._data(spec.adapter.path, raw, file, ("adapter", "path"), folder=True)
        policy = self._named(Policy, "gates", spec.gate, (raw, file, ("gate",)), documents) if spec.gate else None
        suite = self._named(Suite, "suites", spec.suite, (raw, file, ("suite",)), documents)
        if suite is None:
            return None
        rubrics, judges, suite_data = self._follow_suite(suite, documents[f"suites/{spec.suite}"], documents)
        if policy is not None:
            measured = suite.metrics(rubrics)
            if isinstance(spec.base_model, Endpoint):
                # What is chosen by likelihood elsewhere is answered by letter there.
                measured += tuple(f"{b.name}.letter_accuracy" for b in suite.benchmarks if b.task.sampling is None)
            self._check_metrics(policy, documents[f"gates/{spec.gate}"], measured)
        return ResolvedSpec(spec, file, suite, policy, rubrics, judges, training_data, suite_data, adapter, documents)

    def _follow_suite(
        self, suite: Suite, file: Path, documents: dict[str, Path]
    ) -> tuple[dict[str, Rubric], dict[str, Judge], dict[str, Path]]:
        raw = read_file(file)
        rubrics: dict[str, Rubric] = {}
        judges: dict[str, Judge] = {}
        data: dict[str, Path] = {}
        for index, benchmark in enumerate(suite.benchmarks):
            data[benchmark.name] = self._data(benchmark.data, raw, file, ("benchmarks", index, "data"))
        for index, judged in enumerate(suite.judged):
            data[judged.name] = self._data(judged.data, raw, file, ("judged", index, "data"))
        probes = [
            (("probes", index), probe.name, wants(probe)) for index, probe in enumerate(suite.probes) if asks(probe)
        ]
        for at, name, wanted in probes:
            if wanted.data is not None:
                data[name] = self._data(wanted.data, raw, file, (*at, "data"))
        graded: list[tuple[Path_, JudgedSet | Pairing | Wants]] = [
            *((("judged", index), entry) for index, entry in enumerate(suite.judged)),
            *((("pairings", index), pairing) for index, pairing in enumerate(suite.pairings)),
            *((at, wanted) for at, _, wanted in probes if wanted.judge is not None),
        ]
        for place, item in graded:
            assert item.rubric is not None
            assert item.judge is not None
            rubric = self._named(Rubric, "rubrics", item.rubric, (raw, file, (*place, "rubric")), documents)
            judge = self._named(Judge, "judges", item.judge, (raw, file, (*place, "judge")), documents)
            if rubric:
                rubrics[item.rubric] = rubric
            if judge:
                judges[item.judge] = judge
            if rubric and judge and judge.kind == "offline" and rubric.unchecked:
                what = f"the offline judge cannot grade {', '.join(rubric.unchecked)}: no `check` in the rubric"
                self._report(raw, (*place, "judge"), what)
        return rubrics, judges, data

    def _check_metrics(self, policy: Policy, file: Path, metrics: tuple[str, ...]) -> None:
        for index, rule in enumerate(policy.rules):
            if rule.metric not in metrics:
                near = difflib.get_close_matches(rule.metric, metrics, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"it measures {', '.join(metrics) or 'nothing'}"
                self._report(read_file(file), ("rules", index, "metric"), f"{rule.metric!r} is not measured; {hint}")

    def _named(
        self, kind: type[D], folder: Folder, name: str, at: tuple[Raw, Path, Path_], documents: dict[str, Path]
    ) -> D | None:
        raw, file, path = at
        lookup = find_document(folder, name, beside=file)
        if lookup.found is None:
            self._report(raw, path, f"no {kind.__name__.lower()} {name!r}; looked for {_places(lookup)}")
            return None
        documents[f"{folder}/{name}"] = lookup.found
        document = self._document(kind, lookup.found)
        inside = getattr(document, "name", name)
        if inside != name:
            self._report(raw, path, f"{lookup.found} is named {inside!r} inside; make them equal")
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

    def _data(self, written: str, raw: Raw, file: Path, path: Path_, *, folder: bool = False) -> Path:
        lookup = find_data(written, beside=file)
        if lookup.found is None:
            self._report(raw, path, f"{written!r} does not exist; looked for {_places(lookup)}")
        elif folder != lookup.found.is_dir():
            self._report(raw, path, f"{lookup.found} must be a {'folder' if folder else 'file, not a folder'}")
        return lookup.found or Path(written)

    def _report(self, raw: Raw, path: Path_, what: str) -> None:
        self.problems.append(Problem(*raw.where(path), ".".join(map(str, path)), what))


def _places(lookup: Lookup) -> str:
    return ", ".join(str(place) for place in lookup.searched)
