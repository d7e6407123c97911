"""What the store knows of a candidate and its judges, and the verdict that is decided from it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalsuite.errors import NotFound
from evalsuite.evaluate.pairwise.comparison import compare
from evalsuite.evaluate.scoring.aggregate import Measured
from evalsuite.execute import local
from evalsuite.gate.decide import decide
from evalsuite.judges.ppi import correct_by_labels
from evalsuite.plan.digests import judging
from evalsuite.plan.resolve_plan import no_baseline
from evalsuite.plan.steps import NO_REFERENCE, Judging, Plan, Step, step_row
from evalsuite.records import (
    MEASURED,
    UNKNOWN,
    Evidence,
    Measurement,
    Metric,
    Outcome,
    Result,
    Results,
    RuleOutcome,
    Verdict,
    how_they_differ,
    results_of,
)
from evalsuite.spec.declared import HEALTH
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.store import Store, read, write
from evalsuite.store.connect import open_for_reads
from evalsuite.store.judges import Knowledge, checks, human_scores, knowledge

# What a judge must show before anything it says is evidence; named even where nobody has measured it.
_ASKED_FOR = ("agreement", "consistency")


def with_trust(specs: Sequence[ResolvedSpec], store: Store) -> list[ResolvedSpec]:
    """The specs with digests of what is known of their judges, so that a newer check or label decides them anew."""
    known = knowledge(store)
    return [_with_known(resolved, known) for resolved in specs]


def _with_known(resolved: ResolvedSpec, known: Knowledge) -> ResolvedSpec:
    trust = {}
    for judge, rubric in sorted(resolved.suite.judged_by):
        its = judging(resolved.judges[judge], resolved.rubrics[rubric])
        found = known.health.get((its.judge_digest, its.rubric_digest)), known.labels.get(its.rubric_digest)
        if found != (None, None):
            trust[f"{judge} by {rubric}"] = found
    return replace(resolved, trust=trust)


def with_health(candidate: Results, plan: Plan, store: Store) -> Results:
    """The results with `judge.JUDGE.FIGURE` for each judge of the plan's candidate, next to what it said.

    Where a judge works by several rubrics or was measured on several kinds of labels, the worst figure counts. What
    was never measured is None with the command that measures it.
    """
    judged = [step.judging for step in plan.steps if step.role == "candidate" and step.judging is not None]
    if not judged:
        return candidate
    found = _health(judged, store)
    results = {metric.name: result for metric, result in found.values()}
    metrics = {metric.name: metric for metric, _ in found.values()}
    return replace(candidate, by_metric={**candidate.by_metric, **results}, metrics={**candidate.metrics, **metrics})


def with_corrections(outcome: Outcome, plan: Plan, candidate: Results, store: Store) -> Outcome:
    """The outcome with each judged set's mean score as people correct it, where they scored some of its replies."""
    resolved, found = plan.resolved, []
    for entry in resolved.suite.judged:
        step = plan.step("score", entry.name, "candidate")
        rubric = resolved.rubrics[entry.rubric]
        its = judging(resolved.judges[entry.judge], rubric)
        labels = human_scores(store, its.rubric_digest)
        if labels and step is not None and step.digest:
            replies = read.replies_of(store, step.digest)
            found.append(correct_by_labels(entry.name, replies, candidate, labels=labels, rubric=rubric))
    kept = [measured for measured in found if measured is not None]
    results = (*outcome.results, *(result for _, result in kept))
    return replace(outcome, results=results).declaring(metric for metric, _ in kept)


def _health(judged: Sequence[Judging], store: Store) -> Mapping[str, Measured]:
    """The figures of these judges, by name."""
    known = checks(store)
    found: dict[str, Measured] = {}
    for row in dict.fromkeys(judged):
        of = (row.judge_digest, row.rubric_digest)
        made = [check for check in known if (check.row.judge_digest, check.row.rubric_digest) == of]
        figures = [measured for check in made for measured in check.measured]
        missing = [name for name in _ASKED_FOR if name not in {metric.name for metric, _ in figures}]
        figures += [(HEALTH[name], Result(name, None, None, None, 0, reason=_never(row))) for name in missing]
        for metric, its in figures:
            own = metric.of_judge(row.judge)
            before = found[own.name][1] if own.name in found else None
            found[own.name] = own, _worse(own, before, replace(its, metric=own.name))
    return found


