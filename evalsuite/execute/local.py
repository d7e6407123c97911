"""Steps run in this process, each a function of its plan; models come from the workbench."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from evalsuite.data.contamination import contamination
from evalsuite.data.evaluation.prompts import read_authored
from evalsuite.data.fetch import items_of
from evalsuite.data.training.mixture import learned_rows, with_canaries
from evalsuite.errors import NotFound
from evalsuite.evaluate import lm_eval as harness
from evalsuite.evaluate import style as author_style
from evalsuite.evaluate.pairwise import pairs as pairwise
from evalsuite.evaluate.pairwise.comparison import compare, contamination_outcome
from evalsuite.evaluate.pairwise.pairs import in_batches
from evalsuite.evaluate.scoring import benchmark, generated_choice, judged
from evalsuite.evaluate.scoring.aggregate import require_answers
from evalsuite.evaluate.scoring.benchmark import with_latency
from evalsuite.execute.workbench import Workbench
from evalsuite.gate.decide import decide, terms_of, with_required
from evalsuite.models.checkpoints.adapter import adapter_digest
from evalsuite.models.subject import ModelSubject, applied_proof
from evalsuite.plan.judged_by import early_rules
from evalsuite.plan.measured import material, parents_of
from evalsuite.plan.steps import Plan, Role, Step
from evalsuite.plugins import Asking, AskingProbe, Grader, Material, Subject, TrainingJob
from evalsuite.records import (
    Adapter,
    Completion,
    Evidence,
    Graded,
    Item,
    Metric,
    Outcome,
    Prompt,
    Reply,
    Sample,
    Sampling,
    Training,
    Verdict,
    results_of,
    usage_of,
)
from evalsuite.spec.declared import against_author
from evalsuite.spec.loading.lookup import project_of
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.suite import Benchmark, JudgedSet, Pairing

_PROOF_PROMPTS = 8
_GENERAL = ("Hello.", "What is this about?", "Tell me something new.", "Why is that so?")


def train(plan: Plan, output: Path, say: Callable[[str], None], *, teacher: Asking | None = None) -> Training:
    """Train the spec's adapter into `output`; resumes what a killed process began there."""
    method = plan.resolved.spec.train
    assert method is not None
    rows, held_out = learned_rows(plan.resolved)
    return method.train(
        TrainingJob(
            name=plan.name,
            base=plan.checkpoint.folder,
            train=with_canaries(rows, method),
            held_out=held_out,
            seed=method.recipe.seed,
            output=output,
            progress=say,
            folder=project_of(plan.resolved.file),
            inputs=plan.resolved.training_data,
            on=plan.built_on.adapter,
            teacher=teacher,
        )
    )


def prove(plan: Plan, bench: Workbench) -> None:
    """Make sure that the adapter changes what the base says; raises AdapterNotApplied when it does not."""
    if plan.adapter is not None and not plan.resolved.spec.allow_no_effect:
        applied_proof(bench.model(plan.base), plan.adapter, _proof_prompts(plan))


def score(plan: Plan, step: Step, bench: Workbench, known: Callable[[], Evidence]) -> Outcome:
    """Ask the step's subject the step's entry and score the replies; `known` is what is measured already."""
    assert step.entry is not None
    return with_latency(step.entry, _scored(plan, step, bench, known))


def _scored(plan: Plan, step: Step, bench: Workbench, known: Callable[[], Evidence]) -> Outcome:
    resolved, suite = plan.resolved, plan.resolved.suite
    for entry in suite.benchmarks:
        if entry.name == step.entry:
            samples = _samples(plan, entry)
            model, adapter = bench.subject(plan, step.role)
            # Who is compared with a served model is asked in its way, so that both have one metric.
            asked = (plan.base, plan.reference.base) if step.role == "base" else (plan.base,)
            if generated_choice.asks_for_letters(
                entry, samples, served=any(who and not who.tells_likelihood for who in asked)
            ):
                return generated_choice.score(entry, samples, model=model)
            return benchmark.score(entry, samples, model=model, adapter=adapter)
    if suite.harness is not None and step.entry in suite.harness.tasks:
        model, adapter = bench.subject(plan, step.role)
        folder = resolved.suite_data.get(step.entry)
        return harness.score(step.entry, suite.harness, folder, model=model, adapter=adapter)
    judged_set = next(item for item in suite.judged if item.name == step.entry)
    samples = judged.samples_of(judged_set, resolved.suite_data[judged_set.name], seed=suite.seed)
    given = (
        judged.author_replies(samples) if step.role == "author" else _replies(plan, judged_set.name, step.role, bench)
    )
    rubric = resolved.rubrics[judged_set.rubric]
    judge = bench.judges.grader(resolved.judges[judged_set.judge], rubric)

    def graded(places: Sequence[int]) -> Outcome:
        samples_, replies = [samples[place] for place in places], [given[place] for place in places]
        return judged.score(judged_set, samples_, replies, rubric=rubric, judge=judge)

    if step.role != "candidate":
        return graded(range(len(given)))
    return _until_settled(plan, judged_set, given, graded, known)


