"""Weighted means and differences, paired figures that are no means, and what was copied word for word."""

from __future__ import annotations

import numpy as np
import pytest

from evalsuite.stats.intervals.bootstrap import Resampling
from evalsuite.stats.intervals.probes import copied_share, is_extracted, longest_run
from evalsuite.stats.paired.mean_difference import difference, weighted_difference
from evalsuite.stats.paired.statistic import binned_error, column_mean, statistic_difference


def test_equal_weights_are_no_weights() -> None:
    new, old = [0.2, 0.9, 0.4, 0.7], [0.1, 0.5, 0.6, 0.2]
    plain, weighted = difference(new, old), weighted_difference(new, old, weights=[7, 7, 7, 7])
    assert weighted.value == pytest.approx(plain.value)
    assert weighted.interval.low == pytest.approx(plain.interval.low)
    assert weighted.p_value == pytest.approx(plain.p_value)


def test_nothing_changed_is_no_difference() -> None:
    found = weighted_difference([1.0, 2.0], [1.0, 2.0], weights=[1, 5])
    assert (found.value, found.interval.low, found.interval.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_a_weight_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a weight above 0"):
        weighted_difference([1.0, 2.0], [0.0, 0.0], weights=[1.0, 0.0])


RESAMPLING = Resampling(seed=5, resamples=500)


def test_a_difference_of_means_by_resampling_is_near_that_by_formula() -> None:
    generator = np.random.default_rng(1)
    old = generator.normal(size=(80, 1))
    new = old + generator.normal(0.3, 0.5, size=(80, 1))
    plain = difference(new[:, 0], old[:, 0])
    found = statistic_difference(new, old, statistic=column_mean, resampling=RESAMPLING)
    assert found.value == pytest.approx(plain.value)
    assert found.interval.low == pytest.approx(plain.interval.low, abs=0.04)
    assert found.p_value < 0.01


def test_equal_rows_differ_by_nothing() -> None:
    rows = [[0.9, 1.0], [0.6, 0.0]]
    found = statistic_difference(rows, rows, statistic=binned_error, resampling=RESAMPLING)
    assert (found.value, found.p_value) == (0.0, 1.0)


def test_always_sure_and_right_every_second_time_is_an_error_of_four_tenths() -> None:
    assert binned_error(np.array([[0.9, 1.0], [0.9, 0.0]] * 5)) == pytest.approx(0.4)


def test_what_was_said_word_for_word() -> None:
    assert is_extracted([4, 5, 6], [4, 5, 6])
    assert not is_extracted([4, 5, 7], [4, 5, 6])
    assert not is_extracted([], [])
    assert longest_run([9, 1, 2, 3, 9], [0, 1, 2, 3, 4]) == 3
    assert copied_share([1, 2, 3, 9], [0, 1, 2, 3], n=2) == pytest.approx(2 / 3)
    assert copied_share([1], [1], n=2) is None
