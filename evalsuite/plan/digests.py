"""Every digest that a step is known by, with its version: all that a result depends on, nothing else.

When to raise a version: a result on record stands for every step of its digest, so raise one when the same parts would
give another result now. Raise the smallest: the `version` of a method, task, probe or rule, or that of the judges
(`judges/llm_judge.py`). Raise `VERSION` only when the meaning of steps as such changes, for then all that any store
holds is made again. A new option of a document needs none, as it is a part by itself; a new input is a part only where
there is one (as examples are), so that steps without it keep their digests. For the same reason the order of parts
stays, and neither prose nor paths are parts.

What the steps measure, whoever is measured, has digests in `measured`, with a version of their own, as they are read
together with the words for it. The digest of a plan as a whole is made of these where its row is (`steps.spec_row`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from evalsuite.data.digest import Part, data_digest, digest, file_digest
from evalsuite.data.evaluation.prompts import read_authored
from evalsuite.data.training.mixture import canary_parts
from evalsuite.environment import version_of
from evalsuite.models.checkpoints.base import Base
from evalsuite.plan.judged_by import early_rules
from evalsuite.plan.steps import BuiltOn, Judging, Opponent, Plan, Reference, Role, Step
from evalsuite.plugins import AskingProbe, Method
from evalsuite.records import Facts
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.source import PLACE, sources_of
from evalsuite.spec.suite import Benchmark, JudgedSet, Pairing

VERSION = 1
NOTHING = BuiltOn()

# What of a judged set has no part in the replies to it.
_GRADING = ("data", "rubric", "judge", "control", "style")


def training_digest(resolved: ResolvedSpec, base: Base, built_on: BuiltOn = NOTHING) -> str | None:
    """The digest of a spec's training: method, options, data bytes, base weights, and what it builds on.

    None when nothing is trained, or when it builds on an adapter that is not trained yet.
    """
    method = resolved.spec.train
    if method is None or built_on.waits_for is not None:
        return None
    # Paths do not count, the bytes behind them do; and a file with bad rows trains in one way only: without them.
    options = _plain(method, *method.recipe.by_content)
    data = [
        (file_digest(path), _plain(source, *PLACE, "on_bad_row"))
        for path, source in zip(resolved.training_data, sources_of(method), strict=True)
    ]
    below = [] if built_on.digest is None else [built_on.digest]
    return digest("train", VERSION, method.version, options, data, base.digest, *below, *canary_parts(method))


def judge_digest(resolved: ResolvedJudge) -> str:
    """The digest of all that decides what a judge says; a model in this process counts by its weights."""
    return digest("judge", resolved.identity)


def rubric_digest(rubric: Rubric) -> str:
    """The digest of a rubric without its prose about itself."""
    return digest("rubric", _plain(rubric))


def judging(resolved: ResolvedJudge, rubric: Rubric) -> Judging:
    """Judge and rubric by name and digest."""
    return Judging(resolved.judge.name, judge_digest(resolved), rubric.name, rubric_digest(rubric))


def judging_of_entry(resolved: ResolvedSpec, entry: JudgedSet | Pairing) -> Judging:
    """Who grades the replies to a judged set, or judges a pairing, by what."""
    return judging(resolved.judges[entry.judge], resolved.rubrics[entry.rubric])


def judging_of_probe(resolved: ResolvedSpec, probe: AskingProbe) -> Judging | None:
    """Who grades the replies to a probe by what; None where nobody does."""
    wanted = probe.wants
    if wanted.judge is None or wanted.rubric is None:
        return None
    return judging(resolved.judges[wanted.judge], resolved.rubrics[wanted.rubric])


def given_digest(resolved: ResolvedSpec, probe: AskingProbe) -> str:
    """The digest of all that a probe is given: bytes of its data, entries, training rows, rubric, judge, parents."""
    wanted, data, suite = probe.wants, resolved.suite_data, resolved.suite
    parts: list[Any] = [file_digest(data[probe.name]) if wanted.data else None]
    for item in suite.benchmarks:
        if item.name in wanted.of:
            parts.append((_plain(item, "data", "examples"), data_digest(data[item.name]), *_shown(resolved, item)))
    parts += [(_plain(item, "data"), file_digest(data[item.name])) for item in suite.judged if item.name in wanted.of]
    its = judging_of_probe(resolved, probe)
    if its is not None:
        parts += its.digests
    method = resolved.spec.train
    if wanted.reads_training and method is not None and method.learns_from is not None:
        pairs = zip(resolved.training_data, sources_of(method), strict=True)
        parts += [method.recipe.seed, method.recipe.held_out]
        parts += [(_plain(source, *PLACE), file_digest(path)) for path, source in pairs]
        parts.append(canary_parts(method))
    if wanted.asks_parents and method is not None and method.parents(resolved.training_data):
        parts += [file_digest(path) for path in resolved.training_data]
    return digest("given to a probe", parts)


def replies_digest(met: Opponent) -> str | None:
    """The digest of what an opponent said to what; None where nothing is on record."""
    if met.reason is not None:
        return None
    return digest("replies", sorted((reply.sample_id, reply.prompt, reply.text) for reply in met.replies))


class StepDigests:
    """The digests of one plan's steps, by kind: each is None while something that the step rests on is not known."""

    def __init__(self, plan: Plan) -> None:
        self.resolved, self.suite, self.reference = plan.resolved, plan.resolved.suite, plan.reference
        self.base, self.adapter, self.built_on, self.baseline = plan.base, plan.adapter, plan.built_on, plan.baseline
        self.pending = plan.resolved.spec.adapts and plan.adapter is None

    def train(self) -> str | None:
        """Of the training."""
        return training_digest(self.resolved, self.base, self.built_on)

    def prove(self) -> str | None:
        """Of the proof that the adapter was applied."""
        return self._digest("prove", self.resolved.spec.allow_no_effect)

    def benchmark(self, entry: Benchmark, role: Role) -> str | None:
        """Of a benchmark's scores: the task, the items, the examples shown, and the way of asking."""
        what = (_plain(entry, "data", "examples"), entry.task.version, self._data(entry))
        way = ("as a served model",) if role == "base" and self._asked_otherwise(entry) else ()
        return self._digest("score", *what, *_shown(self.resolved, entry), *way, role=role)

    def harness(self, task: str, role: Role) -> str | None:
        """Of the scores of a task of lm-eval: the options, that package's version, and a task's own files."""
        assert self.suite.harness is not None
        options = _plain(self.suite.harness, "tasks", "include_path")
        folder = self.resolved.suite_data.get(task)
        own = None if folder is None else data_digest(folder)
        return self._digest("lm-eval", task, options, own, version_of("lm_eval"), role=role)

    def judged(self, entry: JudgedSet, role: Role) -> str | None:
        """Of the graded replies to a judged set; the candidate's also of what may end their judging early."""
        early = self._early(entry) if role == "candidate" else []
        if early and not self.reference.is_settled:
            return None
        # Rows with subjects have figures by subject, which an older evalsuite did not make of them.
        rows = read_authored(self.resolved.suite_data[entry.name])
        sliced = ["slices"] if any(sample.subject is not None for sample in rows) else []
        judges = judging_of_entry(self.resolved, entry).digests
        return self._digest("judge", *self._replies(entry), judges, *sliced, *early, role=role)

    def probe(self, probe: AskingProbe, role: Role) -> str | None:
        """Of what a probe finds in its subject; beside the reference, where it asks that as well."""
        what = (_plain(probe, "data", "of"), probe.version, given_digest(self.resolved, probe))
        if role == "candidate" and probe.wants.asks_reference:
            return self._compared("probe", *what)
        return self._digest("probe", *what, role=role)

    def style(self, entry: JudgedSet, judges: Judging | None) -> str | None:
        """Of what is measured beside fidelity; who judges has a part in it only where somebody judges."""
        other = file_digest(self.resolved.suite_data[f"{entry.name}/control"]) if entry.control else None
        what = (*self._replies(entry), _plain(entry.style), other)
        return self._compared("style", *what, judges.digests if judges else None)

    def pair(self, entry: Pairing, met: Opponent) -> str | None:
        """Of who is preferred, the candidate or one opponent: both sides' replies, the judge and the rubric."""
        said = self._said(met)
        if said is None:
            return None
        # The replies are those of the judged set; who grades them there has no part in who is preferred here.
        replies = self._replies(next(item for item in self.suite.judged if item.name == entry.of))
        how = (_plain(entry, "against", "rounds", "rubric", "judge"), judging_of_entry(self.resolved, entry).digests)
        metric = entry.metric("win_rate", met.name).name
        return self._digest("pair", *how, *replies, metric, said, *self._early(entry))

    def overlap(self, method: Method) -> str:
        """Of test samples that stand in the method's training rows: the rows and the samples, and no model."""
        rows = [file_digest(path) for path in self.resolved.training_data]
        tests: list[Part] = [((item.name, _plain(item.task)), self._data(item)) for item in self.suite.benchmarks]
        tests += [(item.name, self._data(item)) for item in self.suite.judged]
        # How rows are written and mixed cannot change what stands in them; which rows there are can.
        sources = [_plain(source, *PLACE, "format", "weight", "on_bad_row") for source in sources_of(method)]
        return digest("overlap", VERSION, rows, sources, tests)

    def compare(self, scored: Sequence[Step]) -> str | None:
        """Of the comparison of what the steps found: they, the probes that look at it, and people's labels."""
        probes = [(_plain(probe), probe.version) for probe in self.suite.probes]
        labels = [labels for _, (_, labels) in sorted(self.resolved.trust.items()) if labels]
        on_record = self.reference.base is None and self.reference.missing is None
        # Differences from what a name has on record were once made of what was measured differently, too.
        alike = ["measured alike"] if on_record else []
        return self._compared("compare", probes, [step.digest for step in scored], *labels, *alike)

    def decide(self, steps: Sequence[Step], facts: Facts) -> str | None:
        """Of all that the policy's rules read.

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

    def _asked_otherwise(self, entry: Benchmark) -> bool:
        """Whether a reference in this process is asked for letters, because the candidate is served."""
        theirs = self.reference.base
        local = theirs is not None and theirs.tells_likelihood
        return local and not self.base.tells_likelihood and entry.task.sampling is None

    def _said(self, met: Opponent) -> Part:
        """What an opponent is known by: who is asked anew, or the replies on record; None where there are none."""
        if met.name == "base" and self.reference.base is not None:
            compared = _compared_with(self.reference)
            return ["base", *compared] if compared else "base"
        return met.name if met.name == "author" else replies_digest(met)

    def _early(self, entry: JudgedSet | Pairing) -> list[Part]:
        """What judging depends on besides where rules may end it early; empty where none does."""
        policy = self.resolved.policy
        rules = early_rules(policy, entry)
        if policy is None or not rules:
            return []
        blocking = sum(rule.severity == "block" for rule in policy.rules)
        terms = [policy.confidence, policy.minimum_n, policy.multiplicity, policy.baseline, blocking]
        against = sorted(self.baseline.digests) if self.baseline else []
        # What is judged until it is settled has no slices to look at, so `every` says nothing here.
        return [terms, *(_plain(rule, "every") for rule in rules), against, *_compared_with(self.reference)]

    def _replies(self, entry: JudgedSet) -> tuple[Part, Part]:
        """What decides the replies to a judged set, whoever grades them."""
        return _plain(entry, *_GRADING), self._data(entry)

    def _data(self, entry: Benchmark | JudgedSet) -> str:
        return data_digest(self.resolved.suite_data[entry.name])

    def _compared(self, kind: str, *parts: Part) -> str | None:
        """The digest of what rests on the reference as well; None while that has not said all."""
        its = self.reference
        return self._digest(kind, *parts, *_compared_with(its)) if its.is_settled else None

    def _digest(self, kind: str, *parts: Part, role: Role = "candidate") -> str | None:
        if role == "candidate" and self.pending:
            return None
        return digest(kind, VERSION, parts, self.suite.seed, *self._who(role))

    def _who(self, role: Role) -> tuple[str | None, ...]:
        """Who is asked: a base and an adapter, if any; the author is not."""
        if role == "author":
            return ("author",)
        if role == "base":
            assert self.reference.base is not None
            return self.reference.base.answers, None
        return self.base.answers, self.adapter.digest if self.adapter is not None else None


def _compared_with(reference: Reference) -> list[str | None]:
    """What comparisons depend on of a reference; nothing of a candidate's own base, which they hold already."""
    if reference.own:
        return []
    if reference.missing is not None:
        return ["no reference"]
    if reference.base is not None:
        return [reference.base.answers]
    return ["on record", *(step.digest for step in reference.steps)]


def _shown(resolved: ResolvedSpec, entry: Benchmark) -> tuple[str, ...]:
    """The examples shown before a benchmark's items, where there are any."""
    examples = resolved.suite_examples.get(entry.name)
    return () if examples is None else (data_digest(examples),)


def _plain(document: object, *left_out: str) -> dict[str, Any]:
    """A document as plain data without the prose that changes nothing."""
    assert isinstance(document, BaseModel)
    return document.model_dump(mode="json", exclude={"description", *left_out})
