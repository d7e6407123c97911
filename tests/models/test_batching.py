"""Batches: sized by padded tokens, halved when memory runs out, answers in the order of the items."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as some

from evalsuite.errors import ModelError
from evalsuite.models.hf.option_scoring import batches, in_batches


@given(some.lists(some.integers(1, 60), max_size=40), some.integers(1, 200))
def test_every_item_is_in_one_batch_within_the_budget(lengths: list[int], budget: int) -> None:
    groups = batches(lengths, budget=budget)
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    assert all(len(group) == 1 or max(lengths[index] for index in group) * len(group) <= budget for group in groups)


def test_running_out_of_memory_halves_the_batch() -> None:
    import torch

    sizes = []

    def run(items: Sequence[str]) -> list[str]:
        sizes.append(len(items))
        if len(items) > 2:
            raise torch.OutOfMemoryError("full")
        return [item.upper() for item in items]

    assert in_batches(list("abcde"), [1, 2, 3, 4, 5], budget=100, run=run) == list("ABCDE")
    assert sizes == [5, 2, 3, 1, 2]


def test_one_item_too_big_for_memory_is_a_plain_error() -> None:
    import torch

    def run(items: Sequence[str]) -> list[str]:
        raise torch.OutOfMemoryError("full")

    with pytest.raises(ModelError, match="does not fit into GPU memory"):
        in_batches(["a"], [1], budget=1, run=run)
