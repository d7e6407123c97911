"""Scores and their intervals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.stats.intervals.mean import Estimate, Interval, mean, wilson

FOUR_BY_FOUR = [float(digit) for digit in "1100111000001111"]
QUESTIONS = np.repeat(["a", "b", "c", "d"], 4)

scores = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=30)
labelled = st.lists(st.tuples(st.floats(-100, 100, width=32), st.integers(0, 5)), min_size=1, max_size=30)


def near(low: float, high: float, confidence: float = 0.95) -> Interval:
    return Interval(pytest.approx(low, abs=1e-5), pytest.approx(high, abs=1e-5), confidence)


@pytest.mark.parametrize(
    ("right", "n", "expected"),
    [(9, 10, near(0.59585, 0.98212)), (25, 25, near(0.86681, 1.0)), (3, 3, near(0.43850, 1.0))],
)
def test_wilson_agrees_with_the_published_examples_and_statsmodels(right, n, expected):
    from statsmodels.stats.proportion import proportion_confint

    assert mean([1] * right + [0] * (n - right)).interval == wilson(right / n, n) == expected
    assert proportion_confint(right, n, method="wilson") == pytest.approx((expected.low, expected.high), abs=1e-5)


def test_right_answers_get_a_wilson_interval_and_the_clt_error():
    assert mean(FOUR_BY_FOUR) == Estimate(
        value=0.5625,
        interval=wilson(0.5625, 16),
        n=16,
        clusters=None,
        standard_error=pytest.approx(0.1280869, abs=1e-7),
    )


def test_answers_to_the_same_question_count_as_a_cluster():
    estimate = mean(FOUR_BY_FOUR, clusters=QUESTIONS)
    assert (estimate.n, estimate.clusters) == (16, 4)
    assert estimate.standard_error == pytest.approx(0.1876302, abs=1e-7)
    assert estimate.interval.low < mean(FOUR_BY_FOUR).interval.low
    assert estimate.interval.high > mean(FOUR_BY_FOUR).interval.high


def test_the_guarded_error_is_the_corrected_one_of_statsmodels():
    from statsmodels.api import OLS

    from evalsuite.stats.intervals.spread import measure

    codes = np.repeat(range(4), 4)
    fit = OLS(np.array(FOUR_BY_FOUR), np.ones(16)).fit(cov_type="cluster", cov_kwds={"groups": codes})
    assert measure(np.array(FOUR_BY_FOUR), codes).guarded == pytest.approx(fit.bse[0]) == pytest.approx(0.2134781)


def test_real_scores_get_the_t_interval_of_scipy():
    from scipy.stats import t

    sample = [0.78, 0.55, 0.91, 0.62, 0.70]
    error = np.std(sample, ddof=1) / math.sqrt(5)
    low, high = t.interval(0.95, 4, np.mean(sample), error)
    assert mean(sample) == Estimate(
        pytest.approx(0.712), near(low, high), n=5, clusters=None, standard_error=pytest.approx(error)
    )


def test_averaging_k_answers_per_question_shrinks_the_variance_as_published():
    # Miller §3.2: uniform difficulty has Var(x) = 1/12 and E[sigma²] = 1/6.
    factors = [(1 / 12 + 1 / 6 / k) / (1 / 12 + 1 / 6) for k in (2, 4, 6)]
    assert factors == pytest.approx([2 / 3, 1 / 2, 4 / 9])


def test_one_right_answer_says_little():
    assert mean([1]) == Estimate(1.0, near(0.20655, 1.0), n=1, clusters=None, standard_error=None)


def test_one_real_score_says_nothing_but_its_bounds():
    assert mean([0.5]).interval == Interval(-math.inf, math.inf, 0.95)
    assert mean([0.5], bounds=(0, 1)).interval == Interval(0.0, 1.0, 0.95)


def test_equal_scores_keep_an_interval():
    assert mean([4.0] * 30, bounds=(1, 5)).interval == near(3.45461, 4.54539)
    assert mean([4.0] * 30).interval == Interval(-math.inf, math.inf, 0.95)
    assert mean([0.1 + 0.2, 0.3, 0.3], bounds=(0, 1)).interval == Interval(0.0, 1.0, 0.95)


def test_unanimous_clusters_count_once_each():
    assert mean([1.0] * 16, clusters=QUESTIONS).interval == wilson(1.0, 4)
    assert mean(FOUR_BY_FOUR, clusters=["only"] * 16) == Estimate(0.5625, wilson(0.5625, 1), 16, 1, None)


def test_zeros_and_ones_on_a_wider_scale_are_not_shares():
    assert mean([1, 0, 1, 1], bounds=(0, 5)).interval.high > 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean([]), "no scores; a mean of nothing is not defined"),
        (lambda: mean([1.0, None]), "1 of 2 are not finite numbers; leave unscored items out"),
        (lambda: mean([[1.0]]), r"expected one number per item, got an array of shape \(1, 1\)"),
        (lambda: mean([1, 0], clusters=["a"]), "1 cluster labels for 2 scores"),
        (lambda: mean([1, 0], clusters=["a", None]), "a score has no cluster label"),
        (lambda: mean([2.0], bounds=(0, 1)), "scores run from 2 to 2, outside"),
        (lambda: mean([2.0], bounds=(1, 0)), "the first must be below the second"),
        (lambda: mean([1, 0], confidence=95), "confidence is 95; it must lie between 0 and 1"),
    ],
)
def test_impossible_questions_are_refused_in_plain_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@given(labelled)
def test_an_interval_contains_its_estimate_and_is_never_nan(rows):
    values, clusters = zip(*rows, strict=True)
    for estimate in (mean(values), mean(values, clusters=clusters), mean(values, bounds=(-100, 100))):
        assert estimate.interval.low <= estimate.value <= estimate.interval.high


@given(labelled, st.floats(0.5, 0.99), st.floats(0.5, 0.99))
def test_more_confidence_never_narrows_an_interval(rows, first, second):
    values, clusters = zip(*rows, strict=True)
    less, more = (mean(values, clusters=clusters, confidence=c).interval for c in sorted((first, second)))
    assert more.low <= less.low + 1e-9
    assert less.high <= more.high + 1e-9


@given(labelled, st.randoms(use_true_random=False))
def test_the_order_of_the_scores_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    before = mean([s for s, _ in rows], clusters=[c for _, c in rows], bounds=(-100, 100))
    after = mean([s for s, _ in shuffled], clusters=[c for _, c in shuffled], bounds=(-100, 100))
    assert after.interval.low == pytest.approx(before.interval.low, rel=1e-6, abs=1e-6)
    assert after.interval.high == pytest.approx(before.interval.high, rel=1e-6, abs=1e-6)


@given(st.one_of(scores, st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=30)))
def test_clusters_of_one_are_no_clusters(values):
    clustered = mean(values, clusters=range(len(values)))
    assert clustered == Estimate(
        **{field: getattr(mean(values), field) for field in ("value", "interval", "n", "standard_error")},
        clusters=len(values),
    )


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(11)
    rounds, truth = 1500, 0.9
    shares = rng.binomial(1, truth, size=(rounds, 20))
    normals = rng.normal(truth, 0.3, size=(rounds, 6))
    difficulty = np.repeat(rng.beta(9 * 3, 3, size=(rounds, 20)), 4, axis=1)
    clustered = (rng.random(difficulty.shape) < difficulty).astype(float)
    groups = np.repeat(range(20), 4)

    def coverage(samples, clusters=None):
        found = [mean(sample, clusters=clusters).interval for sample in samples]
        return np.mean([interval.low <= truth <= interval.high for interval in found])

    assert 0.93 < coverage(shares) < 0.985
    assert 0.93 < coverage(normals) < 0.97
    assert 0.93 < coverage(clustered, groups) < 0.985
