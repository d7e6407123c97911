"""Permutation, BCa, equivalence, and systems on different items."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalsuite.stats.bootstrap import Resampling
from evalsuite.stats.equivalence import equivalence
from evalsuite.stats.interval import Interval
from evalsuite.stats.paired import difference
from evalsuite.stats.permutation import SignFlips, sign_flips
from evalsuite.stats.resample import bca_mean
from evalsuite.stats.share import clopper_pearson, jeffreys
from evalsuite.stats.unpaired import unpaired_difference

X = [0.78, 0.55, 0.91, 0.62, 0.70, 0.83, 0.49, 0.66]
Y = [0.71, 0.58, 0.80, 0.55, 0.69, 0.70, 0.52, 0.60]
GAPS = np.array(X) - np.array(Y)

A = [1, 1, 1, 0, 1, 0, 1, 1, 0, 1]
B = [1, 0, 1, 0, 1, 0, 0, 1, 0, 1]


def test_all_sign_patterns_of_eight_differences():
    assert sign_flips(X, Y, seed=7) == SignFlips(pytest.approx(0.04875), 0.0625, 256, True, 8)


def test_drawn_patterns_come_close_and_never_give_zero():
    more = sign_flips(X * 3, Y * 3, seed=7, draws=20_000)
    assert (more.exact, more.patterns) == (False, 20_000)
    assert 0 < more.p_value < 0.01
    grouped = sign_flips(X * 3, Y * 3, clusters=list(range(8)) * 3, seed=7)
    assert grouped.p_value == 0.0625


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=2, max_size=9))
def test_the_exact_permutation_agrees_with_scipy(gaps):
    from scipy.stats import permutation_test

    found = sign_flips(gaps, np.zeros(len(gaps)), seed=1)
    theirs = permutation_test((np.array(gaps, float),), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert found.p_value == pytest.approx(min(1.0, theirs.pvalue))


def test_the_bias_corrected_interval_of_the_worked_example():
    found = bca_mean(GAPS, resampling=Resampling(seed=7, resamples=99_999))
    assert (found.low, found.high) == pytest.approx((0.0075, 0.0862), abs=0.002)


def test_the_bias_corrected_interval_resamples_clusters():
    alone = bca_mean(np.repeat(GAPS, 3), resampling=Resampling(seed=7))
    grouped = bca_mean(np.repeat(GAPS, 3), clusters=np.repeat(range(8), 3), resampling=Resampling(seed=7))
    assert grouped.high - grouped.low > 1.5 * (alone.high - alone.low)
    assert grouped == bca_mean(GAPS, resampling=Resampling(seed=7))
    assert bca_mean([0.5] * 5, resampling=Resampling(seed=7)) == Interval(0.5, 0.5, 0.95)


def test_two_one_sided_tests_agree_with_statsmodels():
    from statsmodels.stats.weightstats import ttost_paired

    found = equivalence(X, Y, margins=(-0.05, 0.15))
    assert found.p_value == pytest.approx(0.0011750, abs=5e-8)
    assert found.p_value == pytest.approx(ttost_paired(np.array(X), np.array(Y), -0.05, 0.15)[0])
    assert found.equivalent


@given(st.floats(0.0, 0.3), st.floats(0.01, 0.3))
def test_equivalent_is_what_the_p_value_says(low, high):
    found = equivalence(X, Y, margins=(-low - 0.001, high))
    assert found.equivalent == (found.p_value < 0.05)


def test_different_items_are_compared_less_sharply():
    found = unpaired_difference(A, B)
    assert found.standard_error == pytest.approx(0.2260777, abs=5e-8)
    assert (found.value, found.n) == (pytest.approx(0.2), (10, 10))
    paired = difference(A, B)
    assert paired.standard_error == pytest.approx(0.1333333, abs=5e-8)
    assert paired.correlation == pytest.approx(0.6546537, abs=5e-8)
    assert found.interval.low < paired.interval.low


def test_unpaired_differences_agree_with_welch():
    from scipy.stats import ttest_ind

    found, theirs = unpaired_difference(X, Y[:6]), ttest_ind(X, Y[:6], equal_var=False)
    # Degrees of freedom are rounded down here, so the p-value is a little larger.
    assert theirs.pvalue <= found.p_value == pytest.approx(theirs.pvalue, rel=0.02)


def test_constant_scores_on_different_items_stay_unsure():
    found = unpaired_difference([1] * 10, [0] * 10, bounds=(0, 1))
    assert found.standard_error == 0
    assert 0 < found.interval.low < found.value == found.interval.high
    assert unpaired_difference([1], [0]).p_value == 1


def test_exact_intervals_of_a_share():
    from statsmodels.stats.proportion import proportion_confint

    exact = clopper_pearson(9, 10)
    assert (exact.low, exact.high) == pytest.approx((0.55498, 0.99747), abs=5e-6)
    for right, n in ((0, 7), (3, 7), (7, 7), (40, 100)):
        assert clopper_pearson(right, n).low == pytest.approx(proportion_confint(right, n, method="beta")[0])
        inner = jeffreys(right, n)
        assert clopper_pearson(right, n).low <= inner.low <= right / n <= inner.high
    middle = proportion_confint(3, 7, method="jeffreys")
    assert (jeffreys(3, 7).low, jeffreys(3, 7).high) == pytest.approx(middle)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: sign_flips([1], [1, 2], seed=1), "pair them by item"),
        (lambda: equivalence(X, Y, margins=(0.1, -0.1)), "first must be below"),
        (lambda: equivalence(X, Y, margins=(-0.1, 0.1), confidence=0.5), "more than 0.5"),
        (lambda: clopper_pearson(5, 4), "wanted 0 to n"),
        (lambda: jeffreys(1, 4, confidence=1.0), "between 0 and 1"),
    ],
)
def test_what_cannot_be_tested_is_refused(mistake, message):
    with pytest.raises(ValueError, match=message):
        mistake()
