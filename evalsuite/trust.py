"""What the store knows of the judges behind a spec's results: their health as metrics, people's labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalsuite.evaluate.corrected import corrected
from evalsuite.plan import Judging, Plan
from evalsuite.plan.judging import judging
from evalsuite.records import Outcome, Result, Results
from evalsuite.spec.resolved import ResolvedSpec
from evalsuite.store import Store, read
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
    return replace(candidate, by_metric={**candidate.by_metric, **_health(judged, store)}) if judged else candidate


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
            found.append(corrected(entry.name, replies, candidate, labels=labels, rubric=rubric))
    return replace(outcome, results=(*outcome.results, *(result for result in found if result is not None)))


def _health(judged: Sequence[Judging], store: Store) -> Mapping[str, Result]:
    known = checks(store)
    found: dict[str, Result] = {}
    for row in dict.fromkeys(judged):
        of = (row.judge_digest, row.rubric_digest)
        figures = [its for c in known if (c.row.judge_digest, c.row.rubric_digest) == of for its in c.results]
        missing = [name for name in _ASKED_FOR if name not in {its.metric for its in figures}]
        figures += [Result(name, None, None, None, 0, reason=_never(row)) for name in missing]
        for its in figures:
            name = f"judge.{row.judge}.{its.metric}"
            found[name] = _worse(found.get(name), replace(its, metric=name))
    return found


def _worse(known: Result | None, other: Result) -> Result:
    if known is None or other.value is None:
        return other
    if known.value is None:
        return known
    more_is_worse = other.metric.rsplit(".", 1)[-1] in _LESS_IS_BETTER
    return max(known, other, key=lambda its: (its.value or 0.0) * (1 if more_is_worse else -1))


_LESS_IS_BETTER = ("biased_to_first", "biased_to_second", "latency", "leniency", "money", "unparsed", "verbosity_bias")


def _never(row: Judging) -> str:
    return (
        f"judge {row.judge} was never measured so by rubric {row.rubric}; "
        f"`evalsuite judge check {row.judge} --rubric {row.rubric} --labels FILE` does it"
    )
