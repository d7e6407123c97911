"""Making a plan: which steps a spec needs, in which order, and what each depends on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalsuite.data.digest import digest, file_digest
from evalsuite.models.base import Base
from evalsuite.plan import Plan, Role, Step
from evalsuite.plan.estimate import benchmark_cost, judged_cost, pairing_cost, probe_cost, training_cost
from evalsuite.plan.material import given_digest
from evalsuite.records import Adapter
from evalsuite.spec.document import Document
from evalsuite.spec.load import ResolvedSpec
from evalsuite.spec.source import sources_of
from evalsuite.spec.suite import Benchmark, JudgedSet, Pairing

# Raised when the meaning of a step's result changes, so that results of an older evalsuite are made again.
VERSION = 1


def training_digest(resolved: ResolvedSpec, base: Base) -> str | None:
    """The digest of a spec's training: method, options, data bytes and base weights; None when nothing is trained."""
    method = resolved.spec.train
    if method is None:
        return None
    # Paths do not count, the bytes behind them do; and a file with bad rows trains in one way only: without them.
    options = _plain(method, exclude={"data"})
    data = [
        (file_digest(path), _plain(source, exclude={"path", "on_bad_row"}))
        for path, source in zip(resolved.training_data, sources_of(method), strict=True)
    ]
    return digest("train", VERSION, method.version, options, data, base.digest)


def make_plan(resolved: ResolvedSpec, base: Base, adapter: Adapter | None) -> Plan:
    """The steps of a spec; those that depend on an adapter not yet trained have no digest."""
    return Plan(resolved, base, adapter, tuple(_Maker(resolved, base, adapter).steps()))


class _Maker:
    def __init__(self, resolved: ResolvedSpec, base: Base, adapter: Adapter | None) -> None:
        self.resolved, self.base, self.adapter = resolved, base, adapter
        self.suite = resolved.suite
        self.adapts = resolved.spec.train is not None or resolved.spec.adapter is not None
        self.pending = self.adapts and adapter is None

    def steps(self) -> Iterator[Step]:
        training = training_digest(self.resolved, self.base)
        if training is not None:
            yield Step("train", training, cost=training_cost(self.resolved))
        if self.adapts:
            yield Step("prove", self._digest("prove", self.resolved.spec.allow_no_effect))
        overlap = self._overlap()
        if overlap is not None:
            yield overlap
        scored = [*self._scored("base"), *self._scored("candidate"), *self._scored("author")]
        scored += [*self._probed("base"), *self._probed("candidate")]
        paired = [self._pair(entry, against) for entry in self.suite.pairings for against in entry.against]
        yield from scored
        yield from paired
        compared = self._compare([*scored, *([overlap] if overlap else [])])
        yield compared
        if self.resolved.policy is not None:
            evidence = [step.digest for step in (*scored, *paired, compared)]
            yield Step("decide", self._digest("decide", _plain(self.resolved.policy), evidence))

    def _scored(self, role: Role) -> Iterator[Step]:
        for benchmark in self.suite.benchmarks if role != "author" else ():
            what = (_plain(benchmark, exclude={"data"}), benchmark.task.version)
            step = self._digest("score", *what, self._data(benchmark), role=role)
            yield Step("score", step, benchmark.name, role, benchmark_cost(self.resolved, benchmark))
        for judged in self.suite.judged:
            step = self._digest("judge", *self._judged(judged), role=role)
            yield Step("score", step, judged.name, role, judged_cost(self.resolved, judged, role=role))

    def _probed(self, role: Role) -> Iterator[Step]:
        for probe in self.suite.asking:
            what = (_plain(probe, exclude={"data", "of"}), probe.version, given_digest(self.resolved, probe))
            cost = probe_cost(self.resolved, probe)
            yield Step("probe", self._digest("probe", *what, role=role), probe.name, role, cost)

    def _pair(self, entry: Pairing, against: Role) -> Step:
        judged = next(item for item in self.suite.judged if item.name == entry.of)
        what = (_plain(entry, exclude={"against"}), *self._judging(entry), *self._judged(judged), against)
        step = self._digest("pair", *what, role="candidate")
        return Step("pair", step, entry.name, "candidate", pairing_cost(self.resolved, entry))

    def _overlap(self) -> Step | None:
        """Test samples against this adapter's own training rows, where there are rows that can be read."""
        method = self.resolved.spec.train
        if method is None or method.learns_from is None:
            return None
        rows = [file_digest(path) for path in self.resolved.training_data]
        tests: list[tuple[Any, str]] = [
            ((entry.name, _plain(entry.task)), self._data(entry)) for entry in self.suite.benchmarks
        ]
        tests += [(entry.name, self._data(entry)) for entry in self.suite.judged]
        # How rows are written and mixed cannot change what stands in them; which rows there are can.
        sources = [_plain(source, exclude={"path", "format", "weight", "on_bad_row"}) for source in sources_of(method)]
        return Step("overlap", digest("overlap", VERSION, rows, sources, tests), role="candidate")

    def _compare(self, scored: list[Step]) -> Step:
        probes = [(_plain(probe), probe.version) for probe in self.suite.probes]
        return Step("compare", self._digest("compare", probes, [step.digest for step in scored]), role="candidate")

    def _judged(self, entry: JudgedSet) -> tuple[Any, ...]:
        return (_plain(entry, exclude={"data"}), self._data(entry), *self._judging(entry))

    def _judging(self, entry: JudgedSet | Pairing) -> tuple[Any, ...]:
        return _plain(self.resolved.rubrics[entry.rubric]), _plain(self.resolved.judges[entry.judge])

    def _data(self, entry: Benchmark | JudgedSet) -> str:
        return file_digest(self.resolved.suite_data[entry.name])

    def _digest(self, kind: str, *parts: Any, role: Role = "candidate") -> str | None:
        if role == "author":
            return digest(kind, VERSION, parts, self.suite.seed, "author")
        if role == "candidate" and self.pending:
            return None
        adapter = self.adapter.digest if self.adapter is not None and role == "candidate" else None
        return digest(kind, VERSION, parts, self.suite.seed, self.base.digest, adapter)


def _plain(document: Any, exclude: set[str] | None = None) -> dict[str, Any]:
    """A document as plain data without the prose that changes nothing."""
    assert isinstance(document, Document)
    return document.model_dump(mode="json", exclude={"description", *(exclude or set())})