def style(plan: Plan, step: Step, bench: Workbench) -> Outcome:
    """Measure beside fidelity what the judged set wants: words, likelihood, pairs with the author, a control."""
    resolved, suite = plan.resolved, plan.resolved.suite
    entry = next(item for item in suite.judged if item.name == step.entry)
    samples, rubric = _judged_samples(plan, entry.name), resolved.rubrics[entry.rubric]
    ours, author = _replies(plan, entry.name, "candidate", bench), judged.author_replies(samples)
    found, its = [], plan.reference
    if entry.style.pairs:
        judge = bench.judges.grader(resolved.judges[entry.judge], rubric)
        found.append(pairwise.compare(_beside_author(entry.name), ours, author, judge=judge, seed=suite.seed))
    if entry.style.words:
        theirs, why = ((), its.missing) if its.missing else _aligned(ours, _replies(plan, entry.name, "base", bench))
        voices = author_style.Voices(ours, theirs, author, why)
        found.append(author_style.words(entry.name, voices, seed=suite.seed))
    if entry.style.likelihood and not plan.base.tells_likelihood:
        why = "a model behind an endpoint does not tell how likely a given answer is"
        found.append(author_style.no_author_nll(entry.name, why))
    elif entry.style.likelihood:
        asked = [bench.subject(plan, "candidate")]
        # One that is only on record has its own figures there; the comparison pairs them.
        asked += [bench.subject(plan, "base")] if its.base and its.base.tells_likelihood else []
        found.append(author_style.author_nll(entry.name, samples, *asked))
    if entry.control is not None:
        judge = bench.judges.grader(resolved.judges[entry.judge], rubric)
        other = read_authored(resolved.suite_data[f"{entry.name}/control"])
        found.append(author_style.control(entry.name, other, rubric=rubric, judge=judge))
    return author_style.join_outcomes(found)


def _aligned(ours: Sequence[Reply], theirs: Sequence[Reply]) -> tuple[tuple[Reply, ...], str | None]:
    """The reference's replies in the order of ours; none, with the reason, where one of them is not on record."""
    found = {(reply.sample_id, reply.prompt): reply for reply in theirs}
    missing = sum((reply.sample_id, reply.prompt) not in found for reply in ours)
    if missing:
        return (), f"the reference has no reply to {missing:,} of {len(ours):,} prompts"
    return tuple(found[reply.sample_id, reply.prompt] for reply in ours), None


def _beside_author(entry: str) -> pairwise.Naming:
    def named(figure: str) -> Metric:
        return against_author(figure).of(entry)

    return named


def pair(plan: Plan, step: Step, bench: Workbench, known: Callable[[], Evidence]) -> Outcome:
    """Judge the candidate's replies against an opponent's, in both orders; raises NotFound without the latter's."""
    resolved, suite = plan.resolved, plan.resolved.suite
    entry = next(item for item in suite.pairings if item.name == step.entry)
    assert step.meeting is not None
    name = step.meeting.name
    ours, theirs = _replies(plan, entry.of, "candidate", bench), _opposed(plan, entry, name, bench)
    judge = bench.judges.grader(resolved.judges[entry.judge], resolved.rubrics[entry.rubric])

    def compared(places: Sequence[int]) -> Outcome:
        first = [ours[place] for place in places]
        asked = {reply.sample_id for reply in first}
        second = [reply for reply in theirs if reply.sample_id in asked]
        return pairwise.compare(partial(_figure, entry, name), first, second, judge=judge, seed=suite.seed)

    return _until_settled(plan, entry, ours, compared, known)


def _figure(entry: Pairing, opponent: str, figure: str) -> Metric:
    return entry.metric(figure, opponent)


def _until_settled(
    plan: Plan,
    entry: JudgedSet | Pairing,
    replies: Sequence[Reply],
    judge: Callable[[Sequence[int]], Outcome],
    known: Callable[[], Evidence],
) -> Outcome:
    """Judge all replies, or as many as the policy's sequential rules about the entry need."""
    policy = plan.resolved.policy
    rules = early_rules(policy, entry)
    if policy is None or not rules:
        return judge(range(len(replies)))
    evidence, terms = known(), terms_of(policy)

    def settled(outcome: Outcome) -> bool:
        found = replace(evidence, candidate=results_of(plan.name, outcome), partial=True)
        return all(rule.check(found, terms).answer != "undecided" for rule in rules)

    batch = min(rule.looks_every or len(replies) for rule in rules)
    return in_batches(replies, judge, settled=settled, batch=batch, seed=plan.resolved.suite.seed)


def overlap(plan: Plan) -> Outcome:
    """Look for the suite's samples in the candidate's own training data."""
    resolved, suite = plan.resolved, plan.resolved.suite
    asked = {entry.name: items_of(resolved, entry) for entry in suite.benchmarks}
    asked |= {entry.name: read_authored(resolved.suite_data[entry.name]) for entry in suite.judged}
    return contamination_outcome(
        contamination(resolved), {name: tuple(s.id for s in samples) for name, samples in asked.items()}
    )


