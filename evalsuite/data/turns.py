"""Turns of a conversation, as chat messages or in ShareGPT's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evalsuite.errors import DataError
from evalsuite.records import Example, Message, Prompt

At = tuple[Path, int]
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Wording:
    """How turns are written: the keys of role and content, and what each role is called."""

    role: str
    content: str
    roles: Mapping[str, Role]


CHAT = Wording("role", "content", {"system": "system", "user": "user", "assistant": "assistant"})
SHAREGPT = Wording(
    "from",
    "value",
    {"system": "system", "human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"},
)


def conversation(value: Any, at: At) -> Example:
    """A list of turns as the prompt and the last turn, the assistant's; raises DataError naming file and line."""
    first = value[0] if isinstance(value, list) and value else None
    found = turns(value, at, SHAREGPT if isinstance(first, dict) and "from" in first else CHAT)
    if len(found) < 2 or not any(turn.role == "user" and turn.content.strip() for turn in found):
        raise DataError(f"{at[0]}:{at[1]}  a conversation needs at least a user's turn, not empty, and an assistant's")
    return Example(Prompt(messages=found[:-1]), last_answer(found, at))


def turns(value: Any, at: At, wording: Wording) -> tuple[Message, ...]:
    """The turns of a list; raises DataError naming file and line."""
    where = f"{at[0]}:{at[1]}"
    if not isinstance(value, list) or not value:
        raise DataError(f"{where}  needs a list of turns, each with {wording.role!r} and {wording.content!r}")
    return tuple(_turn(turn, where, wording) for turn in value)


def last_answer(found: tuple[Message, ...], at: At) -> str:
    """What the assistant says last; raises DataError when the last turn is another's or empty."""
    if found[-1].role != "assistant" or not found[-1].content.strip():
        raise DataError(f"{at[0]}:{at[1]}  the last turn must be the assistant's, and not empty")
    return found[-1].content


def _turn(turn: Any, where: str, wording: Wording) -> Message:
    if isinstance(turn, dict):
        role, content = turn.get(wording.role), turn.get(wording.content)
        if isinstance(role, str) and role in wording.roles and isinstance(content, str):
            return Message(wording.roles[role], content)
    known = ", ".join(wording.roles)
    raise DataError(f"{where}  each turn needs {wording.role!r} (one of {known}) and a text {wording.content!r}")