def _worse(metric: Metric, known: Result | None, other: Result) -> Result:
    if known is None or other.value is None:
        return other
    if known.value is None:
        return known
    return min(known, other, key=lambda its: metric.gain(its.value or 0.0) or 0.0)


def _never(row: Judging) -> str:
    return (
        f"judge {row.judge} was never measured so by rubric {row.rubric}; "
        f"`evalsuite judge check {row.judge} --rubric {row.rubric} --labels FILE` does it"
    )


def evidence(plan: Plan, store: Store) -> Evidence:
    """What the store knows of candidate, baseline, base and author; raises NotFound when the baseline is unknown."""
    with open_for_reads(store) as held:
        return _evidence(plan, held)


def _evidence(plan: Plan, store: Store) -> Evidence:
    measured = plan.digests(*MEASURED, roles=("candidate",))
    candidate = with_health(read.results_of(store, plan.name, measured), plan, store)
    author = read.results_of(store, "author", plan.digests("score", roles=("author",)))
    theirs, its = plan.digests("score", "probe", "style", roles=("base",)), plan.reference
    base = read.results_of(store, "base", theirs)
    base = replace(base, name=None if its.own else its.name, missing=its.missing)
    if its.base is None:
        # What a name has on record was asked by that spec's suite, not by this one's.
        asked = [plan.digests("score", "probe", roles=(role,)) for role in ("candidate", "base")]
        base = base.without(_apart(candidate, base, *(read.measured_on(store, digests) for digests in asked)))
    baseline = base
    policy = plan.resolved.policy
    if policy is not None and policy.baseline != "base":
        if plan.baseline is None:
            raise no_baseline(plan.resolved, policy.baseline, store)
        # The plan's own, whose digests are in that of its verdict: what another run measures meanwhile is not read.
        baseline = read.results_of(store, policy.baseline, plan.baseline.digests)
        both = (read.measured_on(store, digests) for digests in (measured, plan.baseline.digests))
        baseline = baseline.without(_apart(candidate, baseline, *both))
    candidate, baseline, base, author = (_declared(its, plan) for its in (candidate, baseline, base, author))
    return Evidence(candidate, baseline, base, author, plan.facts, seed=plan.resolved.suite.seed)


def _apart(
    candidate: Results, other: Results, ours: Mapping[str, Measurement], theirs: Mapping[str, Measurement]
) -> dict[str, str]:
    """Why metrics that both have cannot be compared, by metric: they were measured differently."""
    shared = {*candidate.by_metric, *candidate.scores} & {*other.by_metric, *other.scores}
    found = {}
    for name in sorted(shared):
        mine, its = _kept(name, ours, candidate), _kept(name, theirs, other)
        if UNKNOWN in (mine, its):
            # Of what an older evalsuite kept the number of samples alone is known.
            mine, its = (_counted(results.by_metric.get(name)) for results in (candidate, other))
        if mine.digest != its.digest:
            said, told = how_they_differ(mine, its)
            found[name] = (
                f"{name} was measured differently for {candidate.label} ({said}) and for {other.label} ({told}), so "
                "the two are not compared; run both by one suite"
            )
    return found


def _kept(name: str, known: Mapping[str, Measurement], results: Results) -> Measurement:
    """What a figure was measured on: itself, or else the entry that it belongs to."""
    if name in known or name not in results.metrics:
        return known.get(name, UNKNOWN)
    entry, metrics = results.metrics[name].entry, results.metrics
    of_entry = (its for other, its in known.items() if other in metrics and metrics[other].entry == entry)
    return next(of_entry, UNKNOWN)


def _counted(result: Result | None) -> Measurement:
    many = 0 if result is None else result.n + result.unscored
    return Measurement(f"of {many} samples", (f"{many:,} samples",))


