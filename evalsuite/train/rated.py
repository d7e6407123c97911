"""Answers rated good or bad as tokens, each with another row's answer to estimate how far the model has moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Rated
from evalsuite.train.rows import only, refuse, refuse_long, split


class RatedTokens(TypedDict):
    """Token ids of prompt and answer, the answer of another row, and whether the answer is good; not padded."""

    prompt_ids: list[int]
    completion_ids: list[int]
    KL_completion_ids: list[int]
    label: bool


def rated_datasets(job: TrainingJob, tokenizer: Any, *, max_length: int, batch_size: int) -> dict[str, Any]:
    """The job's rows as the keyword arguments `train_dataset` and `eval_dataset` of TRL's KTO trainer.

    Raises TrainingError as `tokenise_rated`, and when the training rows are all good or all bad.
    """
    from datasets import Dataset

    def dataset(rows: Sequence[Rated], what: str) -> Any:
        tokens = tokenise_rated(rows, tokenizer, max_length=max_length, what=what)
        return Dataset.from_list(with_others(tokens, batch_size))

    train = only(Rated, job.train, what="training rows")
    if len({row.good for row in train}) == 1:
        refuse(
            [True] * len(train),
            f"of {len(train)} training rows are labelled {'good' if train[0].good else 'bad'}",
            "kto learns from the difference: add rows of the other kind",
        )
    held_out = only(Rated, job.held_out, what="held-out rows")
    return {
        "train_dataset": dataset(train, "training rows"),
        "eval_dataset": dataset(held_out, "held-out rows") if held_out else None,
    }


def tokenise_rated(
    rows: Sequence[Rated], tokenizer: Any, *, max_length: int, what: str
) -> list[tuple[list[int], list[int], bool]]:
    """Prompt ids, answer ids and label of each row, in order; `what` names them in messages ("training rows").

    Raises TrainingError when rows are longer than `max_length` tokens or have no token to learn: rows are never cut.
    """
    parted = [split(Example(row.prompt, row.completion), tokenizer) for row in rows]
    refuse_long([len(whole) for _, whole in parted], max_length=max_length, what=what)
    refuse(
        [start >= len(whole) for start, whole in parted],
        f"of {len(rows)} {what} have no token to learn",
        "the chat template drops their completion: mend the rows or use another base",
    )
    return [(whole[:start], whole[start:], row.good) for (start, whole), row in zip(parted, rows, strict=True)]


def with_others(rows: Sequence[tuple[list[int], list[int], bool]], batch_size: int) -> list[RatedTokens]:
    """Each row with the answer of the row before it in its batch, the first with that of the last, as TRL does it.

    A row that stands alone in the last batch takes the row before it, for its own answer would measure nothing.
    """
    made: list[RatedTokens] = []
    for position, (prompt, answer, good) in enumerate(rows):
        last = min(position - position % batch_size + batch_size, len(rows)) - 1
        other = last if position % batch_size == 0 and last != position else position - 1
        made.append(
            {"prompt_ids": prompt, "completion_ids": answer, "KL_completion_ids": rows[other][1], "label": good}
        )
    return made
