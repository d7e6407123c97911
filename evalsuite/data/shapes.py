"""The shapes that training rows come in, recognised by their keys and turned into what a method learns from.

| shape | keys | becomes |
|---|---|---|
| messages | messages | Example |
| sharegpt | conversations | Example |
| prompt and completion | prompt, completion | Example |
| alpaca | instruction, input (optional), output | Example |
| preference | prompt, chosen, rejected (whole conversations need no prompt) | ChosenRejected |
| rated | prompt, completion, label | Rated |
| text | text | Example (all of it is learnt) |
| prompt | prompt | Unanswered |
| instruction | instruction, input (optional) | Unanswered |

A method that learns from unanswered prompts takes the prompts of all these rows, and of `text` none.

A key `document`, or else `source`, names what the row was taken from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalsuite.data.jsonl import text_field
from evalsuite.data.turns import CHAT, conversation, last_answer, turns
from evalsuite.errors import DataError
from evalsuite.records import ChosenRejected, Example, Prompt, Rated, Row, Unanswered

At = tuple[Path, int]

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
