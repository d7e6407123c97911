"""From a judge document to a judge that can be asked."""

from __future__ import annotations

from collections.abc import Callable

from evalsuite.evaluate.judge import Grader
from evalsuite.evaluate.language import LanguageJudge
from evalsuite.evaluate.offline import OfflineJudge as Rules
from evalsuite.evaluate.panel import Panel
from evalsuite.models import Model
from evalsuite.spec.judge import OfflineJudge, PanelJudge
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.rubric import Rubric

ModelOf = Callable[[ResolvedJudge], Model]


def grader(resolved: ResolvedJudge, rubric: Rubric, *, model_of: ModelOf, repeat: int = 0) -> Grader:
    """The judge, ready to grade by a rubric; `model_of` makes the model of each judge that is one."""
    if resolved.members:
        members = tuple(grader(member, rubric, model_of=model_of, repeat=repeat) for member in resolved.members)
        return Panel(members, rubric)
    judge = resolved.judge
    if isinstance(judge, OfflineJudge | PanelJudge):
        return Rules(rubric)
    assert resolved.prompt is not None
    return LanguageJudge(model_of(resolved), judge, resolved.prompt, rubric, repeat)
