"""Steps run in this process; runs on one base model share one loaded base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evalsuite.data.authored import read_authored
from evalsuite.data.contamination import contamination
from evalsuite.data.mixture import mix
from evalsuite.data.rows import training_rows
from evalsuite.data.split import hold_out
from evalsuite.evaluate import benchmark, judged, pairwise
from evalsuite.evaluate.compare import compare
from evalsuite.evaluate.overlap import measured
from evalsuite.execute.cached import CachedModel
from evalsuite.execute.teaching import asking
from evalsuite.gate.decide import decide
from evalsuite.models import Model
from evalsuite.models.base import BaseCheckpoint
from evalsuite.models.in_context import InContextModel
from evalsuite.models.proof import applied_proof
from evalsuite.plan import Plan, Role, Step
from evalsuite.plugins import Asking, TrainingJob
from evalsuite.records import Adapter, Outcome, Prompt, Reply, Results, Training, Verdict
from evalsuite.spec.project import project_of
from evalsuite.store.replies import ReplyCache

_PROOF_PROMPTS = 8


class Workbench:
    """One process's place of work: the loaded base model, the reply cache, and who is told of progress."""

    def __init__(
        self,
        cache: ReplyCache,
        progress: Callable[[int, int], None],
        load: Callable[[BaseCheckpoint], Model] | None = None,
    ) -> None:
        self.cache = cache
        self.progress = progress
        self._load_base = load or _load_hf
        self._loaded: tuple[str, Model] | None = None

    def model(self, base: BaseCheckpoint) -> Model:
        """The base model behind the reply cache; it is loaded when the first reply is missing."""
        cached = CachedModel(base.digest, lambda: self._load(base), cache=self.cache, progress=self.progress)
        return InContextModel(cached)

    def teacher(self, plan: Plan) -> Asking | None:
        """Whom the plan's training may ask, behind the reply cache; None where it has no teacher."""
        found = plan.built_on.teacher
        if found is None:
            return None
        base = found.base
        make = None if base is None else lambda: self._load_base(base)
        return asking(found, self.cache, self.progress, make=make)

    def _load(self, base: BaseCheckpoint) -> Model:
        # One base at a time: two large ones would not fit into memory together.
        if self._loaded is None or self._loaded[0] != base.digest:
            self._loaded = None
            self._loaded = (base.digest, self._load_base(base))
        return self._loaded[1]


def train(plan: Plan, output: Path, say: Callable[[str], None], *, teacher: Asking | None = None) -> Training:
    """Train the spec's adapter into `output`; resumes what a killed process began there."""
    method = plan.resolved.spec.train
    assert method is not None
    sources = training_rows(plan.resolved)
    mixed = mix([found.rows for found in sources], [found.source.weight for found in sources], seed=method.seed)
    rows, held_out = hold_out(mixed, method.held_out, seed=method.seed)
    return method.train(
        TrainingJob(
            name=plan.name,
            base=plan.base.folder,
            train=rows,
            held_out=held_out,
            seed=method.seed,
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


def score(plan: Plan, step: Step, bench: Workbench) -> Outcome:
    """Ask the step's subject the step's entry and score the replies."""
    resolved, suite = plan.resolved, plan.resolved.suite
    for entry in suite.benchmarks:
        if entry.name == step.entry:
            samples = benchmark.samples_of(entry, resolved.suite_data[entry.name], seed=suite.seed)
            return benchmark.score(entry, samples, model=bench.model(plan.base), adapter=_adapter(plan, step.role))
    judged_set = next(item for item in suite.judged if item.name == step.entry)
    samples = judged.samples_of(judged_set, resolved.suite_data[judged_set.name], seed=suite.seed)
    given = (
        judged.author_replies(samples) if step.role == "author" else _replies(plan, judged_set.name, step.role, bench)
    )
    rubric, judge = resolved.rubrics[judged_set.rubric], resolved.judges[judged_set.judge]
    return judged.score(judged_set, samples, given, rubric=rubric, judge=judge)


def pair(plan: Plan, step: Step, bench: Workbench) -> Outcome:
    """Judge the candidate's replies against the baseline's, in both orders."""
    resolved, suite = plan.resolved, plan.resolved.suite
    entry = next(item for item in suite.pairings if item.name == step.entry)
    ours, theirs = (_replies(plan, entry.of, role, bench) for role in ("candidate", "base"))
    judging = (resolved.judges[entry.judge], resolved.rubrics[entry.rubric])
    return pairwise.compare(entry, ours, theirs, judging=judging, seed=suite.seed)


def overlap(plan: Plan) -> Outcome:
    """Look for the suite's samples in the candidate's own training data."""
    resolved, suite = plan.resolved, plan.resolved.suite
    asked = {entry.name: entry.task.samples(resolved.suite_data[entry.name]) for entry in suite.benchmarks}
    asked |= {entry.name: read_authored(resolved.suite_data[entry.name]) for entry in suite.judged}
    return measured(contamination(resolved), {name: tuple(s.id for s in samples) for name, samples in asked.items()})


def contrast(plan: Plan, base: Results, candidate: Results, author: Results) -> Outcome:
    """Pair the candidate's scores with the base's."""
    return compare(plan.resolved.suite, base, candidate, author=author)


def verdict(plan: Plan, candidate: Results, baseline: Results) -> Verdict:
    """Hold the evidence against the spec's policy."""
    assert plan.resolved.policy is not None
    return decide(plan.resolved.policy, candidate, baseline=baseline)


def _replies(plan: Plan, entry: str, role: Role | None, bench: Workbench) -> tuple[Reply, ...]:
    suite = plan.resolved.suite
    judged_set = next(item for item in suite.judged if item.name == entry)
    samples = judged.samples_of(judged_set, plan.resolved.suite_data[entry], seed=suite.seed)
    sampling = judged.sampling_of(judged_set, seed=suite.seed)
    return judged.replies(samples, sampling, model=bench.model(plan.base), adapter=_adapter(plan, role))


def _load_hf(base: BaseCheckpoint) -> Model:
    from evalsuite.models.hf import HfModel

    return HfModel(base)


def _adapter(plan: Plan, role: Role | None) -> Adapter | None:
    return plan.adapter if role == "candidate" else None


def _proof_prompts(plan: Plan) -> list[Prompt]:
    suite, data = plan.resolved.suite, plan.resolved.suite_data
    asked: list[Prompt] = []
    for entry in suite.benchmarks:
        asked += [sample.prompt for sample in benchmark.samples_of(entry, data[entry.name], seed=suite.seed)]
    for item in suite.judged:
        asked += [sample.prompt for sample in judged.samples_of(item, data[item.name], seed=suite.seed)]
    return asked[:: max(1, len(asked) // _PROOF_PROMPTS)][:_PROOF_PROMPTS]
