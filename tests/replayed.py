"""A judge made of a function of the two replies that it is shown, asked through the real prompts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from evalsuite.models.scripted import ScriptedModel
from evalsuite.records import Adapter, Prompt
from evalsuite.spec.judging import ResolvedJudge

_BLOCK = r"\[BEGIN {kind} ([0-9a-f]{{16}})\]\n(.*?)\n\[END {kind} \1\]"


def block(kind: str, prompt: str) -> str:
    """The material of that kind in a judge's prompt."""
    found = re.search(_BLOCK.format(kind=kind), prompt, re.DOTALL)
    assert found
    return found[2]


def preferring(choose: Callable[[str, str, str], str]) -> Callable[[ResolvedJudge], ScriptedModel]:
    """Makes the model of a judge that says `choose(question, first, second)`; None is prose instead of JSON."""

    def answer(prompt: Prompt, adapter: Adapter | None) -> str:
        said = choose(*(block(kind, prompt.shown) for kind in ("question", "first reply", "second reply")))
        return json.dumps({"reason": "it is", "better": said})

    return lambda resolved: ScriptedModel(answer)


def grading(scores: Callable[[str, str], dict[str, int]]) -> Callable[[ResolvedJudge], ScriptedModel]:
    """Makes the model of a judge that gives `scores(question, reply)`."""

    def answer(prompt: Prompt, adapter: Adapter | None) -> str:
        found = scores(*(block(kind, prompt.shown) for kind in ("question", "reply")))
        return json.dumps({name: {"reason": "it is", "score": score} for name, score in found.items()})

    return lambda resolved: ScriptedModel(answer)
