"""How many samples are enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.stats.intervals.power import PairedVariance, minimum_detectable_effect, sample_size, samples_to_settle


def test_three_points_need_969_questions():
    assert sample_size(0.03, PairedVariance(between=1 / 9)) == 969


def test_a_win_rate_of_55_against_50_needs_785_votes():
    assert sample_size(0.05, PairedVariance(between=0.25)) == 785


@pytest.mark.parametrize(("answers", "factor"), [(1, 1), (2, 2 / 3), (4, 1 / 2), (6, 4 / 9)])
def test_several_answers_per_question_shrink_the_variance(answers, factor):
    # Questions of uniform difficulty: variance 1/12 between them, 1/6 within.
    one, several = (PairedVariance(1 / 12, candidate=1 / 6, candidate_answers=k) for k in (1, answers))
    assert several.total / one.total == pytest.approx(factor)


@pytest.mark.parametrize(
    ("n", "answers", "effect"),
    [(198, 1, 0.132733), (198, 10, 0.075670), (200, 1, 0.132068), (200, 10, 0.075290)],
)
def test_more_answers_per_question_show_smaller_effects(n, answers, effect):
    variance = PairedVariance(1 / 9, 1 / 6, 1 / 6, candidate_answers=answers, baseline_answers=answers)
    assert minimum_detectable_effect(n, variance) == pytest.approx(effect, abs=1e-6)


@given(st.floats(0.005, 0.5), st.floats(0.01, 1.0))
def test_the_sample_size_is_the_first_that_detects_the_effect(effect, between):
    variance = PairedVariance(between)
    n = sample_size(effect, variance)
    assert minimum_detectable_effect(n, variance) <= effect * (1 + 1e-9)
    assert n == 1 or minimum_detectable_effect(n - 1, variance) > effect * (1 - 1e-9)


def test_an_undecided_threshold_says_what_would_settle_it():
    # 45 of 50 right against 80 %: SE 0.0429, z sum 1.9599640 + 0.8416212.
    assert samples_to_settle(0.1, standard_error=0.0428571, n=50) == 73
    assert samples_to_settle(-0.1, standard_error=0.0428571, n=50) == 73
    assert samples_to_settle(0.1, standard_error=0.0428571, n=50, power=0.5) == 51


def test_a_perfect_score_against_ninety_percent_needs_forty_samples():
    assert samples_to_settle(0.1, standard_error=0.0, n=25) == 40


@pytest.mark.parametrize(("gap", "error"), [(0.0, 0.1), (0.1, None), (0.3 - 0.1 - 0.2, 0.1)])
def test_what_cannot_be_foreseen_is_none(gap, error):
    assert samples_to_settle(gap, standard_error=error, n=10) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sample_size(0.0, PairedVariance(1.0)), "effect is 0"),
        (lambda: minimum_detectable_effect(0, PairedVariance(1.0)), "n is 0"),
        (lambda: sample_size(0.1, PairedVariance(1.0), power=1.0), "power is 1.0"),
    ],
)
def test_impossible_plans_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
