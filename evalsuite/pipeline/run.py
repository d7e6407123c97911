"""One run being carried out: trainings, then scores, then what rests on them, each kept as soon as it is there."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from evalsuite.environment import environment
from evalsuite.errors import AdapterNotApplied, EvalsuiteError, NotFound
from evalsuite.execute import local, side_by_side
from evalsuite.execute import local as probing
from evalsuite.execute.workbench import Workbench
from evalsuite.pipeline.evidence import (
    decide_and_keep,
    evidence,
    keep_rejection,
    steps_without_results,
    stored_verdict,
    with_corrections,
)
from evalsuite.plan.compared_with import reference_of, spec_waited_for
from evalsuite.plan.dependencies import in_order, known_adapter
from evalsuite.plan.resolve_plan import Around, met, resolve_plan
from evalsuite.plan.steps import BuiltOn, Plan, Step, spec_row, step_row, training_record
from evalsuite.records import Adapter, Outcome, StepKind, Training, Usage, Verdict
from evalsuite.store import Store, read, write
from evalsuite.store.runs import RunLog, save_run_cost

_SECONDS_BETWEEN = 5.0


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


class Logged:
    """A watcher whose run is logged as well: what begins, ends and fails, and now and then how far a step is."""

    def __init__(self, watch: Watcher, log: RunLog) -> None:
        self._watch, self._log = watch, log
        self._label = ""
        # When each step that goes on was last heard of: trainings side by side take turns to tell.
        self._told: dict[str, float] = {}

    def begin(self, plan: Plan, step: Step) -> None:
        """Tell which step starts."""
        self._label = f"{plan.name}  {step.label}"
        if self._label not in self._told:
            self._told[self._label] = time.monotonic()
            self._log.write(f"{self._label}  begins")
        self._watch.begin(plan, step)

    def progress(self, done: int, total: int) -> None:
        """Tell how many of the step's samples are there."""
        self._note(f"{done}/{total}")
        self._watch.progress(done, total)

    def say(self, text: str) -> None:
        """Tell what the step tells."""
        self._note(text)
        self._watch.say(text)

    def end(self, seconds: float) -> None:
        """Tell that the step is done."""
        self._told.pop(self._label, None)
        self._log.write(f"{self._label}  done in {seconds:.1f} s")
        self._watch.end(seconds)

    def failed(self, spec: str, error: str) -> None:
        """Log that a spec could not be carried through; whoever watches reads it in the report."""
        self._log.write(f"{spec}  could not be carried through: {error}")

    def _note(self, text: str) -> None:
        if time.monotonic() - self._told.get(self._label, 0.0) >= _SECONDS_BETWEEN:
            self._told[self._label] = time.monotonic()
            self._log.write(f"{self._label}  {text}")


# The kinds of step that rest on what other specs said as well.
_COMPARING: tuple[StepKind, ...] = ("pair", "compare")

# Fewer places than this, and trainings run one after another in this process.
_SEVERAL = 2


@dataclass(frozen=True)
class RunReport:
    """How a run ended: what it did, the verdicts, and the errors of the specs that could not be carried through."""

    run_id: str | None
    steps_run: int
    steps_cached: int
    plans: tuple[Plan, ...]
    errors: tuple[tuple[str, str], ...] = ()
    verdicts: tuple[tuple[Plan, Verdict], ...] = ()


