"""The flow on one page: load specs, plan, train, score, compare, decide; `run.py` carries out what it starts.

A run goes on where an earlier one stopped: steps whose digest is in the store are not run again, and replies that
were already paid for come from the reply cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from evalsuite.errors import NotFound
from evalsuite.execute.workbench import Workbench, with_cost
from evalsuite.models.checkpoints.base import BaseCheckpoint
from evalsuite.models.openai.calls import Meter
from evalsuite.models.protocol import Model
from evalsuite.pipeline.evidence import with_trust
from evalsuite.pipeline.run import Logged, Run, RunReport, Watcher, record, recording
from evalsuite.pipeline.verdicts_kept import verdict_on
from evalsuite.plan.resolve_plan import Around, resolve_plan, resolve_plans
from evalsuite.plan.steps import Plan, spec_row
from evalsuite.records import MEASURED, Results, Verdict
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.loading.load import load_specs
from evalsuite.spec.policy import Policy
from evalsuite.store import Store, read, write
from evalsuite.store.connect import bring_up_to_date
from evalsuite.store.replies import ReplyCache
from evalsuite.store.runs import RunLog


def plan(files: Sequence[Path], store: Store, *, settings: tuple[str, ...] = (), download: bool = False) -> list[Plan]:
    """The plan of every spec as things stand; nothing is trained, asked or written."""
    return resolve_plans(with_trust(load_specs(files, settings), store), store, download=download)


def plan_to_read(files: Sequence[Path], store: Store, *, settings: tuple[str, ...] = ()) -> list[Plan]:
    """The plan of every spec for who reads what runs measured: what a round of all paired then is read again."""
    bring_up_to_date(store)
    return resolve_plans(with_trust(load_specs(files, settings), store), store, as_recorded=True)


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
        count = sum(len(plan.steps) for plan in plans)
        given = [(plan, verdict_on(plan, store)) for plan in plans if plan.resolved.policy is not None]
        return RunReport(None, 0, count, tuple(plans), verdicts=tuple(given))
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
    """The verdict of each spec on results already there; raises NotFound for a spec without results or policy.

    Another policy than the specs' own is asked beside them: its verdict is stored, and their own stands.
    """
    plans = plan_to_read(files, store, settings=settings)
    if policy is None:
        return verdicts(plans, store)
    asked = [replace(found, resolved=replace(found.resolved, policy=policy)) for found in plans]
    asked = [resolve_plan(found.resolved, found.base, Around(store), earlier=found) for found in asked]
    return [(found, verdict_on(found, store)) for found in asked]


def verdicts(plans: Sequence[Plan], store: Store) -> list[tuple[Plan, Verdict]]:
    """Each plan with the verdict by its spec's own policy, which is what the leaderboard shows from now on.

    What was decided before on the same evidence is read. Raises NotFound for a spec without results or policy.
    """
    for found in plans:
        if found.resolved.policy is None:
            raise NotFound(f"{found.resolved.file}  names no gate; add `gate: release` or give --policy")
    given = [(found, verdict_on(found, store)) for found in plans]
    late = [found for found in plans if not _recorded([found], store)]
    if late:
        # As a run would that has nothing else to do, so that there is one place to look for what holds now.
        with recording(store) as run_id:
            record(store, run_id, late)
            write.finish_run(store, run_id, "finished")
    return given


def candidate_results(spec: str, store: Store) -> Results:
    """The results of a spec's latest run; raises NotFound with the specs that there are."""
    known = {found.spec: found for found in read.latest_specs(store)}
    if spec not in known:
        raise NotFound(f"no spec {spec!r} in {store.folder}; there are: {', '.join(known) or 'none'}")
    steps = read.steps_of(store, known[spec])
    wanted = [step.digest for step in steps if step.role == "candidate" and step.kind in MEASURED]
    return read.results_of(store, spec, wanted)


def _recorded(plans: Sequence[Plan], store: Store) -> bool:
    latest = {found.spec: found.plan_digest for found in read.latest_specs(store)}
    return all(latest.get(plan.name) == spec_row(plan).plan_digest for plan in plans)
