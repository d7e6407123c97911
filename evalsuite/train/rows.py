"""Rows as tokens: what the model reads, and which of it carries loss."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any, TypedDict

from evalsuite.errors import TrainingError
from evalsuite.records import Example

# What torch's cross-entropy leaves out.
IGNORED = -100


class Row(TypedDict):
    """Token ids of prompt and completion, and labels: the ids of the completion, -100 before it."""

    input_ids: list[int]
    labels: list[int]


def chat(example: Example) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Prompt and completion as TRL's conversational columns."""
    prompt = [{"role": message.role, "content": message.content} for message in example.prompt.messages]
    return prompt, [{"role": "assistant", "content": example.completion}]


def tokenise(examples: Sequence[Example], tokenizer: Any, *, max_length: int, what: str) -> list[Row]:
    """The examples as rows, in order; `what` names them in messages ("training rows").

    Raises TrainingError when rows are longer than `max_length` tokens or have nothing to learn: rows are never cut.
    """
    rows = [_row(example, tokenizer) for example in examples]
    long = [position for position, row in enumerate(rows, 1) if len(row["input_ids"]) > max_length]
    if long:
        longest = max(len(row["input_ids"]) for row in rows)
        raise TrainingError(
            f"{len(long)} of {len(rows)} {what} are longer than max_length {max_length} tokens (the first is row "
            f"{long[0]}, the longest has {longest}); raise train.max_length or shorten these rows"
        )
    empty = [position for position, row in enumerate(rows, 1) if all(label == IGNORED for label in row["labels"])]
    if empty:
        raise TrainingError(
            f"{len(empty)} of {len(rows)} {what} have no token to learn (the first is row {empty[0]}); the chat "
            "template drops their completion: mend the rows or use another base"
        )
    return rows


def _row(example: Example, tokenizer: Any) -> Row:
    before, whole = _conversation(example, tokenizer) if example.prompt.text is None else _text(example, tokenizer)
    # As in TRL, the completion starts where the two part, which may be before the prompt's last token.
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, whole, strict=False)))
    return {"input_ids": whole, "labels": [IGNORED] * start + whole[start:]}


def _conversation(example: Example, tokenizer: Any) -> tuple[list[int], list[int]]:
    if not tokenizer.chat_template:
        raise TrainingError("the base model has no chat template, and the data are conversations; use a chat model")
    prompt, completion = chat(example)
    before = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=True, return_dict=True)
    whole = tokenizer.apply_chat_template(prompt + completion, tokenize=True, return_dict=True)
    return list(before["input_ids"]), list(whole["input_ids"])


def _text(example: Example, tokenizer: Any) -> tuple[list[int], list[int]]:
    text = f"{example.prompt.text}{example.completion}"
    end = tokenizer.eos_token or ""
    whole = text if end and text.endswith(end) else text + end
    return list(tokenizer(example.prompt.text)["input_ids"]), list(tokenizer(whole)["input_ids"])
