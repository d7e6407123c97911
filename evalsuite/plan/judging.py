"""Who judges a step by what: digests of judge and rubric, and what judging will cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evalsuite.data.digest import digest
from evalsuite.models.base import QUICKSTART, BaseCheckpoint, find_base
from evalsuite.plan import Cost, Judging
from evalsuite.spec.endpoint import Endpoint
from evalsuite.spec.judge import Asked, HfJudge
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.rubric import Rubric

# A judge says a sentence or two on each criterion, and a few on a pair.
_TOKENS_PER_CRITERION, _TOKENS_PER_PREFERENCE, _CHARACTERS_PER_TOKEN = 60, 120, 4


def judging(resolved: ResolvedJudge, rubric: Rubric) -> Judging:
    """Judge and rubric by name and digest."""
    return Judging(resolved.judge.name, judge_digest(resolved), rubric.name, rubric_digest(rubric))


def judge_digest(resolved: ResolvedJudge) -> str:
    """The digest of all that decides what a judge says; a model in this process counts by its weights."""
    return digest("judge", _identity(resolved))


def rubric_digest(rubric: Rubric) -> str:
    """The digest of a rubric without its prose about itself."""
    return digest("rubric", rubric.model_dump(mode="json", exclude={"description"}))


def base_of(resolved: ResolvedJudge, *, download: bool) -> BaseCheckpoint:
    """The checkpoint of a judge that answers in this process; raises ModelError when it is not there."""
    judge = resolved.judge
    assert isinstance(judge, HfJudge)
    return find_base(_located(judge, resolved.file), revision=judge.revision, dtype=judge.dtype, download=download)


def grading_cost(resolved: ResolvedJudge, rubric: Rubric, *, items: int, characters: int) -> Cost:
    """What it takes to grade so many items with so many characters in all."""
    return _cost(
        resolved, rubric, calls=items, characters=characters, said=_TOKENS_PER_CRITERION * len(rubric.criteria)
    )


def preferring_cost(resolved: ResolvedJudge, rubric: Rubric, *, pairs: int, characters: int) -> Cost:
    """What it takes to judge so many pairs in both orders, with so many characters in all in one order."""
    said = _TOKENS_PER_PREFERENCE
    return _cost(resolved, rubric, calls=2 * pairs, characters=2 * characters, said=said)


def _cost(resolved: ResolvedJudge, rubric: Rubric, *, calls: int, characters: int, said: int) -> Cost:
    costs = [_seat(seat, rubric, calls=calls, characters=characters, said=said) for seat in resolved.seats]
    return Cost(
        tokens=sum(cost.tokens for cost in costs),
        judge_calls=sum(cost.judge_calls for cost in costs),
        money=sum(cost.money for cost in costs),
    )


def _seat(seat: ResolvedJudge, rubric: Rubric, *, calls: int, characters: int, said: int) -> Cost:
    judge = seat.judge
    if not isinstance(judge, Asked) or seat.prompt is None:
        return Cost(judge_calls=calls)
    words = sum(len(criterion.description) + sum(map(len, criterion.anchors.values())) for criterion in rubric.criteria)
    read = (characters + calls * (words + len(seat.prompt.grade))) // _CHARACTERS_PER_TOKEN * judge.samples
    written = calls * min(said, judge.max_tokens) * judge.samples
    money = judge.money(read, written) if isinstance(judge, Endpoint) else 0.0
    return Cost(tokens=read + written, judge_calls=calls * judge.samples, money=money)


def _identity(resolved: ResolvedJudge) -> dict[str, Any]:
    if resolved.members:
        return {"kind": "panel", "members": [_identity(member) for member in resolved.members]}
    judge, identity = resolved.judge, resolved.identity
    if isinstance(judge, HfJudge) and _is_local(judge, resolved.file):
        # Not the path but the weights behind it; a hub id stands for itself with its revision.
        return identity | {"model": base_of(resolved, download=False).digest}
    return identity


def _is_local(judge: HfJudge, file: Path) -> bool:
    located = _located(judge, file)
    return located == QUICKSTART or Path(located).expanduser().is_dir()


def _located(judge: HfJudge, file: Path) -> str:
    folder = file.resolve().parent / judge.model
    try:
        return str(folder) if judge.model.startswith(".") or folder.is_dir() else judge.model
    except OSError:  # too long for a path; find_base says what is wrong with it
        return judge.model
