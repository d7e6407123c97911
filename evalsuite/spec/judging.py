"""What every kind of judge promises, and a judge with all that it names: prompt text, members of a panel.

The kinds are plug-ins of the group `evalsuite.judges`, one file each in `evalsuite/judges/kinds/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Annotated, Any, Protocol

from pydantic import Field

from evalsuite.errors import DocumentError, Problem
from evalsuite.plugins import Ask, Grader
from evalsuite.records import Usage
from evalsuite.spec.document import Document, Name, Version
from evalsuite.spec.models import ModelDocument
from evalsuite.spec.rubric import Rubric

# What each part of a prompt must show the judge, besides the form of its answer.
_GRADE, _PREFER = ("rubric", "question", "reply", "form"), ("rubric", "question", "first", "second", "form")
_PART = re.compile(r"^# (grade|prefer)[^\S\n]*\n", re.MULTILINE)


class Required(Document):
    """The least health that makes this judge worth believing; below it a verdict is invalid."""

    agreement: Annotated[
        float | None, Field(ge=-1, le=1, description="with human labels, beyond chance: kappa or alpha")
    ] = None
    consistency: Annotated[
        float | None, Field(ge=0, le=1, description="share of pairs with one winner in both orders")
    ] = None

    @property
    def figures(self) -> dict[str, float]:
        """The figures that have a limit, with it."""
        limits = {"agreement": self.agreement, "consistency": self.consistency}
        return {figure: limit for figure, limit in limits.items() if limit is not None}


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """How a language model is asked to judge: one template for a grade, one for a preference between two."""

    grade: str
    prefer: str


@dataclass(frozen=True, slots=True)
class Workload:
    """What a judge is to be asked, known before anything runs.

    So many calls by a rubric, about texts of `characters` in all; each reply is expected to have `said` tokens.
    """

    rubric: Rubric
    calls: int
    characters: int
    said: int


class Judge(Protocol):
    """A kind of judge: its fields are the document, its methods how such a judge is known, priced and asked.

    `its` is the same document with all that it names. A kind takes what it does not need from `JudgeDocument`.
    """

    @property
    def kind(self) -> str:
        """The kind's name, which is its file's."""
        ...

    @property
    def name(self) -> str:
        """The judge's name."""
        ...

    @property
    def required(self) -> Required | None:
        """The least health that makes it worth believing."""
        ...

    @property
    def prompt_name(self) -> str | None:
        """The prompt that it is asked with, `judges/prompts/NAME.md`; None for a judge that reads none."""
        ...

    @property
    def member_names(self) -> tuple[str, ...]:
        """The judges who judge in its place, by name; none for one who judges itself."""
        ...

    @property
    def base_model(self) -> ModelDocument | None:
        """The model that answers in its name; None for a judge that asks no model."""
        ...

    def cannot_grade(self, rubric: Rubric) -> str | None:
        """Why it cannot grade by a rubric; None where it can."""
        ...

    def identity_of(self, its: ResolvedJudge) -> Mapping[str, Any]:
        """All that decides what it says, as plain data for digests: its name, prices, limits and prose have no part."""
        ...

    def cost(self, its: ResolvedJudge, work: Workload) -> Usage:
        """What the work takes at most, when nothing comes from the reply cache."""
        ...

    def grader(self, its: ResolvedJudge, rubric: Rubric, *, ask_of: AskOf, repeat: int) -> Grader:
        """The judge, ready to grade by a rubric; `ask_of` gives the way to the model of a judge that has one.

        `repeat` above 0 asks the same anew, for judges that are measured.
        """
        ...


class JudgeDocument(Document):
    """What every judge's document has, and what a kind that asks no model and has no members need not say."""

    schema_version: Version
    name: Name
    description: str | None = None
    required: Required | None = None

    @property
    def prompt_name(self) -> str | None:
        """None: it reads no prompt."""
        return None

    @property
    def member_names(self) -> tuple[str, ...]:
        """None: it judges itself."""
        return ()

    @property
    def base_model(self) -> ModelDocument | None:
        """None: it asks no model."""
        return None

    def cannot_grade(self, rubric: Rubric) -> str | None:
        """None: it can grade by every rubric."""
        return None


@dataclass(frozen=True)
class ResolvedJudge:
    """A judge document, the file it stands in, its prompt's text, and for a panel its members."""

    judge: Judge
    file: Path
    prompt: JudgePrompt | None = None
    members: tuple[ResolvedJudge, ...] = ()

    @property
    def seats(self) -> tuple[ResolvedJudge, ...]:
        """The judges that are really asked: the members of a panel, or the judge itself."""
        return self.members or (self,)

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that decides what it says, for digests."""
        return self.judge.identity_of(self)

    def cannot_grade(self, rubric: Rubric) -> str | None:
        """Why it, or the first of its members that cannot, cannot grade by a rubric; None where all can."""
        return next((why for seat in self.seats if (why := seat.judge.cannot_grade(rubric)) is not None), None)


AskOf = Callable[[ResolvedJudge], Ask]


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
