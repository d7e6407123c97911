"""Who judges a step by what, and which rules may end the judging early: known before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evalsuite.data.digest import digest
from evalsuite.plan.steps import Cost, Judging
from evalsuite.plugins import Rule
from evalsuite.records import Metric, declaration
from evalsuite.spec.declared import FIDELITY, PAIRED
from evalsuite.spec.document import Document
from evalsuite.spec.judging import ResolvedJudge, Workload
from evalsuite.spec.policy import Policy
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.suite import JudgedSet, Pairing

# A judge says a sentence or two on each criterion, and a few on a pair.
_TOKENS_PER_CRITERION, _TOKENS_PER_PREFERENCE = 60, 120


def judging(resolved: ResolvedJudge, rubric: Rubric) -> Judging:
    """Judge and rubric by name and digest."""
    return Judging(resolved.judge.name, judge_digest(resolved), rubric.name, rubric_digest(rubric))


def judge_digest(resolved: ResolvedJudge) -> str:
    """The digest of all that decides what a judge says; a model in this process counts by its weights."""
    return digest("judge", resolved.identity)


def rubric_digest(rubric: Rubric) -> str:
    """The digest of a rubric without its prose about itself."""
    return digest("rubric", rubric.model_dump(mode="json", exclude={"description"}))


def grading_cost(resolved: ResolvedJudge, rubric: Rubric, *, items: int, characters: int) -> Cost:
    """What it takes to grade so many items with so many characters in all."""
    said = _TOKENS_PER_CRITERION * len(rubric.criteria)
    return _cost(resolved, Workload(rubric, calls=items, characters=characters, said=said))


def preferring_cost(resolved: ResolvedJudge, rubric: Rubric, *, pairs: int, characters: int) -> Cost:
    """What it takes to judge so many pairs in both orders, with so many characters in all in one order."""
    both = Workload(rubric, calls=2 * pairs, characters=2 * characters, said=_TOKENS_PER_PREFERENCE)
    return _cost(resolved, both)


def _cost(resolved: ResolvedJudge, work: Workload) -> Cost:
    usage = resolved.judge.cost(resolved, work)
    return Cost(tokens=usage.prompt_tokens + usage.tokens, judge_calls=usage.calls, money=usage.money)


def early_rules(policy: Policy | None, entry: JudgedSet | Pairing) -> tuple[Rule, ...]:
    """The sequential rules about an entry; none when another rule needs every one of its samples."""
    if policy is None:
        return ()
    about = _about(entry)
    found = tuple(rule for rule in policy.rules if about(rule.metric))
    return found if found and all(rule.looks_every is not None for rule in found) else ()


def early_parts(policy: Policy | None, entry: JudgedSet | Pairing) -> list[Any]:
    """What the judging of an entry depends on besides its own documents; empty where nothing ends it early."""
    rules = early_rules(policy, entry)
    if policy is None or not rules:
        return []
    blocking = sum(rule.severity == "block" for rule in policy.rules)
    terms = [policy.confidence, policy.minimum_n, policy.multiplicity, policy.baseline, blocking]
    return [terms, *(_plain(rule) for rule in rules)]


def _plain(rule: Rule) -> dict[str, Any]:
    assert isinstance(rule, Document)
    # What is judged until it is settled has no slices to look at, so the key says nothing here.
    return rule.model_dump(mode="json", exclude={"every"})


def _about(entry: JudgedSet | Pairing) -> Callable[[str], bool]:
    names: tuple[Metric, ...]
    if isinstance(entry, Pairing):
        # A rule against one of several opponents ends nothing: the others are to be met as well.
        names = (PAIRED["win_rate"].of(entry.name),)
    else:
        names = (entry.score, entry.score.each_part(), FIDELITY.of(entry.name))
    return lambda metric: declaration(metric, names) is not None
