"""Making a plan: which steps a spec needs, in which order, and what each depends on."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from pydantic import BaseModel

from evalsuite.data.digest import data_digest, digest, file_digest
from evalsuite.data.evaluation.prompts import read_authored
from evalsuite.data.training.mixture import canary_parts
from evalsuite.environment import version_of
from evalsuite.models.checkpoints.base import Base
from evalsuite.plan.estimate import benchmark_cost, judged_cost, pairing_cost, probe_cost, style_cost, training_cost
from evalsuite.plan.judged_by import early_parts, judging
from evalsuite.plan.measured import given_digest, judging_of, with_measured
from evalsuite.plan.steps import NO_REFERENCE, BuiltOn, Judging, Meeting, Opponent, Plan, Reference, Role, Step
from evalsuite.records import Adapter, Facts
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.source import PLACE, sources_of
from evalsuite.spec.suite import Benchmark, JudgedSet, Pairing

# What of a judged set has no part in the replies to it.
_GRADING = {"data", "rubric", "judge", "control", "style"}

AUTHOR = Opponent("author", "(author)")

# Raised when the meaning of a step's result changes, so that results of an older evalsuite are made again.
VERSION = 1
NOTHING = BuiltOn()


def training_digest(resolved: ResolvedSpec, base: Base, built_on: BuiltOn = NOTHING) -> str | None:
    """The digest of a spec's training: method, options, data bytes, base weights, and what it builds on.

    None when nothing is trained, or when it builds on an adapter that is not trained yet.
    """
    method = resolved.spec.train
    if method is None or built_on.waits_for is not None:
        return None
    # Paths do not count, the bytes behind them do; and a file with bad rows trains in one way only: without them.
    options = _plain(method, exclude={*method.recipe.by_content})
    data = [
        (file_digest(path), _plain(source, exclude={*PLACE, "on_bad_row"}))
        for path, source in zip(resolved.training_data, sources_of(method), strict=True)
    ]
    below = [] if built_on.digest is None else [built_on.digest]
    return digest("train", VERSION, method.version, options, data, base.digest, *below, *canary_parts(method))


def make_plan(known: Plan) -> Plan:
    """A plan that has no steps yet, with its steps, and of its facts and their costs with those that its policy reads.

    Steps that depend on an adapter, a baseline or a reference not there yet have no digest, nor have those against an
    opponent without replies on record. `resolve_plan` alone calls this, so that every plan rests on the same things.
    """
    if known.adapter is not None or not known.resolved.spec.adapts:
        known = replace(known, reference=another(known.reference, known.base, known.adapter))
    maker = _Maker(known)
    steps = with_measured(known, tuple(maker.steps()))
    policy = known.resolved.policy
    if policy is None:
        return replace(known, steps=steps)
    facts = _priced(known.facts, steps).read_by([rule.metric for rule in policy.rules])
    return replace(known, steps=(*steps, Step("decide", maker.decided(steps, facts))), facts=facts)


def _priced(facts: Facts, steps: Sequence[Step]) -> Facts:
    """The facts with what scoring costs in all, and what one more sample of each entry costs."""
    money: dict[str, float] = defaultdict(float)
    samples: dict[str, int] = defaultdict(int)
    for step in steps:
        if step.entry is not None and step.role == "candidate":
            # An entry may be scored, weighed beside fidelity and paired with several: a sample more costs all of it.
            money[step.entry] += step.cost.money
            samples[step.entry] = max(samples[step.entry], step.cost.samples)
    prices = {entry: its / samples[entry] for entry, its in money.items() if its and samples[entry]}
    return replace(facts, money=sum(step.cost.money for step in steps), prices=prices)


def natural_reference(resolved: ResolvedSpec, base: Base) -> Reference:
    """What a spec is compared with that names no reference: the base that it adapts, or nothing."""
    name, weights = resolved.spec.base_model.id, (base.digest, None)
    if resolved.spec.adapts:
        return Reference(name, weights, base, own=True)
    return Reference(name, weights, missing=NO_REFERENCE)


def another(reference: Reference, base: Base, adapter: Adapter | None) -> Reference:
    """The reference, or none where it is the candidate itself: this base with this adapter, if any."""
    if reference.missing is not None or reference.own or reference.weights != (base.digest, adapter and adapter.digest):
        return reference
    why = f"the reference {reference.name} is the very model that is judged; name another one under `reference:`"
    return Reference(reference.name, reference.weights, missing=why)


class _Maker:
    """Makes the steps of a plan that has none yet."""

    def __init__(self, plan: Plan) -> None:
        self.resolved, self.base, self.adapter = plan.resolved, plan.base, plan.adapter
        self.built_on, self.baseline, self.opponents = plan.built_on, plan.baseline, plan.opponents
        self.suite, self.reference = plan.resolved.suite, plan.reference
        self.adapts = plan.resolved.spec.adapts
        self.pending = self.adapts and plan.adapter is None

    def steps(self) -> Iterator[Step]:
        if self.resolved.spec.train is not None:
            training = training_digest(self.resolved, self.base, self.built_on)
            yield Step("train", training, cost=training_cost(self.resolved))
        if self.adapts:
            yield Step("prove", self._digest("prove", self.resolved.spec.allow_no_effect))
        overlap = self._overlap()
        if overlap is not None:
            yield overlap
        # The candidate last: what ends its judging early is held against base and author.
        measured = [*self._scored("candidate"), *self._probed("candidate")]
        paired = [self._pair(entry, met) for entry in self.suite.pairings for met in self._met(entry)]
        styled = [self._style(entry) for entry in self.suite.judged if entry.beside]
        theirs = self._of_reference([*measured, *styled])
        scored = [*(step for step in theirs if step.kind == "score"), *self._scored("author")]
        scored += [*(step for step in theirs if step.kind != "score"), *measured]
        yield from scored
        yield from styled
        yield from paired
        yield self._compare([*scored, *styled, *([overlap] if overlap else [])])

    def _of_reference(self, ours: Sequence[Step]) -> list[Step]:
        """What the candidate is compared with: the same asked of the reference, or what there is of it on record."""
        if self.reference.base is not None:
            return [*self._scored("base"), *self._probed("base")]
        wanted = {(step.kind, step.entry) for step in ours}
        return [step for step in self.reference.steps if (step.kind, step.entry) in wanted]

    def _scored(self, role: Role) -> Iterator[Step]:
        for benchmark in self.suite.benchmarks if role != "author" else ():
            what = (_plain(benchmark, exclude={"data", "examples"}), benchmark.task.version)
            examples = self.resolved.suite_examples.get(benchmark.name)
            shown = () if examples is None else (data_digest(examples),)
            way = ("as a served model",) if role == "base" and self._asked_otherwise(benchmark) else ()
            step = self._digest("score", *what, self._data(benchmark), *shown, *way, role=role)
            yield Step("score", step, benchmark.name, role, benchmark_cost(self.resolved, benchmark, role=role))
        for task in self.suite.harness.tasks if self.suite.harness and role != "author" else ():
            yield Step("score", self._harness(task, role), task, role)
        for judged in self.suite.judged:
            early = self._early(judged) if role == "candidate" else []
            step = self._digest("judge", *self._judged(judged), *early, role=role)
            step = step if not early or self.reference.is_settled else None
            cost = judged_cost(self.resolved, judged, role=role)
            yield Step("score", step, judged.name, role, cost, self._judging(judged))

    def _asked_otherwise(self, entry: Benchmark) -> bool:
        """Whether a reference in this process is asked for letters, because the candidate is served."""
        theirs = self.reference.base
        local = theirs is not None and theirs.tells_likelihood
        return local and not self.base.tells_likelihood and entry.task.sampling is None

    def _harness(self, task: str, role: Role) -> str | None:
        assert self.suite.harness is not None
        options = _plain(self.suite.harness, exclude={"tasks", "include_path"})
        folder = self.resolved.suite_data.get(task)
        own = None if folder is None else data_digest(folder)
        return self._digest("lm-eval", task, options, own, version_of("lm_eval"), role=role)

    def _probed(self, role: Role) -> Iterator[Step]:
        for probe in self.suite.asking:
            what = (_plain(probe, exclude={"data", "of"}), probe.version, given_digest(self.resolved, probe))
            cost = probe_cost(self.resolved, probe, role=role)
            beside = role == "candidate" and probe.wants.asks_reference
            step = self._compared("probe", *what) if beside else self._digest("probe", *what, role=role)
            yield Step("probe", step, probe.name, role, cost, judging_of(self.resolved, probe))

    def _style(self, entry: JudgedSet) -> Step:
        """What is measured beside fidelity; who judges has a part in it only where somebody judges."""
        other = file_digest(self.resolved.suite_data[f"{entry.name}/control"]) if entry.control else None
        judges = entry.style.pairs or other is not None
        judging = self._judging(entry) if judges else None
        what = (_plain(entry, exclude=_GRADING), self._data(entry), _plain(entry.style), other)
        step = self._compared("style", *what, _digests(judging) if judging else None)
        return Step("style", step, entry.name, "candidate", style_cost(self.resolved, entry), judging)

    def _met(self, entry: Pairing) -> Iterator[Opponent]:
        """Those named, but not the candidate itself; then, in a round of all, the others by name."""
        always = {"base": self._opposed(entry), "author": AUTHOR}
        others = sorted(who for pairing, who in self.opponents if pairing == entry.name and who not in entry.opponents)
        for who in (*entry.opponents, *others):
            found = always[who] if who in always else self.opponents.get((entry.name, who))
            if found is not None:
                yield found

    def _opposed(self, entry: Pairing) -> Opponent | None:
        """The reference as an opponent, with its replies where they are on record; None where there is none."""
        its = self.reference
        if its.missing is not None:
            return None
        if its.base is not None:
            return Opponent("base", f"({its.name})", weights=its.base.digest)
        replies = its.replies.get(entry.of, ())
        why = None if replies else f"the reference {its.name} has no replies to {entry.of!r} on record"
        return Opponent("base", its.name, replies, its.weights[1] if its.weights else None, why)

    def _pair(self, entry: Pairing, met: Opponent) -> Step:
        judged = next(item for item in self.suite.judged if item.name == entry.of)
        # The replies are those of the judged set; who grades them there has no part in who is preferred here.
        replies = (_plain(judged, exclude=_GRADING), self._data(judged))
        names = {"against", "rounds", "rubric", "judge"}
        said: Any = met.name if met.name == "author" else met.digest
        if met.name == "base" and self.reference.base is not None:
            said = ["base", *self.reference.parts] if self.reference.parts else "base"
        metric = entry.metric("win_rate", met.name).name
        what = (
            _plain(entry, exclude=names),
            _digests(self._judging(entry)),
            *replies,
            metric,
            said,
            *self._early(entry),
        )
        step = self._digest("pair", *what, role="candidate") if said is not None else None
        cost = pairing_cost(self.resolved, entry)
        meeting = Meeting(met.name, met.player, met.weights, entry.of, metric)
        return Step("pair", step, entry.name, "candidate", cost, self._judging(entry), meeting)

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
        sources = [_plain(source, exclude={*PLACE, "format", "weight", "on_bad_row"}) for source in sources_of(method)]
        return Step("overlap", digest("overlap", VERSION, rows, sources, tests), role="candidate")

    def _compare(self, scored: list[Step]) -> Step:
        probes = [(_plain(probe), probe.version) for probe in self.suite.probes]
        labels = [labels for _, (_, labels) in sorted(self.resolved.trust.items()) if labels]
        evidence = [step.digest for step in scored]
        on_record = self.reference.base is None and self.reference.missing is None
        alike = ["measured alike"] if on_record else []
        return Step("compare", self._compared("compare", probes, evidence, *labels, *alike), role="candidate")

    def decided(self, steps: Sequence[Step], facts: Facts) -> str | None:
        """The digest of all that the policy's rules read; None while something of it is not known yet.

        Results by the digests of the steps that make them, the baseline's among them; the facts; the judges' health and
        what their documents require of it; the policy's terms, and the version of each rule.
        """
        policy = self.resolved.policy
        assert policy is not None
        evidence = [step.digest for step in steps if step.kind != "train" and step.digest is not None]
        trainings = sum(step.kind == "train" for step in steps)
        if (policy.baseline != "base" and self.baseline is None) or len(evidence) + trainings < len(steps):
            return None
        # Verdicts of an evalsuite that paired what was measured differently are decided anew.
        against = ["measured alike", *sorted(self.baseline.digests)] if self.baseline is not None else []
        versions = [rule.version for rule in policy.rules]
        health = [health for _, (health, _) in sorted(self.resolved.trust.items()) if health]
        judges = {name: its.judge.required for name, its in self.resolved.judges.items()}
        required = {name: its.figures for name, its in judges.items() if its is not None}
        # By its name in sentences, which no other step's digest holds.
        its = self.reference
        compared = None if its.own else its.missing or its.name
        # As text, for a training that went astray has losses that are no numbers.
        told = json.dumps(asdict(facts), sort_keys=True)
        return self._digest(
            "decide", _plain(policy), versions, sorted(evidence), against, health, required, compared, told
        )

    def _early(self, entry: JudgedSet | Pairing) -> list[Any]:
        parts = early_parts(self.resolved.policy, entry)
        against = [sorted(self.baseline.digests) if self.baseline else [], *self.reference.parts]
        return [*parts, *against] if parts else []

    def _judged(self, entry: JudgedSet) -> tuple[Any, ...]:
        # Rows with subjects have figures by subject, which an older evalsuite did not make of them.
        rows = read_authored(self.resolved.suite_data[entry.name])
        sliced = ["slices"] if any(sample.subject is not None for sample in rows) else []
        return _plain(entry, exclude=_GRADING), self._data(entry), _digests(self._judging(entry)), *sliced

    def _judging(self, entry: JudgedSet | Pairing) -> Judging:
        return judging(self.resolved.judges[entry.judge], self.resolved.rubrics[entry.rubric])

    def _data(self, entry: Benchmark | JudgedSet) -> str:
        return data_digest(self.resolved.suite_data[entry.name])

    def _compared(self, kind: str, *parts: Any) -> str | None:
        """The digest of what rests on the reference as well; None while that has not said all."""
        return self._digest(kind, *parts, *self.reference.parts) if self.reference.is_settled else None

    def _digest(self, kind: str, *parts: Any, role: Role = "candidate") -> str | None:
        if role == "author":
            return digest(kind, VERSION, parts, self.suite.seed, "author")
        if role == "candidate" and self.pending:
            return None
        if role == "base":
            assert self.reference.base is not None
            return digest(kind, VERSION, parts, self.suite.seed, self.reference.base.answers, None)
        adapter = self.adapter.digest if self.adapter is not None else None
        return digest(kind, VERSION, parts, self.suite.seed, self.base.answers, adapter)


def _digests(found: Judging) -> list[str]:
    return [found.judge_digest, found.rubric_digest]


def _plain(document: Any, exclude: set[str] | None = None) -> dict[str, Any]:
    """A document as plain data without the prose that changes nothing."""
    assert isinstance(document, BaseModel)
    return document.model_dump(mode="json", exclude={"description", *(exclude or set())})
