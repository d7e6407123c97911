"""The whole flow on one page: load specs, plan, train, score, compare, decide. Only this module joins stages.

A run goes on where an earlier one stopped: steps whose digest is in the store are not run again, and replies that
were already paid for come from the reply cache.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from evalsuite.environment import environment
from evalsuite.errors import AdapterNotApplied, DataError, EvalsuiteError, ModelError, NotFound
from evalsuite.evaluate.difference import differences
from evalsuite.execute import local, probing, side_by_side
from evalsuite.imports import DEFAULT_SEED, Imported
from evalsuite.models import Model
from evalsuite.models.adapter import adapter_digest, check_fits
from evalsuite.models.base import Base, BaseCheckpoint, ServedBase, find_base
from evalsuite.models.remote.meter import Meter
from evalsuite.plan import Plan, Step, StepKind
from evalsuite.plan.make import make_plan, training_digest
from evalsuite.plan.recorded import spec_row, step_row
from evalsuite.records import Adapter, Comparison, Outcome, Results, RuleOutcome, Training, Verdict
from evalsuite.spec.endpoint import Endpoint
from evalsuite.spec.load import ResolvedSpec, load_specs
from evalsuite.spec.policy import Policy
from evalsuite.store import Store, read, write
from evalsuite.store.replies import ReplyCache

if TYPE_CHECKING:
    from evalsuite.imports.length_files import LengthAid

# The kinds of step that say something about a candidate.
_MEASURED: tuple[StepKind, ...] = ("overlap", "score", "probe", "pair", "compare")

# Fewer places than this, and trainings run one after another in this process.
_SEVERAL = 2


class Watcher(Protocol):
    """Who is told how a run goes."""

    def begin(self, plan: Plan, step: Step) -> None:
        """A step starts."""
        ...

    def progress(self, done: int, total: int) -> None:
        """The step has so many of its samples."""
        ...

    def say(self, text: str) -> None:
        """The step has something to tell, such as a line of a training."""
        ...

    def end(self, seconds: float) -> None:
        """The step is done."""
        ...


@dataclass(frozen=True)
class RunReport:
    """How a run ended: what it did, and the errors of the specs that could not be carried through."""

    run_id: str | None
    steps_run: int
    steps_cached: int
    plans: tuple[Plan, ...]
    errors: tuple[tuple[str, str], ...] = ()


def plan(files: Sequence[Path], store: Store, *, settings: tuple[str, ...] = (), download: bool = False) -> list[Plan]:
    """The plan of every spec as things stand; nothing is trained, asked or written."""
    bases: dict[str, Base] = {}
    plans = []
    for resolved in load_specs(files, settings):
        key = resolved.spec.base_model.model_dump_json()
        if key not in bases:
            bases[key] = _base(resolved, download=download)
        plans.append(make_plan(resolved, bases[key], _known_adapter(resolved, bases[key], store)))
    return plans


def finished(plans: Sequence[Plan], store: Store) -> frozenset[str]:
    """The digests among the plans' steps that need not run again."""
    return read.finished(store, [step.digest for plan in plans for step in plan.steps if step.digest])


def run(
    files: Sequence[Path],
    store: Store,
    watch: Watcher,
    *,
    settings: tuple[str, ...] = (),
    load: Callable[[BaseCheckpoint], Model] | None = None,
    max_cost: float | None = None,
) -> RunReport:
    """Train what is not yet trained and score what is not yet scored; a second run does nothing.

    `load` makes the model of a base; without it the hf backend does. `max_cost` is the most that all calls to
    endpoints may cost: a spec that needs more ends with an error, and what is paid for is kept. A script that calls
    this needs the usual `if __name__ == "__main__":`, for small models are trained in processes of their own.
    """
    plans = plan(files, store, settings=settings, download=True)
    done = finished(plans, store)
    missing = [step for plan in plans for step in plan.steps if step.digest not in done]
    if not missing and _recorded(plans, store):
        return RunReport(None, 0, sum(len(plan.steps) for plan in plans), tuple(plans))
    with _recording(store) as run_id, closing(ReplyCache(store.replies)) as cache:
        meter = Meter(max_cost)
        bench = local.Workbench(cache, local.with_cost(watch.progress, watch.say, meter), load, meter=meter)
        report = _Run(store, watch, run_id, bench).carry_out(plans)
        write.save_errors(store, run_id, report.errors)
        write.finish_run(store, run_id, "failed" if report.errors else "finished")
        return report


