"""Two systems on the same items."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.stats.intervals.mean import Interval, mean
from evalsuite.stats.paired.mean_difference import Difference, difference, differences_of_counts

A = [1, 1, 1, 0, 1, 0, 1, 1, 0, 1]
B = [1, 0, 1, 0, 1, 0, 0, 1, 0, 1]
X = [0.78, 0.55, 0.91, 0.62, 0.70, 0.83, 0.49, 0.66]
Y = [0.71, 0.58, 0.80, 0.55, 0.69, 0.70, 0.52, 0.60]

real = st.lists(st.tuples(st.floats(0, 5, width=32), st.floats(0, 5, width=32)), min_size=1, max_size=25)
binary = st.lists(st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 1])), min_size=1, max_size=25)
any_pairs = st.one_of(real, binary)


def test_the_paired_error_is_smaller_than_the_unpaired_one_for_like_systems():
    found = difference(A, B)
    assert found == Difference(
        value=pytest.approx(0.2),
        interval=found.interval,
        standard_error=pytest.approx(0.1333333, abs=1e-7),
        correlation=pytest.approx(0.6546537, abs=1e-7),
        n=10,
        clusters=None,
        p_value=pytest.approx(math.erfc(1)),  # two gained, none lost: McNemar's z is the root of two
    )
    a, b = mean(A).standard_error, mean(B).standard_error
    assert math.hypot(a, b) == pytest.approx(0.2260777, abs=1e-7)
    assert math.sqrt(a**2 + b**2 - 2 * a * b * found.correlation) == pytest.approx(found.standard_error)


def test_clustered_differences_follow_equation_four():
    gaps, questions = np.array([1, 0, 0, -1, 1, 1, 0, 0]), [0, 0, 1, 1, 2, 2, 3, 3]
    candidate, baseline = np.maximum(gaps, 0), np.maximum(-gaps, 0)
    found = difference(candidate, baseline, clusters=questions)
    assert (found.value, found.n, found.clusters) == (0.25, 8, 4)
    assert found.standard_error == pytest.approx(0.2931510, abs=1e-7)
    assert difference(candidate, baseline).standard_error == pytest.approx(0.25)


def test_real_scores_take_the_paired_t_test():
    found = difference(X, Y)
    assert found.value == pytest.approx(0.04875)
    assert found.value / found.standard_error == pytest.approx(2.2941, abs=1e-4)
    assert found.p_value == pytest.approx(0.0554699, abs=1e-7)
    assert found.interval.low < 0 < found.interval.high


def test_tango_contact_lenses():
    found = difference([0] * 44, [1] + [0] * 43)
    assert (found.interval.low, found.interval.high) == pytest.approx((-0.118077, 0.059393), abs=1e-6)


def test_right_and_wrong_answers_take_the_uncorrected_mcnemar_test():
    baseline, candidate = np.repeat([1, 0], [35, 32]), np.repeat([0, 1], [35, 32])
    assert difference(candidate, baseline).p_value == pytest.approx(0.7139858, abs=1e-7)


def test_an_adapter_that_changes_nothing_has_no_p_value_below_one_and_no_certainty():
    right = [1] * 15 + [0] * 5
    same = difference(right, right)
    z = 1.959963984540054
    assert (same.value, same.p_value) == (0.0, 1.0)
    assert same.interval.high == pytest.approx(z**2 / (20 + z**2)) == pytest.approx(-same.interval.low)


def test_equal_real_gaps_are_guarded_on_the_scale():
    found = difference([0.9, 0.5, 0.7], [0.8, 0.4, 0.6], bounds=(0, 1))
    assert found.standard_error == 0.0
    assert found.interval == Interval(-1.0, 1.0, 0.95)


def test_one_pair_shows_nothing():
    assert difference([0.7], [0.4]) == Difference(
        pytest.approx(0.3), Interval(-math.inf, math.inf, 0.95), None, None, n=1, clusters=None, p_value=1.0
    )


def test_scores_of_different_items_cannot_be_paired():
    with pytest.raises(ValueError, match="2 candidate scores, 1 baseline scores; pair them by item"):
        difference([1, 0], [1])


@given(any_pairs)
def test_swapping_the_systems_turns_everything_round(rows):
    a, b = zip(*rows, strict=True)
    forth, back = difference(a, b), difference(b, a)
    assert back.value == pytest.approx(-forth.value)
    assert back.interval.low == pytest.approx(-forth.interval.high, abs=1e-9)
    assert back.p_value == pytest.approx(forth.p_value)


@given(any_pairs)
def test_the_interval_contains_the_difference_and_leaves_zero_out_exactly_when_p_is_small(rows):
    found = difference(*zip(*rows, strict=True))
    assert found.interval.low <= found.value <= found.interval.high
    assert 0 <= found.p_value <= 1
    if abs(found.p_value - 0.05) > 1e-6:
        assert (found.p_value < 0.05) == (found.interval.low > 0 or found.interval.high < 0)


@given(real)
def test_clusters_of_one_change_nothing(rows):
    a, b = zip(*rows, strict=True)
    plain, clustered = difference(a, b), difference(a, b, clusters=range(len(a)))
    assert (clustered.interval, clustered.p_value) == (plain.interval, plain.p_value)


@given(any_pairs, st.floats(0.5, 0.99), st.floats(0.5, 0.99))
def test_more_confidence_never_narrows_the_interval(rows, first, second):
    a, b = zip(*rows, strict=True)
    less, more = (difference(a, b, confidence=c).interval for c in sorted((first, second)))
    assert more.low <= less.low + 1e-9
    assert less.high <= more.high + 1e-9


@given(st.lists(binary, min_size=1, max_size=4))
def test_counts_alone_give_the_same_as_all_scores_that_are_right_or_wrong(several):
    expected, counts = [], []
    for pairs in several:
        ours, theirs = ([pair[at] for pair in pairs] for at in (0, 1))
        found = difference(ours, theirs, bounds=(0.0, 1.0))
        expected.append((found.value, found.interval, found.p_value))
        counts.append((len(pairs), pairs.count((1, 0)), pairs.count((0, 1))))
    assert differences_of_counts(*zip(*counts, strict=True)) == expected
