"""What each step measures, whoever is measured: the part of its digest without model and adapter.

Two figures of one name stand side by side, are sorted, and are paired only where this digest is the same. It covers
the task with its options, the bytes of data and examples, how many items are drawn by which seed, judge and rubric,
and for pairs whom the candidate met. What ends judging early has no part in it: fewer of the same items are judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from evalsuite.data.digest import Part, data_digest, digest, distinct, draw, file_digest
from evalsuite.data.evaluation.prompts import read_authored
from evalsuite.data.fetch import items_of
from evalsuite.data.training.mixture import canaries_of_method, learned_rows
from evalsuite.environment import version_of
from evalsuite.plan.digests import given_digest, replies_digest
from evalsuite.plan.steps import Judging, Meeting, Plan, Step
from evalsuite.plugins import Asked, AskingProbe, Material, asks
from evalsuite.records import Canary, Measurement, Row, Sampling
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.suite import Benchmark, JudgedSet, Pairing


def material(resolved: ResolvedSpec, probe: AskingProbe) -> Material:
    """All that can be given before anything runs; judges and parents come with the models."""
    wanted, canaries = probe.wants, tuple[Canary, ...]()
    rows, held_out = tuple[Row, ...](), tuple[Row, ...]()
    if wanted.reads_training:
        # A teacher's answers are not known before the training, so prompts alone are no rows to recite.
        rows, held_out = (tuple(row for row in side if row.answers) for side in learned_rows(resolved))
        canaries = canaries_of_method(resolved.spec.train)
    return Material(
        seed=resolved.suite.seed,
        data=resolved.suite_data.get(probe.name),
        entries={name: _asked(resolved, name) for name in wanted.of},
        rows=rows,
        held_out=held_out,
        canaries=canaries,
        parent_names=tuple(parents_of(resolved)) if wanted.asks_parents else (),
    )


def parents_of(resolved: ResolvedSpec) -> dict[str, Path]:
    """The folders of the adapters that a candidate is merged from, by their names; none for any other candidate."""
    method, found = resolved.spec.train, dict[str, Path]()
    for number, folder in enumerate(() if method is None else method.parents(resolved.training_data), 1):
        # What is compared with the base is called so, and no parent may be taken for it.
        known = folder.name in found or folder.name == "base"
        found[f"{folder.name}-{number}" if known else folder.name] = folder
    return found


def _asked(resolved: ResolvedSpec, name: str) -> Asked:
    suite, path = resolved.suite, resolved.suite_data[name]
    for entry in suite.benchmarks:
        if entry.name == name:
            samples = draw(distinct(items_of(resolved, entry), source=str(path)), entry.limit, seed=suite.seed)
            return Asked(samples, entry.task.sampling, entry.task)
    judged = next(entry for entry in suite.judged if entry.name == name)
    samples = draw(distinct(read_authored(path), source=str(path)), judged.limit, seed=suite.seed)
    return Asked(samples, Sampling(max_tokens=judged.max_tokens, temperature=judged.temperature, seed=suite.seed))


# Raised when what a measurement covers changes, so that figures of before and after stand apart.
VERSION = 1
_SHORT, _LONGEST = 6, 24


def with_measured(plan: Plan, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps with what each of them measures; those that yield no figures measure nothing."""
    reader = _Reader(plan, steps)
    return tuple(replace(step, measured=tuple(reader.of(step))) if step in reader.steps else step for step in steps)


