"""The formats that training rows come in, recognised by their keys and turned into what a method learns from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from evalsuite.data.files import text_field
from evalsuite.errors import DataError
from evalsuite.records import ChosenRejected, Example, Message, Prompt, Rated, Row, Unanswered

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


_GOOD = {"true": True, "good": True, "1": True, "1.0": True, "false": False, "bad": False, "0": False, "0.0": False}


@dataclass(frozen=True)
class Shape:
    """One way to write a row: its name, the keys that give it away, what it becomes and how it is read."""

    name: str
    keys: frozenset[str]
    becomes: type[Row]
    read: Callable[[dict[str, Any], At], Row]


def shape_of(row: dict[str, Any], at: At) -> Shape:
    """The shape of a row; raises DataError with the known shapes when it has none of them."""
    for shape in SHAPES:
        if shape.keys <= row.keys():
            return shape
    known = "; ".join(f"{shape.name}: {', '.join(sorted(shape.keys))}" for shape in SHAPES)
    have = ", ".join(sorted(map(str, row))) or "none"
    raise DataError(f"{at[0]}:{at[1]}  has no known shape (its keys: {have}); known are {known}")


def read_row(row: dict[str, Any], at: At, *, wanted: type[Row]) -> Row:
    """The row as what the method learns from; raises DataError naming file and line for a row of another shape."""
    shape = shape_of(row, at)
    if not (issubclass(shape.becomes, wanted) or (wanted is Unanswered and shape.name != "text")):
        raise DataError(
            f"{at[0]}:{at[1]}  has the shape {shape.name!r}, and this method learns from {_WANTED[wanted]}; "
            "use other data or another method"
        )
    found = shape.read(row, at)
    if wanted is Unanswered:
        found = Unanswered(found.prompt)
    return replace(found, document=_document(row, at))


_WANTED: dict[type[Row], str] = {
    Example: "prompts with completions (or messages, conversations, instructions, text)",
    ChosenRejected: "prompts with a chosen and a rejected answer",
    Rated: "prompts with a completion and a label",
    Unanswered: "prompts",
}


def _messages(row: dict[str, Any], at: At) -> Example:
    return conversation(row["messages"], at)


def _sharegpt(row: dict[str, Any], at: At) -> Example:
    return conversation(row["conversations"], at)


def _prompt_completion(row: dict[str, Any], at: At) -> Example:
    return Example(_prompt(row, at), _answer(row, "completion", at))


def _alpaca(row: dict[str, Any], at: At) -> Example:
    return Example(_instructed(row, at), text_field(row, "output", at=at))


def _preference(row: dict[str, Any], at: At) -> ChosenRejected:
    chosen, rejected = row["chosen"], row["rejected"]
    if isinstance(chosen, list) and isinstance(rejected, list) and max(len(chosen), len(rejected)) > 1:
        good, bad = conversation(chosen, at), conversation(rejected, at)
        if good.prompt != bad.prompt:
            raise DataError(f"{at[0]}:{at[1]}  'chosen' and 'rejected' answer different conversations")
        pair = ChosenRejected(good.prompt, good.completion, bad.completion)
    else:
        pair = ChosenRejected(_prompt(row, at), *(_answer(row, key, at) for key in ("chosen", "rejected")))
    if pair.chosen.strip() == pair.rejected.strip():
        raise DataError(f"{at[0]}:{at[1]}  'chosen' equals 'rejected', which says nothing about what is better")
    return pair


def _rated(row: dict[str, Any], at: At) -> Rated:
    good = _GOOD.get(str(row["label"]).strip().lower())
    if good is None:
        raise DataError(f"{at[0]}:{at[1]}  'label' must be true or false")
    return Rated(_prompt(row, at), _answer(row, "completion", at), good)


def _unanswered(row: dict[str, Any], at: At) -> Unanswered:
    return Unanswered(_prompt(row, at))


def _instruction(row: dict[str, Any], at: At) -> Unanswered:
    return Unanswered(_instructed(row, at))


def _instructed(row: dict[str, Any], at: At) -> Prompt:
    instruction = text_field(row, "instruction", at=at)
    given = row.get("input")
    asked = f"{instruction}\n\n{given}" if isinstance(given, str) and given.strip() else instruction
    return Prompt.user(asked)


def _text(row: dict[str, Any], at: At) -> Example:
    return Example(Prompt.raw(""), text_field(row, "text", at=at))


def _prompt(row: dict[str, Any], at: At) -> Prompt:
    if isinstance(row.get("prompt"), list):
        return Prompt(messages=turns(row["prompt"], at, CHAT))
    return Prompt.user(text_field(row, "prompt", at=at))


def _answer(row: dict[str, Any], key: str, at: At) -> str:
    return last_answer(turns(row[key], at, CHAT), at) if isinstance(row[key], list) else text_field(row, key, at=at)


def _document(row: dict[str, Any], at: At) -> str | None:
    value = row.get("document", row.get("source"))
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value).strip() or None
    if value is not None and "document" in row:
        raise DataError(f"{at[0]}:{at[1]}  'document' must be text or a whole number")
    return None


# The more telling keys first: a preference row may also have a completion, a rated row always has.
SHAPES = (
    Shape("preference", frozenset({"chosen", "rejected"}), ChosenRejected, _preference),
    Shape("rated", frozenset({"prompt", "completion", "label"}), Rated, _rated),
    Shape("messages", frozenset({"messages"}), Example, _messages),
    Shape("sharegpt", frozenset({"conversations"}), Example, _sharegpt),
    Shape("prompt and completion", frozenset({"prompt", "completion"}), Example, _prompt_completion),
    Shape("alpaca", frozenset({"instruction", "output"}), Example, _alpaca),
    Shape("text", frozenset({"text"}), Example, _text),
    Shape("prompt", frozenset({"prompt"}), Unanswered, _unanswered),
    Shape("instruction", frozenset({"instruction"}), Unanswered, _instruction),
)
