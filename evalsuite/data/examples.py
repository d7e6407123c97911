"""Training rows: read from sources, mixed by weight, split into training and held-out parts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evalsuite.data.jsonl import read_objects, text_field
from evalsuite.errors import DataError
from evalsuite.records import Example, Message, Prompt

_ROLES = ("system", "user", "assistant")


def read_examples(path: Path) -> tuple[Example, ...]:
    """The rows of a JSONL file, each `prompt`/`completion` or `messages`; raises DataError naming the line."""
    return tuple(_example(row, (path, number)) for number, row in read_objects(path))


def mix(sources: Sequence[Sequence[Example]], weights: Sequence[float | None], *, seed: int) -> tuple[Example, ...]:
    """The sources' rows in the shares that the weights say, shuffled; all rows where no weight is given.

    The mixture is as large as the weights allow without repeating a row. Raises DataError when only some
    sources have a weight.
    """
    given = [weight for weight in weights if weight is not None]
    draw = random.Random(seed)
    if not given:
        rows = [row for source in sources for row in source]
    elif len(given) < len(weights):
        raise DataError("some sources have a weight and some have none; give each a weight, or none")
    else:
        # Weights are relative: their sum need not be 1.
        parts = [weight / max(given) for weight in given]
        size = min(len(source) / part for source, part in zip(sources, parts, strict=True) if part)
        rows = []
        for source, part in zip(sources, parts, strict=True):
            rows += draw.sample(list(source), min(len(source), max(1, round(size * part))))
    draw.shuffle(rows)
    return tuple(rows)


def hold_out(rows: Sequence[Example], share: float, *, seed: int) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Training rows and held-out rows, drawn by seed; rows with one prompt never stand on both sides.

    Neither side is empty, unless the share is 0 or all rows have one prompt; then nothing is held out.
    """
    prompts = sorted({row.prompt.shown for row in rows})
    if share <= 0 or len(prompts) < 2:
        return tuple(rows), ()
    random.Random(seed).shuffle(prompts)
    held = set(prompts[: min(len(prompts) - 1, max(1, round(len(prompts) * share)))])
    train = tuple(row for row in rows if row.prompt.shown not in held)
    return train, tuple(row for row in rows if row.prompt.shown in held)


def _example(row: dict[str, Any], at: tuple[Path, int]) -> Example:
    if "messages" in row:
        return _conversation(row["messages"], at)
    prompt = text_field(row, "prompt", at=at)
    return Example(Prompt.user(prompt), text_field(row, "completion", at=at))


def _conversation(value: Any, at: tuple[Path, int]) -> Example:
    where = f"{at[0]}:{at[1]}"
    if not isinstance(value, list) or len(value) < 2:
        raise DataError(f"{where}  'messages' must be a list of at least a user and an assistant turn")
    turns = []
    for turn in value:
        if not isinstance(turn, dict) or turn.get("role") not in _ROLES or not isinstance(turn.get("content"), str):
            raise DataError(f"{where}  each message needs a 'role' ({', '.join(_ROLES)}) and a text 'content'")
        turns.append(Message(turn["role"], turn["content"]))
    if turns[-1].role != "assistant" or not turns[-1].content.strip():
        raise DataError(f"{where}  the last message must be the assistant's, and not empty")
    if all(turn.role != "user" for turn in turns):
        raise DataError(f"{where}  'messages' must be a list of at least a user and an assistant turn")
    return Example(Prompt(messages=tuple(turns[:-1])), turns[-1].content)
