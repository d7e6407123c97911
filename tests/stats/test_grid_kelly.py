"""Many gamblers at once: valid under peeking, exact on a sequence worked by hand, early where samples vary little."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest

from evalsuite.stats.sequential.betting import ConfidenceSequence
from evalsuite.stats.sequential.grid_kelly import SIZES, GridTest


def test_the_capital_is_the_mean_of_the_gamblers() -> None:
    test = GridTest(0.5, alpha=0.05, side="above")
    for sample in (1.0, 1.0, 0.0, 1.0):
        test.add(sample)
    after = [
        sum((1 + size) ** wins * (1 - size) ** losses for size in SIZES) / len(SIZES)
        for wins, losses in ((1, 0), (2, 0), (2, 1), (3, 1))
    ]
    assert test.p_value == pytest.approx(1 / max(after))


@pytest.mark.parametrize("mean", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("side", ["above", "below"])
def test_peeking_after_every_sample_is_wrong_no_more_often_than_alpha(mean: float, side: str) -> None:
    generator = np.random.default_rng(4)
    wrong = 0
    for _ in range(400):
        test = GridTest(mean, alpha=0.05, side=side)
        for sample in generator.random(200) < mean:
            test.add(float(sample))
        wrong += test.rejected
    assert wrong <= 31  # Binomial(400, 0.05) is at most 31 with probability 0.99


def test_samples_that_vary_little_settle_earlier_than_with_one_bounded_bet() -> None:
    """Against the confidence sequence, whose one gambler never bets more than half of what can be lost."""
    generator = np.random.default_rng(0)
    samples = [float(sample) for sample in np.clip(generator.normal(0.55, 0.05, 400), 0, 1)]
    many, one = GridTest(0.5, alpha=0.01, side="above"), ConfidenceSequence(alpha=0.01, ends="low")

    def settled(looks: Iterable[bool]) -> int:
        return next((place for place, found in enumerate(looks, 1) if found), len(samples))

    def rejected(sample: float) -> bool:
        many.add(sample)
        return many.rejected

    early = settled(rejected(sample) for sample in samples)
    late = settled(one.add(sample).low > 0.5 for sample in samples)
    assert early < 0.8 * late


@pytest.mark.parametrize(("mean", "sample"), [(0.0, 0.5), (1.0, 0.5), (0.5, 1.1), (0.5, math.nan)])
def test_what_cannot_be_bet_on_is_refused(mean: float, sample: float) -> None:
    with pytest.raises(ValueError, match=r"mean is|sample is"):
        GridTest(mean, alpha=0.05, side="above").add(sample)