def gate(
    files: Sequence[Path], store: Store, *, settings: tuple[str, ...] = (), policy: Policy | None = None
) -> list[tuple[Plan, Verdict]]:
    """The verdict of each spec on results already there; raises NotFound for a spec without results or policy."""
    verdicts = []
    for found in plan(files, store, settings=settings):
        chosen = policy or found.resolved.policy
        if chosen is None:
            raise NotFound(f"{found.resolved.file}  names no gate; add `gate: release` or give --policy")
        judged = replace(found, resolved=replace(found.resolved, policy=chosen))
        verdicts.append((judged, verdict_on_record(judged, store)))
    return verdicts


def compare(first: str, second: str, store: Store) -> list[Comparison]:
    """The paired difference, first minus second, of every metric that two specs of the store share."""
    return differences(candidate_results(first, store), candidate_results(second, store))


def candidate_results(spec: str, store: Store) -> Results:
    """The results of a spec's latest run; raises NotFound with the specs that there are."""
    known = {found.spec: found for found in read.latest_specs(store)}
    if spec not in known:
        raise NotFound(f"no spec {spec!r} in {store.folder}; there are: {', '.join(known) or 'none'}")
    steps = read.steps_of(store, known[spec])
    wanted = [step.digest for step in steps if step.role == "candidate" and step.kind in _MEASURED]
    return read.results_of(store, spec, wanted)


def record_import(
    imported: Imported, store: Store, *, aid: LengthAid | None = None, seed: int = DEFAULT_SEED
) -> dict[str, Outcome]:
    """Keep judgments made elsewhere as a run: each system is a spec of the method `imported`.

    What was imported of a system before stays beside it. Raises DataError when a system has the name of a spec
    of this project.
    """
    from evalsuite.imports.outcomes import outcomes
    from evalsuite.imports.recorded import IMPORTED, imported_row

    found = outcomes(imported, aid=aid, seed=seed)
    known = {spec.spec: spec for spec in read.latest_specs(store)} if store.results.exists() else {}
    taken = sorted(name for name in found if name in known and known[name].method != IMPORTED)
    if taken:
        raise DataError(
            f"{store.folder}  has a spec called {taken[0]!r} already; import it as --rename {taken[0]}=NAME"
        )
    earlier = {name: read.steps_of(store, known[name]) for name in found if name in known}
    rows = {name: imported_row(imported, name, earlier.get(name, []), aid=aid, seed=seed) for name in found}
    with _recording(store) as run_id:
        write.save_plan(store, run_id, list(rows.values()))
        for name, outcome in found.items():
            write.save_outcome(store, rows[name].steps[0], outcome, seconds=0.0, seed=seed)
        write.finish_run(store, run_id, "finished")
    return found


