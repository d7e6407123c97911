"""Judges with all that they name: the text of the prompt, the members of a panel, where a local model lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from evalsuite.errors import DocumentError, Problem
from evalsuite.spec.endpoint import Endpoint
from evalsuite.spec.judge import Judge, OfflineJudge, PanelJudge

# What each part of a prompt must show the judge, besides the form of its answer.
_GRADE, _PREFER = ("rubric", "question", "reply", "form"), ("rubric", "question", "first", "second", "form")
_PART = re.compile(r"^# (grade|prefer)[^\S\n]*\n", re.MULTILINE)

# Raised when a judge is asked in another way, so that what was judged before is judged again.
VERSION = 1


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """How a language model is asked to judge: one template for a grade, one for a preference between two."""

    grade: str
    prefer: str


@dataclass(frozen=True)
class ResolvedJudge:
    """A judge document, its prompt's text, and for a panel its members."""

    judge: Judge
    file: Path
    prompt: JudgePrompt | None = None
    members: tuple[ResolvedJudge, ...] = ()

    @property
    def seats(self) -> tuple[ResolvedJudge, ...]:
        """The judges that are really asked: the members of a panel, or the judge itself."""
        return self.members or (self,)

    @property
    def identity(self) -> dict[str, Any]:
        """All that decides what it says, for digests: its name, prices, limits and prose have no part in it.

        A model in this process is known by its weights, which whoever makes the digest adds.
        """
        if self.members:
            return {"kind": "panel", "members": [member.identity for member in self.members]}
        if isinstance(self.judge, OfflineJudge | PanelJudge):
            return {"kind": self.judge.kind}
        assert self.prompt is not None
        asked = {"version": VERSION, **self.judge.asking, "grade": self.prompt.grade, "prefer": self.prompt.prefer}
        if isinstance(self.judge, Endpoint):
            return asked | {"endpoint": list(self.judge.identity)}
        return asked | {"model": self.judge.model, "revision": self.judge.revision, "dtype": self.judge.dtype}


def read_prompt(file: Path) -> JudgePrompt:
    """The two parts of a prompt file; raises DocumentError naming what is missing or unknown in each."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError([Problem(str(file), None, "", f"cannot be read: {error}")]) from None
    _, *pieces = _PART.split(text)
    parts = {name: body.strip() + "\n" for name, body in zip(pieces[::2], pieces[1::2], strict=True)}
    problems = [
        Problem(str(file), None, f"# {name}", what)
        for name, wanted in (("grade", _GRADE), ("prefer", _PREFER))
        for what in _faults(parts.get(name), wanted)
    ]
    if problems:
        raise DocumentError(problems)
    return JudgePrompt(parts["grade"], parts["prefer"])


def _faults(text: str | None, wanted: tuple[str, ...]) -> list[str]:
    if text is None:
        return ["is missing; a prompt has a part under `# grade` and one under `# prefer`"]
    template = Template(text)
    if not template.is_valid():
        return ["has a lone `$`; write `$$` for the sign itself"]
    found = template.get_identifiers()
    unknown = [f"`${name}` is not known here; known are {_listed(wanted)}" for name in found if name not in wanted]
    return unknown + [f"does not show `${name}`; add it" for name in wanted if name not in found]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"${name}" for name in names)


def fill(template: str, **values: str) -> str:
    """A checked template with its values; text inside a value is never read as a placeholder."""
    return Template(template).substitute(values)