class Run:
    """One run being carried out."""

    def __init__(self, store: Store, watch: Logged, run_id: str, bench: Workbench) -> None:
        self.store, self.watch, self.run_id, self.bench = store, watch, run_id, bench
        self.ran = 0
        self.cached = 0
        self.errors: list[tuple[str, str]] = []
        self._made: dict[str, Training | EvalsuiteError] = {}
        self._unapplied: dict[str, str] = {}
        self._verdicts: dict[str, tuple[Plan, Verdict]] = {}
        self._kept = Usage()

    def carry_out(self, plans: Sequence[Plan]) -> RunReport:
        """Trainings first, so that all scoring shares one loaded base; then scores, then what rests on them."""
        self._record(plans)
        self._train_side_by_side(plans)
        trained = self._trained(plans)
        self._record([plan for plan in trained if all(plan is not known for known in plans)])
        scored = self._scored(trained, [plan.name for plan in plans])
        # Everybody's replies are there before anybody is compared with anybody.
        known = {plan.name: plan for plan in (*trained, *scored)}
        together = [met(plan, tuple(known.values()), self.store) for plan in known.values()]
        self._record([plan for plan in together if plan is not known[plan.name]])
        names = {plan.name for plan in scored}
        paired = [plan for plan in together if plan.name in names]
        compared = [found for plan in paired if (found := self._guarded(plan, self._compare)) is not None]
        # A policy may compare with another spec, so all is measured before anything is decided.
        final = [found for plan in compared if (found := self._guarded(plan, self._decide)) is not None]
        for plan in together:
            self._reject(plan)
        self._keep_cost()
        latest = {plan.name: plan for plan in (*together, *final)}
        plans_, verdicts = tuple(latest.values()), tuple(self._verdicts.values())
        return RunReport(self.run_id, self.ran, self.cached, plans_, tuple(self.errors), verdicts)

    def _trained(self, plans: Sequence[Plan]) -> list[Plan]:
        """The plans with their adapters, without those that could not be trained; what others build on comes first."""
        waiting = {plan.name: plan for plan in plans}
        trained: dict[str, Plan] = {}
        for resolved in in_order([plan.resolved for plan in plans]):
            plan = self._guarded(waiting[resolved.spec.name], lambda plan: self._train(self._settled(plan, trained)))
            if plan is not None:
                trained[plan.name] = plan
        return [trained[plan.name] for plan in plans if plan.name in trained]

    def _settled(self, plan: Plan, trained: Mapping[str, Plan]) -> Plan:
        """The plan once the adapter that it waited for is there; raises NotFound when that could not be trained."""
        before = plan.built_on.waits_for
        if before is None:
            return plan
        if before not in trained:
            raise NotFound(f"{plan.resolved.file}  {plan.name} builds on {before}, which could not be trained")
        return resolve_plan(plan.resolved, plan.base, Around(self.store, trained), earlier=plan)

    def _scored(self, trained: Sequence[Plan], names: Sequence[str]) -> list[Plan]:
        """The plans with all scores of their own; whoever is compared with another spec comes after it."""
        waiting = {plan.name: plan for plan in trained}
        scored: dict[str, Plan] = {}
        for resolved in in_order([plan.resolved for plan in trained]):
            found = self._guarded(
                waiting[resolved.spec.name], lambda plan: self._score(self._referred(plan, names, scored))
            )
            if found is not None:
                scored[found.name] = found
        return [scored[plan.name] for plan in trained if plan.name in scored]

    def _referred(self, plan: Plan, names: Sequence[str], scored: Mapping[str, Plan]) -> Plan:
        """The plan with the results of the spec of this run that it is compared with; raises NotFound without any."""
        other = spec_waited_for(plan, names)
        if other is None:
            return plan
        if other not in scored:
            raise NotFound(f"{plan.resolved.file}  {plan.name} is compared with {other}, which could not be scored")
        reference = reference_of(plan.resolved, plan.base, plans=scored, store=self.store)
        earlier = replace(plan, reference=reference)
        plan = resolve_plan(plan.resolved, plan.base, Around(self.store), earlier=earlier)
        self._record([plan])
        return plan

    def _guarded(self, plan: Plan, stage: Callable[[Plan], Plan]) -> Plan | None:
        # One spec's trouble must not cost the others their results.
        try:
            return stage(plan)
        except EvalsuiteError as error:
            self.errors.append((plan.name, str(error)))
            self.watch.failed(plan.name, str(error))
            return None

    def _train_side_by_side(self, plans: Sequence[Plan]) -> None:
        """Run the trainings that can run at once; what comes of each waits for `_train` to take it up."""
        # What builds on an adapter waits for it; and two that ask one teacher would pay for an answer twice.
        declared = {
            _training_step(plan).digest: plan
            for plan in reversed(plans)
            if plan.step("train") is not None and plan.built_on == BuiltOn()
        }
        waiting = [plan for plan in reversed(declared.values()) if plan.adapter is None]
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
        if plan.name not in self._made:
            twin = known_adapter(plan.resolved, plan.base, _training_step(plan).digest, self.store)
            if twin is not None:
                # Another spec of this run declared the same training.
                self.cached += 1
                return self._with(plan, twin)
        made = self._made.get(plan.name)
        if isinstance(made, EvalsuiteError):
            raise made
        if made is None:
            with self._timed(plan, _training_step(plan)) as started:
                made = local.train(plan, self._output(plan), self.watch.say, teacher=self.bench.teacher(plan))
                self._save(plan, made, seconds=time.monotonic() - started)
        else:
            self.ran += 1
        return self._with(plan, made.adapter)

    def _with(self, plan: Plan, adapter: Adapter) -> Plan:
        """The plan made anew, with an adapter that is there now."""
        return resolve_plan(plan.resolved, plan.base, Around(self.store), earlier=replace(plan, adapter=adapter))

    def _output(self, plan: Plan) -> Path:
        return self.store.adapters / f"{plan.name}-{(_training_step(plan).digest or '')[:12]}"

    def _save(self, plan: Plan, training: Training, *, seconds: float) -> None:
        record = training_record(plan, seconds=training.wall_seconds)
        write.save_training(self.store, step_row(_training_step(plan)), training, seconds=seconds, record=record)

    def _told(self, plan: Plan, text: str) -> None:
        self.watch.begin(plan, _training_step(plan))
        self.watch.say(text)

    def _score(self, plan: Plan) -> Plan:
        later = ("train", "decide", *_COMPARING)
        return self._carry_through(plan, [step for step in plan.steps if step.kind not in later])

    def _compare(self, plan: Plan) -> Plan:
        return self._carry_through(plan, [step for step in plan.steps if step.kind in _COMPARING])

    def _carry_through(self, plan: Plan, steps: Sequence[Step]) -> Plan:
        done = read.finished(self.store, [step.digest for step in plan.steps if step.digest])
        for step in steps:
            if step.digest in done:
                self.cached += 1
                continue
            with self._timed(plan, step) as started:
                self._step(plan, step, started)
        return plan

    def _decide(self, plan: Plan) -> Plan:
        policy = plan.resolved.policy
        if policy is None:
            return plan
        if policy.baseline != "base":
            # Made anew, for its baseline may have been measured just now; what rests on that is measured again.
            plan = resolve_plan(plan.resolved, plan.base, Around(self.store), earlier=plan)
            self._record([plan])
            self._carry_through(plan, steps_without_results(plan, self.store))
        verdict, step = stored_verdict(plan, self.store), plan.step("decide")
        assert step is not None
        if verdict is None:
            with self._timed(plan, step):
                verdict = decide_and_keep(plan, self.store)
        else:
            self.cached += 1
        self._verdicts[plan.name] = plan, verdict
        return plan

    def _reject(self, plan: Plan) -> None:
        """Keep that a candidate is not to be trusted whose adapter was not applied."""
        why = self._unapplied.get(plan.name)
        if why is not None and plan.resolved.policy is not None:
            verdict = keep_rejection(plan, self.store, why)
            if verdict is not None:
                self._verdicts[plan.name] = plan, verdict

    def _step(self, plan: Plan, step: Step, started: float) -> None:
        row = step_row(step)
        if step.kind == "prove":
            try:
                local.prove(plan, self.bench)
            except AdapterNotApplied as error:
                self._unapplied[plan.name] = str(error)
                raise
            write.save_step(self.store, row, seconds=time.monotonic() - started)
        else:
            if step.kind == "compare":
                found = evidence(plan, self.store)
                outcome = with_corrections(local.contrast(plan, found), plan, found.candidate, self.store)
            elif step.kind == "overlap":
                outcome = local.overlap(plan)
            else:
                outcome = self._asked(plan, step)
            seconds = time.monotonic() - started
            write.save_outcome(self.store, row, outcome, seconds=seconds, seed=plan.resolved.suite.seed)

    def _keep_cost(self) -> None:
        """Keep what the run has paid to endpoints so far, where it asks any."""
        if self.bench.paid != self._kept:
            self._kept = self.bench.paid
            save_run_cost(self.store, self.run_id, self._kept)

    @contextmanager
    def _timed(self, plan: Plan, step: Step) -> Iterator[float]:
        self.watch.begin(plan, step)
        started = time.monotonic()
        yield started
        self.ran += 1
        self._keep_cost()
        self.watch.end(time.monotonic() - started)

    def _asked(self, plan: Plan, step: Step) -> Outcome:
        if step.kind in ("probe", "style"):
            return (probing.probe if step.kind == "probe" else local.style)(plan, step, self.bench)
        known = partial(evidence, plan, self.store)
        return (local.score if step.kind == "score" else local.pair)(plan, step, self.bench, known)

    def _record(self, plans: Sequence[Plan]) -> None:
        record(self.store, self.run_id, plans)


def record(store: Store, run_id: str, plans: Sequence[Plan]) -> None:
    """Keep what a run planned for its specs, in place of what it planned for them before."""
    if plans:
        write.save_plan(store, run_id, [spec_row(plan) for plan in plans])


@contextmanager
def recording(store: Store) -> Iterator[str]:
    """A run in the store's books, whose id is given; finished, failed or interrupted as its body ends."""
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
