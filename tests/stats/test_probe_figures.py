"""What probes count: forgetting, drift, memorised secrets, calibration."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalsuite.stats.intervals.bootstrap import Resampling
from evalsuite.stats.intervals.probes import (
    Continual,
    area_over,
    calibration,
    continual,
    exposure,
    sampled_exposure,
    text_likelihood,
)


def test_a_chain_of_trainings():
    assert continual([[0.9, 0.1, 0.1], [0.8, 0.85, 0.1], [0.75, 0.8, 0.9]]) == Continual(
        accuracy=pytest.approx(0.8166667, abs=5e-8),
        backward_transfer=pytest.approx(-0.1),
        forgetting=(pytest.approx(0.15), pytest.approx(0.05)),
        mean_forgetting=pytest.approx(0.1),
    )
    assert continual([[0.5]]) == Continual(0.5, None, (), None)


def test_perplexity_is_of_the_corpus_not_of_its_documents():
    found = text_likelihood([2.1, 0.4, 1.3, 3, 0.2], [1] * 5)
    assert found.perplexity == pytest.approx(4.0552000, abs=5e-8)
    assert found.per_token == pytest.approx(1.4)
    uneven = text_likelihood([10, 100], [10, 50], utf8_bytes=[40, 200])
    assert uneven.perplexity == pytest.approx(math.exp(110 / 60))
    assert uneven.bits_per_byte == pytest.approx(110 / math.log(2) / 240)
    assert found.bits_per_byte is None


@pytest.mark.parametrize(
    ("rank", "of", "bits"), [(1, 10**9, 29.897353), (1000, 10**9, 19.931569), (1, 10**6, 19.931569)]
)
def test_exposure(rank, of, bits):
    assert exposure(rank, of) == pytest.approx(bits, abs=5e-7)


def test_a_random_canary_is_exposed_by_chance_about_one_and_a_half_bits():
    generator = np.random.default_rng(7)
    drawn = [sampled_exposure(row[0], row[1:]) for row in generator.random((4000, 500))]
    assert np.mean(drawn) == pytest.approx(1.44, abs=0.06)


def test_the_area_over_the_answer_curve():
    assert area_over((0, 0.25, 0.5, 0.75, 1), (0.4, 0.5, 0.7, 0.9, 1)) == pytest.approx(0.30)
    assert area_over((0, 1 / 3, 2 / 3, 1), (0.6, 0.8, 0.9, 1)) == pytest.approx(0.1666667, abs=5e-8)
    assert area_over((0, 1), (1, 1)) == 0


def test_calibration_of_a_sure_model_that_errs():
    found = calibration([0.95] * 10 + [0.55] * 10, [1] * 6 + [0] * 4 + [1] * 5 + [0] * 5, resampling=Resampling(7, 200))
    assert found.error == pytest.approx((0.35 + 0.05) / 2)
    assert [(one.low, one.n, one.accuracy) for one in found.bins] == [(0.5, 10, 0.5), (0.9, 10, 0.6)]
    squares = 6 * 0.05**2 + 4 * 0.95**2 + 5 * 0.45**2 + 5 * 0.55**2
    assert found.brier.value == pytest.approx(squares / 20)
    assert found.error_interval.low < found.error < found.error_interval.high


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=40), st.integers(1, 12))
def test_calibration_error_is_a_share_and_bins_hold_everything(answers, bins):
    sure, right = zip(*answers, strict=True)
    found = calibration(sure, right, resampling=Resampling(1, 100), bins=bins)
    assert 0 <= found.error <= 1
    assert sum(one.n for one in found.bins) == found.n == len(answers)
    # A finer partition never hides more.
    assert found.error >= abs(np.mean(right) - np.mean(sure)) - 1e-9


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: continual([[1, 2]]), "square table"),
        (lambda: text_likelihood([1], [0]), "count above 0"),
        (lambda: exposure(0, 5), "best rank is 1"),
        (lambda: area_over([0, 0.5], [1, 1]), "rising from 0 to 1"),
        (lambda: calibration([0.5], [0.5], resampling=Resampling(1)), "pair them"),
        (lambda: calibration([0.5], [1], resampling=Resampling(1), bins=0), "1 or more"),
    ],
)
def test_what_is_not_defined_is_refused(mistake, message):
    with pytest.raises(ValueError, match=message):
        mistake()
