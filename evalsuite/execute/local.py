"""Steps run in this process; runs on one base model share one loaded base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evalsuite.data.authored import read_authored
from evalsuite.data.canaries import with_canaries
from evalsuite.data.contamination import contamination
from evalsuite.data.mixture import mix
from evalsuite.data.rows import training_rows
from evalsuite.data.split import hold_out
from evalsuite.evaluate import benchmark, judged, letters, pairwise
from evalsuite.evaluate.compare import compare
from evalsuite.evaluate.overlap import measured
from evalsuite.execute.cached import CachedModel
from evalsuite.gate.decide import decide
from evalsuite.models import Model
from evalsuite.models.base import Base, BaseCheckpoint, ServedBase
from evalsuite.models.endpoint import EndpointModel, endpoint_digest
from evalsuite.models.in_context import InContextModel
from evalsuite.models.proof import applied_proof
from evalsuite.models.remote.meter import Meter
from evalsuite.models.remote.pace import Pace
from evalsuite.plan import Plan, Role, Step
from evalsuite.plugins import TrainingJob
from evalsuite.records import Adapter, Outcome, Prompt, Reply, Results, Training, Verdict
from evalsuite.spec.endpoint import Endpoint
from evalsuite.spec.project import project_of
from evalsuite.store.replies import ReplyCache

_PROOF_PROMPTS = 8
_GENERAL = ("Hello.", "What is this about?", "Tell me something new.", "Why is that so?")


class Workbench:
    """One process's place of work: loaded base, reply cache, who is told of progress, what endpoints have cost."""

    def __init__(
        self,
        cache: ReplyCache,
        progress: Callable[[int, int], None],
        load: Callable[[BaseCheckpoint], Model] | None = None,
        *,
        meter: Meter | None = None,
    ) -> None:
        self.cache = cache
        self.progress = progress
        self.meter = meter or Meter()
        self._load_base = load or _load_hf
        self._loaded: tuple[str, Model] | None = None
        self._paces: dict[str, Pace] = {}

    def served(self, endpoint: Endpoint) -> Model:
        """The model of an endpoint behind the reply cache; all of a run's share one meter."""
        digest = endpoint_digest(endpoint)

        def ask() -> EndpointModel:
            # Limits per minute hold for all together who ask one model of one server.
            pace = self._paces.setdefault(digest, Pace(endpoint.requests_per_minute, endpoint.tokens_per_minute))
            return EndpointModel(endpoint, meter=self.meter, pace=pace)

        return CachedModel(digest, ask, cache=self.cache, progress=self.progress)

    def model(self, base: Base) -> Model:
        """The base model behind the reply cache; it is loaded when the first reply is missing."""
        if isinstance(base, ServedBase):
            return self.served(base.endpoint)
        cached = CachedModel(base.digest, lambda: self._load(base), cache=self.cache, progress=self.progress)
        return InContextModel(cached)

    def _load(self, base: BaseCheckpoint) -> Model:
        # One base at a time: two large ones would not fit into memory together.
        if self._loaded is None or self._loaded[0] != base.digest:
            self._loaded = None
            self._loaded = (base.digest, self._load_base(base))
        return self._loaded[1]


def with_cost(
    progress: Callable[[int, int], None], say: Callable[[str], None], meter: Meter
) -> Callable[[int, int], None]:
    """Progress that is told in figures, and with the cost so far once there is any."""

    def told(done: int, total: int) -> None:
        if meter.calls:
            say(f"{done}/{total}  {meter}")
        else:
            progress(done, total)

    return told


def train(plan: Plan, output: Path, say: Callable[[str], None]) -> Training:
    """Train the spec's adapter into `output`; resumes what a killed process began there."""
    method = plan.resolved.spec.train
    assert method is not None
    sources = training_rows(plan.resolved)
    mixed = mix([found.rows for found in sources], [found.source.weight for found in sources], seed=method.seed)
    rows, held_out = hold_out(mixed, method.held_out, seed=method.seed)
    return method.train(
        TrainingJob(
            name=plan.name,
            base=plan.checkpoint.folder,
            train=with_canaries(rows, method),
            held_out=held_out,
            seed=method.seed,
            output=output,
            progress=say,
            folder=project_of(plan.resolved.file),
            inputs=plan.resolved.training_data,
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
            model = bench.model(plan.base)
            if letters.wanted(entry, samples, served=isinstance(plan.base, ServedBase)):
                return letters.score(entry, samples, model=model)
            return benchmark.score(entry, samples, model=model, adapter=_adapter(plan, step.role))
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
    # A suite of probes alone has no prompts of its own that could be asked here.
    asked = asked or [Prompt.user(text) for text in _GENERAL]
    return asked[:: max(1, len(asked) // _PROOF_PROMPTS)][:_PROOF_PROMPTS]