class _Reader:
    """Reads out of a plan what its steps measure; what an entry measures is read once for all roles."""

    def __init__(self, plan: Plan, steps: Sequence[Step]) -> None:
        self.plan, self.resolved, self.suite = plan, plan.resolved, plan.resolved.suite
        # What a reference has on record was measured as its own plan says, not as this one does.
        recorded = plan.reference.base is None
        self.steps = [step for step in steps if not (recorded and step.role == "base")]
        self._known: dict[tuple[str, str | None], Measurement] = {}

    def of(self, step: Step) -> Iterator[Measurement]:
        """What one step measures; by entry where it is about several."""
        if step.kind in ("score", "probe"):
            yield self._asked(step)
        elif step.kind == "style":
            yield self._style(step)
        elif step.kind == "pair":
            yield self._pair(step)
        elif step.kind in ("overlap", "compare"):
            yield from self._by_entry(step)

    def _asked(self, step: Step) -> Measurement:
        """What a step asks base and candidate alike, read once for both."""
        assert step.entry is not None
        key = step.kind, step.entry
        if key not in self._known:
            self._known[key] = self._probe(step) if step.kind == "probe" else self._read(step.entry, step)
        return self._known[key]

    def _read(self, name: str, step: Step) -> Measurement:
        for benchmark in self.suite.benchmarks:
            if benchmark.name == name:
                return self._benchmark(benchmark, step.cost.samples)
        for judged in self.suite.judged:
            if judged.name == name:
                return self._judged(judged, step)
        assert self.suite.harness is not None
        options = _options(self.suite.harness, "tasks", "include_path")
        folder = self.resolved.suite_data.get(name)
        data, version = None if folder is None else data_digest(folder), version_of("lm_eval")
        words = [f"lm_eval {version}", *_told(options), *([] if data is None else [_data(data)])]
        return _measurement(("lm-eval", name, options, data, version), words)

    def _benchmark(self, entry: Benchmark, asked: int) -> Measurement:
        task = entry.task
        options = _options(task)
        total = asked if entry.limit is None else len(items_of(self.resolved, entry))
        sampled = task.sampling is not None and task.sampling.temperature > 0
        drawn, counted = self._drawn(asked, total, sampled=sampled)
        data = data_digest(self.resolved.suite_data[entry.name])
        examples = self.resolved.suite_examples.get(entry.name)
        shown = None if examples is None else data_digest(examples)
        words = [*_told(options), *counted, *([] if shown is None else [f"examples {shown[:_SHORT]}"]), _data(data)]
        return _measurement(("benchmark", options, task.version, drawn, data, shown), [*words, _version(task.version)])

    def _judged(self, entry: JudgedSet, step: Step) -> Measurement:
        assert step.judging is not None
        path = self.resolved.suite_data[entry.name]
        total = step.cost.samples if entry.limit is None else len(read_authored(path))
        drawn, counted = self._drawn(min(entry.limit or total, total), total, sampled=entry.temperature > 0)
        asking = {"max_tokens": entry.max_tokens, "temperature": entry.temperature}
        data = file_digest(path)
        words = [*_by(step.judging), *counted, *_told(asking), _data(data)]
        return _measurement(("judged", asking, drawn, data, step.judging.digests), words)

    def _drawn(self, asked: int, total: int, *, sampled: bool) -> tuple[list[Part], list[str]]:
        """How many items are asked, with the seed where it decides which ones or what is said."""
        seed = [self.suite.seed] if asked < total or sampled else []
        counted = f"{asked:,} of {total:,} items" if asked < total else f"{total:,} items"
        return [asked if asked < total else None, *seed], [counted, *(f"seed {number}" for number in seed)]

    def _probe(self, step: Step) -> Measurement:
        probe = next(one for one in self.suite.asking if one.name == step.entry)
        options, given = _options(probe, "data", "of"), given_digest(self.resolved, probe)
        # Rows that the candidate learned from are among what is given: another training is asked other things.
        counted = [f"{step.cost.samples:,} requests", f"seed {self.suite.seed}", f"given {given[:_SHORT]}"]
        words = [*_told(options), *counted, *([] if step.judging is None else _by(step.judging))]
        parts = ("probe", options, probe.version, given, self.suite.seed)
        return _measurement(parts, [*words, _version(probe.version)])

    def _style(self, step: Step) -> Measurement:
        entry = self._set(step.entry)
        other = file_digest(self.resolved.suite_data[f"{entry.name}/control"]) if entry.control else None
        options, set_ = _options(entry.style), self._of_set(entry)
        judges = None if step.judging is None else step.judging.digests
        against, named = self._reference()
        words = [*set_.words, *_told(options), *([] if other is None else [f"control {other[:_SHORT]}"]), *named]
        return _measurement(("style", set_.digest, options, other, judges, *against), words)

    def _reference(self) -> tuple[list[Part], list[str]]:
        """What figures that compare rest on besides: nothing where every candidate is held against its own base."""
        its = self.plan.reference
        if its.own or its.missing is not None:
            return [], []
        return [list(its.weights or (its.name,))], [f"against {its.name}"]

    def _pair(self, step: Step) -> Measurement:
        assert step.judging is not None
        assert step.meeting is not None
        entry = next(one for one in self.suite.pairings if one.name == step.entry)
        set_, met = self._of_set(self._set(entry.of)), self._opponent(entry, step.meeting)
        words = [f"against {step.meeting.player}", *_by(step.judging), f"pairs of {entry.of}", *set_.words]
        parts = ("pair", set_.digest, step.meeting.player, met, step.judging.digests)
        return _measurement(parts, words)

    def _opponent(self, entry: Pairing, met: Meeting) -> Part:
        """What tells an opponent from others of the name: weights, or what answers on file say."""
        if met.name == "base":
            return list(self.plan.reference.weights or ())
        found = self.plan.opponents.get((entry.name, met.name))
        return met.weights or (None if found is None else replies_digest(found))

    def _set(self, name: str | None) -> JudgedSet:
        return next(one for one in self.suite.judged if one.name == name)

    def _of_set(self, entry: JudgedSet) -> Measurement:
        """The replies of a judged set, whoever grades them there."""
        path = self.resolved.suite_data[entry.name]
        total = len(read_authored(path))
        drawn, counted = self._drawn(min(entry.limit or total, total), total, sampled=entry.temperature > 0)
        asking = {"max_tokens": entry.max_tokens, "temperature": entry.temperature}
        data = file_digest(path)
        return _measurement(("replies", asking, drawn, data), [*counted, *_told(asking), _data(data)])

    def _by_entry(self, step: Step) -> Iterator[Measurement]:
        """What a step that looks at all entries measures of each, and of all together."""
        scored, probed = ({one.entry: self._asked(one) for one in self.steps if one.kind == kind and one.entry}
                          for kind in ("score", "probe"))  # fmt: skip
        every = {name: self._watched(step, name, its) for name, its in scored.items()}
        if step.kind == "compare":
            every |= probed
        yield from (replace(its, entry=name) for name, its in every.items())
        yield _measurement(
            (step.kind, [[name, its.digest] for name, its in sorted(every.items())]), ["the whole suite"]
        )

    def _watched(self, step: Step, entry: str, its: Measurement) -> Measurement:
        """An entry as the probes look at it that ask nothing themselves."""
        if step.kind != "compare":
            return _measurement((step.kind, its.digest), its.words)
        watching = [one for one in self.suite.probes if not asks(one) and entry in one.wants.of]
        options = [[_options(one, "of"), one.version] for one in watching]
        words = [fact for one in watching for fact in _told(_options(one, "of"))]
        against, named = self._reference()
        return _measurement((step.kind, its.digest, options, *against), [*its.words, *words, *named])


