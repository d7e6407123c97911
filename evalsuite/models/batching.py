"""Batches of similar length within a budget of tokens, halved when the GPU runs out of memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from evalsuite.errors import ModelError

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def batches(lengths: Sequence[int], *, budget: int) -> list[list[int]]:
    """Indices in groups, longest first, so that the padded tokens of a group stay within the budget.

    Lengths and budget are in tokens; one that alone is above the budget is a group by itself.
    """
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        # The first of a group is its longest, so every other one is padded to it.
        if not groups or lengths[groups[-1][0]] * (len(groups[-1]) + 1) > budget:
            groups.append([])
        groups[-1].append(index)
    return groups


def in_batches(
    items: Sequence[Item], lengths: Sequence[int], *, budget: int, run: Callable[[Sequence[Item]], Sequence[Answer]]
) -> list[Answer]:
    """Answers in the order of the items, each batch run as one; raises ModelError when one item alone is too big.

    `lengths` says what each item takes, in tokens, and `budget` what a batch may take, padding included.
    """
    answers: dict[int, Answer] = {}
    for group in batches(lengths, budget=budget):
        found = _halving([items[index] for index in group], run)
        answers.update(zip(group, found, strict=True))
    return [answers[index] for index in range(len(items))]


def _halving(items: Sequence[Item], run: Callable[[Sequence[Item]], Sequence[Answer]]) -> list[Answer]:
    import torch

    try:
        return list(run(items))
    except torch.OutOfMemoryError:
        if len(items) == 1:
            raise ModelError("one prompt alone does not fit into GPU memory; use a smaller dtype or model") from None
    # Outside the except block, so that the failed attempt's tensors are gone before the next one starts.
    torch.cuda.empty_cache()
    half = len(items) // 2
    return _halving(items[:half], run) + _halving(items[half:], run)
