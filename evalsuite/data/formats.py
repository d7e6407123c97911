"""Formats: the same conversation written as a document of some structure instead of through a chat template.

The prompt becomes the document up to the place where the answer is written, and the answer becomes the rest of it, so
that prompt + answer is the whole document.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from evalsuite.records import ChosenRejected, Message, Prompt, Row
from evalsuite.spec.source import Format

R = TypeVar("R", bound=Row)
Writer = Callable[[Sequence[Message], str], tuple[str, str]]


def render(row: R, form: Format) -> R:
    """The row in that format; `chat` leaves it as it is, and so is a row of plain text, which has no structure."""
    if form == "chat" or row.prompt.text is not None or not row.answers:
        return row
    written = [WRITERS[form](row.prompt.messages, answer) for answer in row.answers]
    prompt = Prompt.raw(written[0][0])
    changed: dict[str, Any] = {"completion": written[0][1]}
    if isinstance(row, ChosenRejected):
        changed = {"chosen": written[0][1], "rejected": written[1][1]}
    return replace(row, prompt=prompt, **changed)


def _text(asked: Sequence[Message], answer: str) -> tuple[str, str]:
    return "".join(f"{message.content}\n\n" for message in asked), answer


def _markdown(asked: Sequence[Message], answer: str) -> tuple[str, str]:
    turns = "".join(f"## {message.role.capitalize()}\n\n{message.content}\n\n" for message in asked)
    return f"{turns}## Assistant\n\n", answer


def _json(asked: Sequence[Message], answer: str) -> tuple[str, str]:
    turns = "".join(f"{_object(message.role, message.content)},\n " for message in asked)
    whole = _object("assistant", answer)
    start = len('{"role": "assistant", "content": "')
    return f"[{turns}{whole[:start]}", f"{whole[start:]}]"


def _object(role: str, content: str) -> str:
    return json.dumps({"role": role, "content": content}, ensure_ascii=False)


def _yaml(asked: Sequence[Message], answer: str) -> tuple[str, str]:
    turns = "".join(f"- role: {message.role}\n  content: {_scalar(message.content)}" for message in asked)
    return f"{turns}- role: assistant\n  content: ", _scalar(answer)


def _scalar(text: str) -> str:
    """The text as a YAML value on lines of its own where YAML can write it so, otherwise in quotes."""
    import yaml

    lines = text.split("\n")
    if lines[0].strip() and lines[-1] and not lines[0].startswith(" ") and all(line.isprintable() for line in lines):
        return "|-\n" + "".join(f"    {line}\n" if line else "\n" for line in lines)
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))


WRITERS: dict[Format, Writer] = {"markdown": _markdown, "yaml": _yaml, "json": _json, "text": _text}
