"""Answers that flipped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.stats.intervals.mean import mean
from evalsuite.stats.paired.flips import Flips, flips


def answers(lost: int, gained: int, both: int = 0, neither: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Baseline and candidate answers with these counts."""
    baseline = np.repeat([1, 0, 1, 0], [lost, gained, both, neither])
    candidate = np.repeat([0, 1, 1, 0], [lost, gained, both, neither])
    return baseline, candidate


@pytest.mark.parametrize(
    ("lost", "gained", "p_value", "mid_p"),
    [
        (35, 32, 0.8071947, 0.7163008),
        (121, 59, 4.43445e-06, None),
        (10, 2, 0.0385742, 0.0224609),
        (5, 0, 0.0625, 0.03125),
        (6, 0, 0.03125, 0.015625),
        (0, 0, 1.0, 1.0),
    ],
)
def test_the_exact_test_agrees_with_the_worked_examples_and_statsmodels(lost, gained, p_value, mid_p):
    from statsmodels.stats.contingency_tables import mcnemar

    found = flips(*answers(lost, gained, both=40, neither=9))
    assert found.p_value == pytest.approx(p_value, rel=1e-5)
    assert mid_p is None or found.mid_p == pytest.approx(mid_p, rel=1e-5)
    if lost + gained:
        assert found.p_value == pytest.approx(mcnemar([[40, lost], [gained, 9]], exact=True).pvalue)


def test_flips_count_every_cell_and_carry_the_negative_flip_rate():
    baseline, candidate = answers(lost=3, gained=1, both=5, neither=2)
    assert flips(baseline, candidate) == Flips(
        n=11,
        both=5,
        lost=3,
        gained=1,
        neither=2,
        p_value=pytest.approx(0.625),
        mid_p=pytest.approx(0.375),
        negative_flip_rate=mean([1] * 3 + [0] * 8),
    )


def test_flips_take_booleans():
    assert flips(np.array([True, False]), np.array([False, False])).lost == 1


@pytest.mark.parametrize(
    ("baseline", "candidate", "message"),
    [
        ([1, 0], [1], "2 baseline answers, 1 candidate answers"),
        ([1, 0.5], [1, 1], "right answers are 1, wrong ones 0"),
        ([], [], "no scores"),
    ],
)
def test_what_is_not_right_or_wrong_is_refused(baseline, candidate, message):
    with pytest.raises(ValueError, match=message):
        flips(baseline, candidate)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 9))
def test_swapping_the_systems_swaps_the_flips(lost, gained, both):
    forth, back = flips(*answers(lost, gained, both)), flips(*answers(gained, lost, both))
    assert (forth.lost, forth.gained, forth.p_value, forth.mid_p) == (
        back.gained,
        back.lost,
        back.p_value,
        back.mid_p,
    )
    assert forth.mid_p <= forth.p_value <= 1
