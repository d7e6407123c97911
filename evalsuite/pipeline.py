"""The flow on one page: load specs, plan, train, score, compare, decide. Only this module and `running` join stages.

A run goes on where an earlier one stopped: steps whose digest is in the store are not run again, and replies that
were already paid for come from the reply cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from evalsuite.data.fetch import fetch_data
from evalsuite.errors import NotFound
from evalsuite.evidence import baseline_of, evidence
from evalsuite.execute import local
from evalsuite.execute.workbench import Workbench, with_cost
from evalsuite.models import Model
from evalsuite.models.base import Base, BaseCheckpoint
from evalsuite.models.remote.meter import Meter
from evalsuite.paired import MEASURED
from evalsuite.plan import Plan
from evalsuite.plan.built_on import built_on, in_order, planned
from evalsuite.plan.made import base_of
from evalsuite.plan.make import make_plan
from evalsuite.plan.opponents import with_opponents
from evalsuite.plan.recorded import spec_row
from evalsuite.plan.reference import reference_of
from evalsuite.records import Results, Verdict
from evalsuite.running import Run, RunReport, recording
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.load import load_specs
from evalsuite.spec.policy import Policy
from evalsuite.store import Store, read, write
from evalsuite.store.connect import bring_up_to_date
from evalsuite.store.log import RunLog
from evalsuite.store.replies import ReplyCache
from evalsuite.trust import with_trust
from evalsuite.watching import Logged, Watcher


def plan(files: Sequence[Path], store: Store, *, settings: tuple[str, ...] = (), download: bool = False) -> list[Plan]:
    """The plan of every spec as things stand; nothing is trained, asked or written."""
    bases: dict[str, Base] = {}
    plans: dict[str, Plan] = {}
    specs = with_trust(load_specs(files, settings), store)
    for resolved in in_order(specs):
        fetch_data(resolved, download=download)
        key = resolved.spec.model_dump_json(include={"base_model"})
        if key not in bases:
            bases[key] = base_of(resolved, download=download)
        below = built_on(resolved, bases[key], plans=plans, store=store, download=download)
        baseline = baseline_of(resolved, store)
        reference = reference_of(resolved, bases[key], plans=plans, store=store, download=download)
        made = planned(resolved, bases[key], below, store, baseline=baseline, reference=reference)
        plans[resolved.spec.name] = made
    planned_all = [plans[resolved.spec.name] for resolved in specs]
    return [with_opponents(found, planned_all, store) for found in planned_all]


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
    load_judge: Callable[[ResolvedJudge], Model] | None = None,
    max_cost: float | None = None,
) -> RunReport:
    """Train what is not yet trained and score what is not yet scored; a second run does nothing.

    `load` makes the model of a base and `load_judge` that of a judge; without them hf or what the judge names does.
    `max_cost` is the most that all calls to endpoints may cost: a spec that needs more ends with an error, and what is
    paid for is kept. A script that calls this needs the usual `if __name__ == "__main__":`, for small models are
    trained in processes of their own.
    """
    bring_up_to_date(store)
    plans = plan(files, store, settings=settings, download=True)
    done = finished(plans, store)
    missing = [step for plan in plans for step in plan.steps if step.digest not in done]
    if not missing and _recorded(plans, store):
        return RunReport(None, 0, sum(len(plan.steps) for plan in plans), tuple(plans))
    with recording(store) as run_id, closing(ReplyCache(store.replies)) as cache, RunLog(store, run_id) as log:
        meter, told = Meter(max_cost), Logged(watch, log)
        progress = with_cost(told.progress, told.say, meter)
        bench = Workbench(cache, progress, load, meter=meter, load_judge=load_judge)
        report = Run(store, told, run_id, bench).carry_out(plans)
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


def candidate_results(spec: str, store: Store) -> Results:
    """The results of a spec's latest run; raises NotFound with the specs that there are."""
    known = {found.spec: found for found in read.latest_specs(store)}
    if spec not in known:
        raise NotFound(f"no spec {spec!r} in {store.folder}; there are: {', '.join(known) or 'none'}")
    steps = read.steps_of(store, known[spec])
    wanted = [step.digest for step in steps if step.role == "candidate" and step.kind in MEASURED]
    return read.results_of(store, spec, wanted)


def verdict_on_record(plan: Plan, store: Store) -> Verdict:
    """The verdict on what the store knows; raises NotFound when steps of the plan have no results yet."""
    # The plan's own digests, made anew: the policy may be another one than the spec's.
    baseline = baseline_of(plan.resolved, store)
    plan = make_plan(
        plan.resolved,
        plan.base,
        plan.adapter,
        built_on=plan.built_on,
        baseline=baseline,
        opponents=plan.opponents,
        reference=plan.reference,
    )
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
    return local.verdict(plan, evidence(plan, store))


def _recorded(plans: Sequence[Plan], store: Store) -> bool:
    latest = {found.spec: found.plan_digest for found in read.latest_specs(store)}
    return all(latest.get(plan.name) == spec_row(plan).plan_digest for plan in plans)