def _measurement(parts: Sequence[Any], words: Sequence[str]) -> Measurement:
    return Measurement(digest("measured", VERSION, list(parts)), tuple(dict.fromkeys(words)))


def _options(document: object, *left_out: str) -> dict[str, Any]:
    """What a document says that is not what it would say by itself: a new option with a default changes nothing."""
    assert isinstance(document, BaseModel)
    return document.model_dump(mode="json", exclude_defaults=True, exclude={"description", "name", *left_out})


def _told(options: dict[str, Any]) -> list[str]:
    """Options as facts: the kind by its own name, others after theirs, long ones by the digest of what they say."""
    found = []
    for key, value in options.items():
        if key in ("kind", "probe"):
            found.append(str(value))
        elif isinstance(value, dict | list) or len(str(value)) > _LONGEST:
            found.append(f"{key} {digest(value)[:_SHORT]}")
        else:
            found.append(f"{key} {value}")
    return found


def _by(judging: Judging) -> list[str]:
    judge = f"judge {judging.judge} {judging.judge_digest[:_SHORT]}"
    return [judge, f"rubric {judging.rubric} {judging.rubric_digest[:_SHORT]}"]


def _data(found: str) -> str:
    return f"data {found[:_SHORT]}"


def _version(number: int) -> str:
    return f"version {number}"
