"""At most a margin worse?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.stats.paired.mean_difference import Discordance, difference
from evalsuite.stats.paired.noninferior import NonInferiority, non_inferiority, superiority

X = [0.78, 0.55, 0.91, 0.62, 0.70, 0.83, 0.49, 0.66]
Y = [0.71, 0.58, 0.80, 0.55, 0.69, 0.70, 0.52, 0.60]


def paired(n: int, gained: int, lost: int) -> tuple[np.ndarray, np.ndarray]:
    """Candidate and baseline answers with these many flips."""
    same = n - gained - lost
    return np.repeat([1, 0, 1], [gained, lost, same]), np.repeat([0, 1, 1], [gained, lost, same])


def test_tango_contact_lenses_pass_at_a_margin_of_ten_points():
    found = non_inferiority(*paired(44, gained=0, lost=1), margin=0.1)
    assert (found.answer, found.p_value) == ("pass", pytest.approx(0.0437658, abs=1e-7))
    assert found.low > -0.1


@pytest.mark.parametrize(
    ("discordance", "null", "z", "low", "high"),
    [
        (Discordance(gained=0, lost=1, n=44), -0.1, 1.7086, -0.118077, 0.059393),
        (Discordance(gained=12, lost=18, n=200), -0.05, 0.723057, -0.086596, 0.024864),
    ],
)
def test_tangos_statistic_and_interval(discordance, null, z, low, high):
    assert discordance.statistic(null) == pytest.approx(z, abs=5e-5)
    interval = discordance.interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-7)


def test_a_few_flips_more_leave_it_undecided():
    candidate, baseline = paired(200, gained=12, lost=18)
    found = non_inferiority(candidate, baseline, margin=0.05)
    assert found == NonInferiority(
        difference=pytest.approx(-0.03),
        low=found.low,
        high=found.high,
        p_value=pytest.approx(0.234822, abs=1e-6),
        answer="undecided",
        margin=0.05,
        confidence=0.95,
        n=200,
        samples_needed=found.samples_needed,
    )
    two_sided = difference(candidate, baseline).interval
    assert (two_sided.low, two_sided.high) == pytest.approx((-0.086596, 0.024864), abs=1e-6)
    assert two_sided.low < found.low < found.high < two_sided.high
    # Wald error 0.0273022, gap 0.02, z sum 1.6448536 + 0.8416212
    assert found.samples_needed == 2317


def test_the_samples_it_asks_for_do_settle_it():
    few = non_inferiority(*paired(200, gained=12, lost=18), margin=0.05)
    times = -(-few.samples_needed // 200)
    many = non_inferiority(*paired(200 * times, gained=12 * times, lost=18 * times), margin=0.05)
    assert (many.answer, many.samples_needed) == ("pass", None)


def test_a_clear_drop_fails():
    assert non_inferiority(*paired(200, gained=2, lost=60), margin=0.05).answer == "fail"


@pytest.mark.parametrize(
    ("n", "answer", "needed"), [(1, "undecided", None), (50, "undecided", 165), (200, "pass", None)]
)
def test_without_a_single_flip_enough_samples_pass(n, answer, needed):
    found = non_inferiority(*paired(n, gained=0, lost=0), margin=0.02)
    assert (found.difference, found.answer, found.samples_needed) == (0.0, answer, needed)


def test_real_scores_agree_with_the_two_one_sided_tests_of_statsmodels():
    from statsmodels.stats.weightstats import ttost_paired

    above = non_inferiority(X, Y, margin=0.05)
    below = non_inferiority(Y, X, margin=0.15)
    assert max(above.p_value, below.p_value) == pytest.approx(0.0011750, abs=1e-7)
    assert ttost_paired(np.array(X), np.array(Y), -0.05, 0.15)[0] == pytest.approx(above.p_value)
    assert (above.answer, below.answer) == ("pass", "pass")


def test_samples_of_one_question_are_worth_less_than_samples_of_many():
    candidate, baseline = paired(60, gained=6, lost=6)
    questions = np.concatenate([np.repeat(range(4), 3), np.arange(48) // 3 + 4])
    plain = non_inferiority(candidate, baseline, margin=0.12)
    clustered = non_inferiority(candidate, baseline, margin=0.12, clusters=questions)
    assert clustered.low < plain.low
    assert (plain.answer, clustered.answer) == ("pass", "undecided")


def test_equal_real_scores_pass_once_there_are_enough():
    scores = np.linspace(0.2, 0.8, 100)
    assert non_inferiority(scores[::25], scores[::25], margin=0.05).answer == "undecided"
    assert non_inferiority(scores, scores, margin=0.05).answer == "pass"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"margin": -0.1}, "margin is -0.1"),
        ({"margin": float("nan")}, "margin is nan"),
        ({"margin": 0.1, "confidence": 0.5}, "needs more than 0.5"),
    ],
)
def test_senseless_gates_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        non_inferiority([1, 0], [1, 1], **options)


@given(
    st.lists(st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 1])), min_size=1, max_size=40),
    st.floats(0, 1.2),
)
def test_it_passes_exactly_when_p_is_small_and_wider_margins_never_hurt(rows, margin):
    candidate, baseline = zip(*rows, strict=True)
    found = non_inferiority(candidate, baseline, margin=margin)
    if abs(found.p_value - 0.05) > 1e-6:
        assert (found.p_value < 0.05) == (found.answer == "pass")
    wider = non_inferiority(candidate, baseline, margin=margin + 0.05)
    assert wider.p_value <= found.p_value + 1e-12
    assert found.answer != "pass" or wider.answer == "pass"
    assert found.samples_needed is None or found.samples_needed > found.n


def test_the_gate_wrongly_passes_about_one_time_in_twenty():
    rng = np.random.default_rng(5)
    rows = rng.choice(3, p=[0.05, 0.15, 0.8], size=(2000, 80))  # gained, lost, same: truly ten points worse
    passed = [
        non_inferiority(*paired(80, *np.bincount(row, minlength=3)[:2]), margin=0.1).answer == "pass" for row in rows
    ]
    assert 0.03 < np.mean(passed) < 0.07


def test_superiority_asks_for_more_than_a_gain():
    better = [1] * 60 + [0] * 40, [0] * 25 + [1] * 35 + [0] * 40
    assert superiority(*better).answer == superiority(*better, by=0.1).answer == "pass"
    assert superiority(*better, by=0.2).answer == "undecided"
    assert superiority(*better, by=0.5).answer == "fail"
    assert superiority(better[0], better[0]).answer == "undecided"


def test_superiority_by_less_than_nothing_is_refused():
    with pytest.raises(ValueError, match="gain that is wanted"):
        superiority([1], [0], by=-0.1)