def rules_without_reference(resolved: ResolvedSpec) -> list[str]:
    """What the rules will say that compare, where the spec names nothing to compare with; known before anything runs.

    The gate is asked itself: each rule sees a candidate of which nothing is known but what cannot be compared.
    """
    spec, policy = resolved.spec, resolved.policy
    if policy is None or spec.adapts or spec.reference is not None:
        return []
    base, author = Results("base", missing=NO_REFERENCE), Results("author")
    candidate = results_of(spec.name, compare(resolved.suite, base, Results(spec.name), author=author))
    candidate = replace(candidate, metrics={**resolved.metrics, **candidate.metrics})
    baseline = base if policy.baseline == "base" else Results(policy.baseline)
    found = decide(policy, Evidence(candidate, baseline, base, author))
    return [f"{its.rule}: {its.sentence}" for its in found.outcomes if its.answer == "invalid"]


def _declared(results: Results, plan: Plan) -> Results:
    """The results with what the suite says of its metrics, those that are yet to be measured among them."""
    told = {name: metric for name, metric in plan.resolved.metrics.items() if not metric.is_pattern}
    return replace(results, metrics={**told, **results.metrics})


def verdict_on(plan: Plan, store: Store) -> Verdict:
    """The verdict on a plan's candidate: the stored one, or else decided now from what is on record, and stored.

    Raises NotFound when steps of the plan have no results yet, or its baseline has none.
    """
    known = stored_verdict(plan, store)
    if known is not None:
        return known
    missing = steps_without_results(plan, store)
    if missing:
        # Of an adapter that was not applied nothing is measured, and that is the verdict.
        found = _verdict(plan, store)
        if found is not None and found.answer == "invalid":
            return found
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise NotFound(
            f"{plan.resolved.file}  {plan.name} has no results for {missing[0].label}{more}; `evalsuite run` makes them"
        )
    return decide_and_keep(plan, store)


def stored_verdict(plan: Plan, store: Store) -> Verdict | None:
    """The verdict that was decided on all that the plan's rules read; None when none was."""
    step = _decision(plan)
    return _verdict(plan, store) if step.digest and read.finished(store, [step.digest]) else None


def decide_and_keep(plan: Plan, store: Store) -> Verdict:
    """Hold what is on record against the plan's policy, and keep the verdict; raises NotFound without its baseline."""
    policy, step = plan.resolved.policy, _decision(plan)
    if policy is not None and policy.baseline != "base" and plan.baseline is None:
        raise no_baseline(plan.resolved, policy.baseline, store)
    assert step.digest, "what is not measured yet cannot be decided"
    found = local.verdict(plan, evidence(plan, store))
    write.save_verdict(store, step_row(step), found)
    return found


def keep_rejection(plan: Plan, store: Store, why: str) -> Verdict | None:
    """Keep that a candidate cannot be measured, for its adapter was not applied; it is tried again by the next run.

    None where the plan lacks what a verdict's digest covers, so that nothing can be kept.
    """
    step = _decision(plan)
    assert plan.resolved.policy is not None
    if not step.digest:
        return None
    found = Verdict("invalid", plan.resolved.policy.name, (RuleOutcome("applied_proof", "adapter", "invalid", why),))
    write.save_verdict(store, step_row(step), found, done=False)
    return found


def steps_without_results(plan: Plan, store: Store) -> list[Step]:
    """The steps, other than training and deciding, that have no results in the store yet."""
    steps = [step for step in plan.steps if step.kind not in ("train", "decide")]
    done = read.finished(store, [step.digest for step in steps if step.digest])
    return [step for step in steps if step.digest not in done]


def _decision(plan: Plan) -> Step:
    step = plan.step("decide")
    assert step is not None, "a spec without a gate has no verdict"
    return step


def _verdict(plan: Plan, store: Store) -> Verdict | None:
    step = _decision(plan)
    return read.verdict_of(store, step.digest) if step.digest and store.results.exists() else None
