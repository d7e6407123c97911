"""How items become prompts: solved examples before them, as raw text or through the chat template.

The layout is the one of lm-evaluation-harness (Gao et al.), so that figures can be compared. Raw text: description,
then each example as question, space, answer and an empty line, then the question; the reply begins after a space. Chat:
the description is the system message, and the rest one user message, or with `turns` one turn per example.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from evalsuite.data.evaluation.items import BenchmarkItem, read_items
from evalsuite.errors import DataError
from evalsuite.records import Message, Prompt, Sample
from evalsuite.spec.document import Document

_FIELD = re.compile(r"\{(\w+)\}")
_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Shot:
    """A solved example: what is asked, what is answered, and what stands between them in raw text."""

    question: str
    answer: str
    gap: str = " "


class Prompting(Document):
    """Options of the prompt that benchmarks share; what is left out is the benchmark's usual way."""

    shots: Annotated[int | None, Field(ge=0, description="solved examples before each item")] = None
    select: Annotated[
        Literal["first", "random"] | None, Field(description="the first examples of the file, or a draw for each item")
    ] = None
    seed: Annotated[int, Field(ge=0, description="of `random`; the default draws what lm-eval's default does")] = 1234
    chat: Annotated[bool | None, Field(description="through the model's chat template, not as raw text")] = None
    turns: Annotated[bool, Field(description="in a chat, each example as a turn of its own")] = False

    def usual(self, *, shots: int = 0, select: Literal["first", "random"] = "first", chat: bool = False) -> Prompting:
        """The options with what a benchmark usually does where nothing was said."""
        return Prompting(
            shots=shots if self.shots is None else self.shots,
            select=self.select or select,
            seed=self.seed,
            chat=chat if self.chat is None else self.chat,
            turns=self.turns,
        )

    @property
    def gap(self) -> str:
        """What stands between a prompt and the option that follows it; a chat's reply begins without a space."""
        return "" if self.chat else " "

    def prompt(self, question: str, shots: Sequence[Shot] = (), *, description: str = "") -> Prompt:
        """The item's prompt after its examples."""
        solved = "".join(f"{shot.question}{shot.gap}{shot.answer}{_BETWEEN}" for shot in shots)
        if not self.chat:
            return Prompt.raw(f"{description}{solved}{question}")
        system = (Message("system", description),) if description else ()
        if not self.turns:
            return Prompt(messages=(*system, Message("user", f"{solved}{question}")))
        told = [turn for s in shots for turn in (Message("user", s.question), Message("assistant", s.answer))]
        return Prompt(messages=(*system, *told, Message("user", question)))


@dataclass
class Examples:
    """The solved examples of a benchmark; each subject has its own, and a draw of its own.

    With `spare` one more is drawn than shown. lm-evaluation-harness does that for tasks without a test split, whether
    or not the item is among the examples, so the same seed shows other examples there.
    """

    prompting: Prompting
    spare: bool = False
    items: dict[str | None, list[BenchmarkItem]] = field(default_factory=dict)
    _draws: dict[str | None, Random] = field(default_factory=dict)

    def before(self, item: BenchmarkItem, subject: str | None) -> list[BenchmarkItem]:
        """The examples to show before an item, never the item itself; raises DataError when there are too few."""
        count = self.prompting.shots or 0
        if not count:
            return []
        pool = self.items.get(subject) or self.items.get(None) or []
        among = bool(pool) and any(example.at == item.at for example in pool if example.file == item.file)
        if count > len(pool) - among:
            raise item.wrong(f"{count} examples are to be shown before it, and there are {len(pool) - among}")
        if self.prompting.select == "first":
            return [example for example in pool[: count + 1] if example.at != item.at][:count]
        draw = self._draws.setdefault(subject, Random(self.prompting.seed))
        drawn = draw.sample(pool, min(len(pool), count + (among or self.spare)))
        return [example for example in drawn if example.at != item.at][:count]


def examples_of(
    prompting: Prompting,
    file: Path | None,
    subject: Callable[[BenchmarkItem], str | None] = lambda item: item.subject,
    *,
    spare: bool = False,
) -> Examples:
    """The examples in a file or folder; raises DataError when examples are to be shown and there is no file."""
    found = Examples(prompting, spare)
    if not prompting.shots:
        return found
    if file is None:
        raise DataError(
            f"{prompting.shots} examples are to be shown before each item, and the benchmark names none; "
            "add `examples: FILE` to it, or `prompt: {shots: 0}` to its task"
        )
    for item in read_items(file):
        found.items.setdefault(subject(item), []).append(item)
    return found


def fill_template(template: str, fields: Mapping[str, object]) -> str:
    """The template with each `{field}` that there is replaced once; what a field holds is never read as a template."""
    return _FIELD.sub(lambda found: str(fields[found[1]]) if found[1] in fields else found[0], template)


def option_texts(prompt: Prompt, options: Iterable[str], *, gap: str) -> tuple[tuple[Prompt, str], ...]:
    """Each option as the text that is scored after the prompt."""
    return tuple((prompt, f"{gap}{option}") for option in options)


def samples_of(
    data: Path,
    examples: Path | None,
    prompting: Prompting,
    *,
    shot: Callable[[BenchmarkItem], Shot],
    sample: Callable[[BenchmarkItem, Prompting, list[Shot]], Sample],
    spare: bool = False,
) -> tuple[Sample, ...]:
    """Each item of the data as a sample, after examples of its subject that are drawn anew for it (see `Examples`).

    Raises DataError naming the line of a malformed one.
    """
    prompting = prompting.usual(select="random")
    shown = examples_of(prompting, examples, spare=spare)
    return tuple(
        sample(item, prompting, [shot(example) for example in shown.before(item, item.subject)])
        for item in read_items(data)
    )
