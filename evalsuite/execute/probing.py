"""Probe steps: base or candidate is asked what a probe wants to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from evalsuite.evaluate.answered import answered
from evalsuite.evaluate.judge import Grader, Item, Judgment, overall, usage_of
from evalsuite.execute.workbench import Workbench
from evalsuite.models.adapter import adapter_digest
from evalsuite.models.subject import ModelSubject
from evalsuite.plan import Plan, Step
from evalsuite.plan.material import material, parents_of
from evalsuite.plugins import AskingProbe, Material, Subject
from evalsuite.records import Adapter, Completion, Outcome, Prompt, Sampling
from evalsuite.spec.rubric import Rubric


class _Answering(ModelSubject):
    """A subject whose calls must all come back: what failed for good is no answer."""

    def generate(self, prompts: Sequence[Prompt], *, sampling: Sampling) -> list[Completion]:
        """One completion per prompt; raises ModelError when some failed."""
        return list(answered(super().generate(prompts, sampling=sampling)))


def probe(plan: Plan, step: Step, bench: Workbench) -> Outcome:
    """Ask the step's subject what the probe asks; its replies go through the reply cache like all others."""
    found = next(item for item in plan.resolved.suite.asking if item.name == step.entry)
    subject = _Answering(*bench.subject(plan, step.role))
    judged: list[Judgment] = []
    asked = found.ask(subject, _with_models(plan, found, bench, judged, candidate=step.role == "candidate"))
    return replace(asked, judging=usage_of(judged)).declaring(found.metrics)


def _with_models(
    plan: Plan, found: AskingProbe, bench: Workbench, judged: list[Judgment], *, candidate: bool
) -> Material:
    """What the probe is given, models among it; what its judge says is added to `judged`."""
    given, wanted = material(plan.resolved, found), found.wants
    if wanted.judge and wanted.rubric:
        rubric = plan.resolved.rubrics[wanted.rubric]
        judge = bench.judges.grader(plan.resolved.judges[wanted.judge], rubric)
        given = replace(given, grade=_grade(judge, rubric, judged))
    if candidate and wanted.asks_parents:
        given = replace(given, parents=_parents(plan, bench))
    if candidate and wanted.asks_reference:
        given = replace(given, alone=_alone(plan))
    return given


def _alone(plan: Plan) -> str | None:
    """Why candidate and reference cannot be read side by side; None where one is the other with an adapter."""
    its = plan.reference
    if its.own or its.missing is not None:
        return its.missing
    return f"the reference {its.name} is another model, and only an adapter is read beside its own base"


def _grade(
    judge: Grader, rubric: Rubric, judged: list[Judgment]
) -> Callable[[Sequence[tuple[str, str]]], list[float | None]]:
    def grade(asked: Sequence[tuple[str, str]]) -> list[float | None]:
        judgments = judge.grade([Item(question, reply) for question, reply in asked])
        judged.extend(judgments)
        return [None if found.scores is None else overall(rubric, found.scores) for found in judgments]

    return grade


def _parents(plan: Plan, bench: Workbench) -> dict[str, Subject]:
    """The adapters that the candidate was merged from, ready to answer; none for any other candidate."""
    return {
        name: _Answering(bench.model(plan.base), Adapter(name, folder, adapter_digest(folder)))
        for name, folder in parents_of(plan.resolved).items()
    }