def contrast(plan: Plan, evidence: Evidence) -> Outcome:
    """Pair the candidate's scores with the base's."""
    return compare(plan.resolved.suite, evidence.base, evidence.candidate, author=evidence.author)


def verdict(plan: Plan, evidence: Evidence) -> Verdict:
    """Hold the evidence against the spec's policy."""
    assert plan.resolved.policy is not None
    found = decide(plan.resolved.policy, evidence)
    return with_required(found, plan.resolved.judges, evidence.candidate)


def _samples(plan: Plan, entry: Benchmark) -> tuple[Sample, ...]:
    resolved = plan.resolved
    data, examples = resolved.suite_data[entry.name], resolved.suite_examples.get(entry.name)
    return benchmark.samples_of(entry, data, seed=resolved.suite.seed, examples=examples)


def _replies(plan: Plan, entry: str, role: Role | None, bench: Workbench) -> tuple[Reply, ...]:
    if role == "base" and plan.reference.replies.get(entry):
        return plan.reference.replies[entry]
    suite = plan.resolved.suite
    judged_set = next(item for item in suite.judged if item.name == entry)
    sampling = judged.sampling_of(judged_set, seed=suite.seed)
    model, adapter = bench.subject(plan, role)
    return judged.replies(_judged_samples(plan, entry), sampling, model=model, adapter=adapter)


def _opposed(plan: Plan, entry: Pairing, name: str, bench: Workbench) -> tuple[Reply, ...]:
    if name == "base":
        return _replies(plan, entry.of, "base", bench)
    if name == "author":
        return judged.author_replies(_judged_samples(plan, entry.of))
    met = plan.opponents[entry.name, name]
    if met.reason is not None:
        raise NotFound(f"{plan.resolved.file}  pairing {entry.name!r} is against {name!r}: {met.reason}")
    return met.replies


def _judged_samples(plan: Plan, entry: str) -> tuple[Sample, ...]:
    suite = plan.resolved.suite
    judged_set = next(item for item in suite.judged if item.name == entry)
    return judged.samples_of(judged_set, plan.resolved.suite_data[entry], seed=suite.seed)


def _proof_prompts(plan: Plan) -> list[Prompt]:
    suite, data = plan.resolved.suite, plan.resolved.suite_data
    asked: list[Prompt] = []
    for entry in suite.benchmarks:
        asked += [sample.prompt for sample in _samples(plan, entry)]
    for item in suite.judged:
        asked += [sample.prompt for sample in judged.samples_of(item, data[item.name], seed=suite.seed)]
    # Probes and other harnesses' tasks alone have no prompts that could be asked here.
    asked = asked or [Prompt.user(text) for text in _GENERAL]
    return asked[:: max(1, len(asked) // _PROOF_PROMPTS)][:_PROOF_PROMPTS]


class _Answering(ModelSubject):
    """A subject whose calls must all come back: what failed for good is no answer."""

    def generate(self, prompts: Sequence[Prompt], *, sampling: Sampling) -> list[Completion]:
        """One completion per prompt; raises ModelError when some failed."""
        return list(require_answers(super().generate(prompts, sampling=sampling)))


def probe(plan: Plan, step: Step, bench: Workbench) -> Outcome:
    """Ask the step's subject what the probe asks; its replies go through the reply cache like all others."""
    found = next(item for item in plan.resolved.suite.asking if item.name == step.entry)
    subject = _Answering(*bench.subject(plan, step.role))
    asked = found.ask(subject, _with_models(plan, found, bench, candidate=step.role == "candidate"))
    return asked.declaring(found.metrics)


def _with_models(plan: Plan, found: AskingProbe, bench: Workbench, *, candidate: bool) -> Material:
    given, wanted = material(plan.resolved, found), found.wants
    if wanted.judge and wanted.rubric:
        rubric = plan.resolved.rubrics[wanted.rubric]
        judge = bench.judges.grader(plan.resolved.judges[wanted.judge], rubric)
        given = replace(given, grade=_grade(judge, rubric))
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


def _grade(judge: Grader, rubric: Rubric) -> Callable[[Sequence[tuple[str, str]]], Graded]:
    def grade(asked: Sequence[tuple[str, str]]) -> Graded:
        judgments = judge.grade([Item(question, reply) for question, reply in asked])
        grades = tuple(None if found.scores is None else rubric.overall(found.scores) for found in judgments)
        return Graded(grades, usage_of(judgments))

    return grade


def _parents(plan: Plan, bench: Workbench) -> dict[str, Subject]:
    """The adapters that the candidate was merged from, ready to answer; none for any other candidate."""
    return {
        name: _Answering(bench.model(plan.base), Adapter(name, folder, adapter_digest(folder)))
        for name, folder in parents_of(plan.resolved).items()
    }