class _Run:
    """One run being carried out."""

    def __init__(self, store: Store, watch: Watcher, run_id: str, bench: local.Workbench) -> None:
        self.store, self.watch, self.run_id, self.bench = store, watch, run_id, bench
        self.ran = 0
        self.cached = 0
        self.errors: list[tuple[str, str]] = []
        self._made: dict[str, Training | EvalsuiteError] = {}

    def carry_out(self, plans: Sequence[Plan]) -> RunReport:
        """Trainings first, so that all scoring shares one loaded base; then each spec's steps in order."""
        self._record(plans)
        self._train_side_by_side(plans)
        trained = [found for plan in plans if (found := self._guarded(plan, self._train)) is not None]
        self._record(trained)
        for plan in trained:
            self._guarded(plan, self._score)
        return RunReport(self.run_id, self.ran, self.cached, tuple(trained), tuple(self.errors))

    def _guarded(self, plan: Plan, stage: Callable[[Plan], Plan]) -> Plan | None:
        # One spec's trouble must not cost the others their results.
        try:
            return stage(plan)
        except EvalsuiteError as error:
            self.errors.append((plan.name, str(error)))
            return None

    def _train_side_by_side(self, plans: Sequence[Plan]) -> None:
        """Run the trainings that can run at once; what comes of each waits for `_train` to take it up."""
        waiting = [plan for plan in plans if plan.adapter is None and plan.step("train") is not None]
        places = side_by_side.places(waiting)
        if places < _SEVERAL:
            return
        jobs = [(plan, self._output(plan)) for plan in waiting]
        for plan, made in side_by_side.train(jobs, places=places, told=self._told):
            self._made[plan.name] = made
            if isinstance(made, Training):
                self._save(plan, made, seconds=made.wall_seconds)
                self.watch.begin(plan, _training_step(plan))
                self.watch.end(made.wall_seconds)

    def _train(self, plan: Plan) -> Plan:
        if plan.step("train") is None:
            return plan
        if plan.adapter is not None:
            self.cached += 1
            return plan
        made = self._made.get(plan.name)
        if isinstance(made, EvalsuiteError):
            raise made
        if made is None:
            with self._timed(plan, _training_step(plan)) as started:
                made = local.train(plan, self._output(plan), self.watch.say)
                self._save(plan, made, seconds=time.monotonic() - started)
        else:
            self.ran += 1
        return make_plan(plan.resolved, plan.base, made.adapter)

    def _output(self, plan: Plan) -> Path:
        return self.store.adapters / f"{plan.name}-{(_training_step(plan).digest or '')[:12]}"

    def _save(self, plan: Plan, training: Training, *, seconds: float) -> None:
        row = step_row(_training_step(plan))
        write.save_training(self.store, row, training, seconds=seconds, seed=_seed(plan))

    def _told(self, plan: Plan, text: str) -> None:
        self.watch.begin(plan, _training_step(plan))
        self.watch.say(text)

    def _score(self, plan: Plan) -> Plan:
        done = read.finished(self.store, [step.digest for step in plan.steps if step.digest])
        for step in plan.steps:
            if step.kind == "train":
                continue
            if step.digest in done:
                self.cached += 1
                continue
            with self._timed(plan, step) as started:
                self._step(plan, step, started)
        return plan

    def _step(self, plan: Plan, step: Step, started: float) -> None:
        row = step_row(step)
        if step.kind == "prove":
            try:
                local.prove(plan, self.bench)
            except AdapterNotApplied as error:
                self._invalid(plan, str(error))
                raise
            write.save_step(self.store, row, seconds=time.monotonic() - started)
        elif step.kind == "decide":
            write.save_verdict(self.store, row, local.verdict(plan, *evidence(plan, self.store)[:2]))
        else:
            if step.kind == "compare":
                candidate, base, author = evidence(plan, self.store)
                outcome = local.contrast(plan, base, candidate, author)
            elif step.kind == "overlap":
                outcome = local.overlap(plan)
            else:
                carry_out = {"score": local.score, "probe": probing.probe, "pair": local.pair}[step.kind]
                outcome = carry_out(plan, step, self.bench)
            seconds = time.monotonic() - started
            write.save_outcome(self.store, row, outcome, seconds=seconds, seed=plan.resolved.suite.seed)

    def _invalid(self, plan: Plan, why: str) -> None:
        decision = plan.step("decide")
        if decision is not None and plan.resolved.policy is not None:
            outcome = RuleOutcome("applied_proof", "adapter", "invalid", why)
            write.save_verdict(
                self.store, step_row(decision), Verdict("invalid", plan.resolved.policy.name, (outcome,)), done=False
            )

    @contextmanager
    def _timed(self, plan: Plan, step: Step) -> Iterator[float]:
        self.watch.begin(plan, step)
        started = time.monotonic()
        yield started
        self.ran += 1
        self.watch.end(time.monotonic() - started)

    def _record(self, plans: Sequence[Plan]) -> None:
        write.save_plan(self.store, self.run_id, [spec_row(plan) for plan in plans])


