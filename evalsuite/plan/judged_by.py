"""What judging takes, and which rules may end it early: known before anything runs."""

from __future__ import annotations

from collections.abc import Callable

from evalsuite.plan.steps import Cost
from evalsuite.plugins import Rule
from evalsuite.records import Metric, declaration
from evalsuite.spec.declared import FIDELITY, PAIRED
from evalsuite.spec.judging import ResolvedJudge, Workload
from evalsuite.spec.policy import Policy
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.suite import JudgedSet, Pairing

# A judge says a sentence or two on each criterion, and a few on a pair.
_TOKENS_PER_CRITERION, _TOKENS_PER_PREFERENCE = 60, 120


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


def _about(entry: JudgedSet | Pairing) -> Callable[[str], bool]:
    names: tuple[Metric, ...]
    if isinstance(entry, Pairing):
        # A rule against one of several opponents ends nothing: the others are to be met as well.
        names = (PAIRED["win_rate"].of(entry.name),)
    else:
        names = (entry.score, entry.score.each_part(), FIDELITY.of(entry.name))
    return lambda metric: declaration(metric, names) is not None
