"""Rows as tokens: what the model reads, and which of it carries loss."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Any, TypedDict, TypeVar

from evalsuite.errors import TrainingError
from evalsuite.records import Example

# What torch's cross-entropy leaves out.
IGNORED = -100

R = TypeVar("R")


class TokenRow(TypedDict):
    """Token ids of prompt and completion, and as many labels: the ids of the completion, -100 before it; not padded."""

    input_ids: list[int]
    labels: list[int]


def chat(example: Example) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Prompt and completion as TRL's conversational columns."""
    prompt = [{"role": message.role, "content": message.content} for message in example.prompt.messages]
    return prompt, [{"role": "assistant", "content": example.completion}]


def tokenise(examples: Sequence[Example], tokenizer: Any, *, max_length: int, what: str) -> list[TokenRow]:
    """The examples as rows, in order; `what` names them in messages ("training rows").

    Raises TrainingError when rows are longer than `max_length` tokens or have nothing to learn: rows are never cut.
    """
    rows = [_row(example, tokenizer) for example in examples]
    refuse_long([len(row["input_ids"]) for row in rows], max_length=max_length, what=what)
    refuse(
        [all(label == IGNORED for label in row["labels"]) for row in rows],
        f"of {len(rows)} {what} have no token to learn",
        "the chat template drops their completion: mend the rows or use another base",
    )
    return rows


def only(kind: type[R], rows: Sequence[object], *, what: str) -> list[R]:
    """The rows, all of one kind; raises TrainingError when some are of another."""
    found = [row for row in rows if isinstance(row, kind)]
    refuse(
        [not isinstance(row, kind) for row in rows],
        f"of {len(rows)} {what} are of another kind than {kind.__name__}",
        "give the method the rows that it learns from",
    )
    return found


def refuse_long(lengths: Sequence[int], *, max_length: int, what: str) -> None:
    """Raises TrainingError when rows are longer than `max_length` tokens."""
    refuse(
        [length > max_length for length in lengths],
        f"of {len(lengths)} {what} are longer than max_length {max_length} tokens",
        "raise train.max_length or shorten these rows",
        more=f", the longest has {max(lengths, default=0)}",
    )


def refuse(wrong: Sequence[bool], what: str, advice: str, *, more: str = "") -> None:
    """Raises TrainingError with the number of wrong rows and the first of them, counted from 1, and what to do."""
    if any(wrong):
        first = list(wrong).index(True) + 1
        raise TrainingError(f"{sum(wrong)} {what} (the first is row {first}{more}); {advice}")


def split(example: Example, tokenizer: Any) -> tuple[int, list[int]]:
    """Where the completion starts, in tokens from 0, and the token ids of prompt and completion."""
    start, whole = _split(example, tokenizer)
    return start, list(whole)


# The trainings of a matrix have the same rows and, in one process, the same tokenizer.
@lru_cache(maxsize=100_000)
def _split(example: Example, tokenizer: Any) -> tuple[int, tuple[int, ...]]:
    before, whole = _conversation(example, tokenizer) if example.prompt.text is None else _text(example, tokenizer)
    # As in TRL, the completion starts where the two part, which may be before the prompt's last token.
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, whole, strict=False))), tuple(whole)


def _row(example: Example, tokenizer: Any) -> TokenRow:
    start, whole = split(example, tokenizer)
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