def evidence(plan: Plan, store: Store) -> tuple[Results, Results, Results]:
    """What the store knows of candidate, base and author."""
    candidate = plan.digests(*_MEASURED, roles=("candidate",))
    base, author = (plan.digests("score", "probe", roles=(role,)) for role in ("base", "author"))
    names = (plan.name, "base", "author")
    found = (read.results_of(store, name, of) for name, of in zip(names, (candidate, base, author), strict=True))
    return next(found), next(found), next(found)


def verdict_on_record(plan: Plan, store: Store) -> Verdict:
    """The verdict on what the store knows; raises NotFound when steps of the plan have no results yet."""
    # The plan's own digests, made anew: the policy may be another one than the spec's.
    plan = make_plan(plan.resolved, plan.base, plan.adapter)
    done = finished([plan], store)
    missing = [step.label for step in plan.steps if step.kind not in ("train", "decide") and step.digest not in done]
    if missing:
        decision = plan.step("decide")
        stored = (
            read.verdict_of(store, decision.digest) if decision and decision.digest and store.results.exists() else None
        )
        if stored is not None and stored.answer == "invalid":
            return stored
        raise NotFound(
            f"{plan.resolved.file}  {plan.name} has no results for {missing[0]}"
            f"{f' and {len(missing) - 1} more' if len(missing) > 1 else ''}; `evalsuite run` makes them"
        )
    candidate, base, _ = evidence(plan, store)
    return local.verdict(plan, candidate, base)


def _base(resolved: ResolvedSpec, *, download: bool) -> Base:
    ref = resolved.spec.base_model
    if isinstance(ref, Endpoint):
        return ServedBase(ref)
    place = _located(ref.id, resolved.file.resolve().parent)
    return find_base(place, revision=ref.revision, dtype=ref.dtype, download=download)


def _known_adapter(resolved: ResolvedSpec, base: Base, store: Store) -> Adapter | None:
    if isinstance(base, ServedBase):
        return None
    if resolved.adapter_path is not None:
        check_fits(resolved.adapter_path, base)
        return Adapter(resolved.spec.name, resolved.adapter_path, adapter_digest(resolved.adapter_path))
    digest = training_digest(resolved, base)
    known = read.trained_adapter(store, digest) if digest else None
    # Weights that were changed or removed since are not the ones the record speaks of: they are trained again.
    if known is None or not known.path.is_dir():
        return None
    try:
        return known if adapter_digest(known.path) == known.digest else None
    except EvalsuiteError:
        return None


def _located(model: str, beside: Path) -> str:
    """A model id that is a folder relative to its spec, as an absolute path; any other id as it stands."""
    folder = beside / model
    try:
        return str(folder) if model.startswith(".") or folder.is_dir() else model
    except OSError:  # too long for a path, and so for a hub id
        raise ModelError(f"base model {model[:60]!r}...  is no folder and no hub id; check `base_model.id`") from None


def _recorded(plans: Sequence[Plan], store: Store) -> bool:
    latest = {found.spec: found.plan_digest for found in read.latest_specs(store)}
    return all(latest.get(plan.name) == spec_row(plan).plan_digest for plan in plans)


@contextmanager
def _recording(store: Store) -> Iterator[str]:
    run_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    write.start_run(store, run_id, environment())
    try:
        yield run_id
    except KeyboardInterrupt:
        write.finish_run(store, run_id, "interrupted")
        raise
    except BaseException:
        write.finish_run(store, run_id, "failed")
        raise


def _training_step(plan: Plan) -> Step:
    step = plan.step("train")
    assert step is not None
    return step


def _seed(plan: Plan) -> int | None:
    method = plan.resolved.spec.train
    return method.seed if method is not None else None
