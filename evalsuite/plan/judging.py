"""Who judges a step by what: digests of judge and rubric, and what judging will cost."""

from __future__ import annotations

from evalsuite.data.digest import digest
from evalsuite.plan import Cost, Judging
from evalsuite.spec.judging import ResolvedJudge, Workload
from evalsuite.spec.rubric import Rubric

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
