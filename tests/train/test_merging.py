"""Merging works on BA, and exactly where a low-rank result can be exact."""

from __future__ import annotations

import math

import pytest
import torch

from evalsuite.train.loop.merging import Update, arc_weights, cosine, cut, dare, linear, slerp, ties


def update(seed: int, *, rank: int = 2, size: tuple[int, int] = (5, 4)) -> Update:
    draw = torch.Generator().manual_seed(seed)
    b, a = torch.randn(size[0], rank, generator=draw), torch.randn(rank, size[1], generator=draw)
    return Update(b.double(), a.double())


def column(*values: float) -> Update:
    return Update(torch.tensor([[value] for value in values], dtype=torch.float64), torch.ones(1, 1).double())


def test_a_weighted_sum_is_exact_and_is_not_the_sum_of_the_factors():
    first, second = update(1), update(2, rank=3)
    merged = linear((first, second), (0.25, 0.75))
    assert merged.b.shape == (5, 5)
    torch.testing.assert_close(merged.delta, 0.25 * first.delta + 0.75 * second.delta)
    apart = (0.5 * update(1).b + 0.5 * update(2).b) @ (0.5 * update(1).a + 0.5 * update(2).a)
    assert not torch.allclose(apart, linear((update(1), update(2)), (0.5, 0.5)).delta)


@pytest.mark.parametrize(
    ("ends", "t", "expected"),
    [
        (((1.0, 0.0), (0.0, 1.0)), 0.5, (0.7071068, 0.7071068)),
        (((1.0, 0.0), (0.0, 1.0)), 0.25, (0.9238795, 0.3826834)),
        (((2.0, 0.0), (0.0, 1.0)), 0.5, (1.4142136, 0.7071068)),
        (((1.0, 0.0), (1.0, 0.0)), 0.5, (1.0, 0.0)),
    ],
)
def test_slerp_follows_the_worked_examples(ends, t, expected):
    merged = slerp(column(*ends[0]), column(*ends[1]), t=t)
    assert merged.delta.flatten().tolist() == pytest.approx(expected, abs=1e-6)


def test_the_cosine_is_that_of_the_whole_updates():
    first, second = update(1), update(2)
    whole = torch.nn.functional.cosine_similarity(first.delta.flatten(), second.delta.flatten(), dim=0)
    assert cosine(first, second) == pytest.approx(float(whole))
    assert sum(arc_weights(math.cos(1.0), t=0.5)) > 1


def test_ties_drops_small_elements_and_those_of_the_losing_sign():
    first, second = column(4.0, -3.0, 0.1, 2.0), column(2.0, 1.0, 0.2, -5.0)
    merged = ties((first, second), (1.0, 1.0), density=0.75, rank=1)
    # Row by row: both agree (mean 3); -3 beats 1; the first trims 0.1, the second 0.2; -5 beats 2.
    assert merged.delta.flatten().tolist() == pytest.approx([3.0, -3.0, 0.0, -5.0])


def test_dare_keeps_the_expected_update_and_is_the_same_for_a_seed():
    first = update(3, size=(60, 50))
    draws = [
        dare((first,), (1.0,), density=0.5, rank=50, generator=torch.Generator().manual_seed(seed)).delta
        for seed in (0, 0, *range(1, 80))
    ]
    assert torch.equal(draws[0], draws[1])
    mean = torch.stack(draws[1:]).mean(dim=0)
    assert float((mean - first.delta).norm() / first.delta.norm()) < 0.2


def test_a_cut_to_the_full_rank_changes_nothing_and_a_lower_one_is_the_best():
    delta = update(4, rank=4).delta
    torch.testing.assert_close(cut(delta, 4).delta, delta)
    values = torch.linalg.svdvals(delta)
    assert float((cut(delta, 2).delta - delta).norm()) == pytest.approx(float(values[2:].norm()))
