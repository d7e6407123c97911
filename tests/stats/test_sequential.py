"""Looking after every sample."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalsuite.stats import evalues
from evalsuite.stats.betting import BettingTest
from evalsuite.stats.confidence_sequence import ConfidenceSequence
from evalsuite.stats.interval import Interval
from evalsuite.stats.predictable import bernstein_sequence, hoeffding_sequence
from evalsuite.stats.sequential import SequentialNonInferiority
from evalsuite.stats.sprt import Sprt

TEN = [1, 0, 1, 1, 0, 1, 1, 1, 0, 1]

shares = st.lists(st.floats(0, 1), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("mean", "after_10", "after_20", "after_50"),
    [
        (0.5, 1.06787109, 2.18818532, 18.29571321),
        (0.6, 0.46822131, 0.43342875, 0.65376548),
        (0.8, 0.24929634, 0.32300533, 0.77505855),
    ],
)
def test_the_capital_of_the_worked_example(mean, after_10, after_20, after_50):
    test = BettingTest(mean)
    capital = [test.add(sample) for sample in TEN * 5]
    assert (capital[9], capital[19], capital[49]) == pytest.approx((after_10, after_20, after_50), abs=5e-9)


def test_the_confidence_sequence_of_the_worked_example():
    sequence = ConfidenceSequence()
    ends = [sequence.add(sample) for sample in TEN * 20]
    wanted = {10: (0.273, 0.993), 20: (0.390, 0.930), 50: (0.499, 0.866), 200: (0.589, 0.804)}
    for t, (low, high) in wanted.items():
        assert ends[t - 1] == Interval(pytest.approx(low), pytest.approx(high), 0.95)


def test_the_closed_forms_of_the_worked_example():
    hoeffding, bernstein = hoeffding_sequence(TEN * 20), bernstein_sequence(TEN * 20)
    assert (hoeffding.low, hoeffding.high) == pytest.approx((0.584416, 0.814000), abs=5e-7)
    assert (bernstein.low, bernstein.high) == pytest.approx((0.580930, 0.813969), abs=5e-7)


def test_a_one_sided_bound_is_nearer_than_that_side_of_an_interval():
    one, two = ConfidenceSequence(ends="low"), ConfidenceSequence()
    for sample in TEN * 20:
        one.add(sample)
        two.add(sample)
    assert one.interval.low > two.interval.low
    assert one.interval.high == 1


@settings(max_examples=50)
@given(shares, st.sampled_from(["both", "low", "high"]))
def test_what_the_sequence_excludes_the_test_refutes(samples, ends):
    sequence = ConfidenceSequence(ends=ends, grid=100)
    before = sequence.interval
    for sample in samples:
        now = sequence.add(sample)
        assert before.low <= now.low <= now.high <= before.high
        before = now
    side = {"both": "other", "low": "above", "high": "below"}[ends]
    for mean in (0.0, 0.25, 0.5, 0.75, 1.0):
        test = BettingTest(mean, side=side)
        for sample in samples:
            test.add(sample)
        if mean < now.low - 1e-9 or mean > now.high + 1e-9:
            assert test.rejected
        if now.low + 0.011 < mean < now.high - 0.011:
            assert not test.rejected
        assert (test.p_value <= 0.05 + 1e-12) == test.rejected


def test_differences_have_an_interval_on_their_own_scale():
    sequence = ConfidenceSequence(bounds=(-1, 1))
    for _ in range(200):
        sequence.add(0)
    assert sequence.interval.low == pytest.approx(-sequence.interval.high)
    assert -0.1 < sequence.interval.low < 0


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan])
def test_a_sample_off_the_scale_is_refused(bad):
    with pytest.raises(ValueError, match="between 0 and 1"):
        BettingTest(0.5).add(bad)


@pytest.mark.parametrize(
    ("flips", "prior", "expected"),
    [
        ((7, 0), 1, 16),
        ((8, 0), 1, 28.4444444),
        ((7, 0), 0.5, 26.8125),
        ((10, 2), 1, 4.773893),
        ((35, 32), 1, 0.161792),
        ((0, 0), 1, 1),
    ],
)
def test_evidence_from_flips(flips, prior, expected):
    assert evalues.discordant(*flips, prior=prior) == pytest.approx(expected, rel=4e-6)


@pytest.mark.parametrize(
    ("flips", "expected"), [((5, 0), 10.5), ((6, 0), 18.142857), ((10, 2), 9.440559), ((2, 10), 0.107226), ((0, 0), 1)]
)
def test_evidence_that_the_candidate_got_worse(flips, expected):
    assert evalues.worse(*flips) == pytest.approx(expected, rel=4e-6)


@given(st.integers(0, 400), st.integers(0, 400))
def test_evidence_is_fair_one_flip_ahead(lost, gained):
    for evidence in (evalues.discordant, evalues.worse):
        ahead = (evidence(lost + 1, gained) + evidence(lost, gained + 1)) / 2
        now = evidence(lost, gained)
        # At a fair coin the two-sided bet breaks even; the one-sided bet too, by its construction at 1/2.
        assert ahead == pytest.approx(now, rel=1e-6)


def test_thousands_of_flips_do_not_overflow():
    assert evalues.discordant(5000, 0) > 1e300
    assert evalues.worse(0, 5000) < 1e-3


def test_walds_bounds_and_steps():
    test = Sprt(0.5, 0.7)
    assert (test.upper, test.lower) == pytest.approx((2.7725887, -1.5581446), abs=5e-8)
    assert (test.success_step, test.failure_step) == pytest.approx((0.3364722, -0.5108256), abs=5e-8)


@pytest.mark.parametrize(("against", "successes", "failures"), [(0.7, 9, 4), (0.6, 16, 7)])
def test_a_straight_run_decides(against, successes, failures):
    for outcome, run, decision in ((True, successes, "accept"), (False, failures, "reject")):
        test = Sprt(0.5, against)
        decisions = [test.add(outcome) for _ in range(run)]
        assert decisions == ["undecided"] * (run - 1) + [decision]
        assert test.add(not outcome) == decision


@pytest.mark.parametrize(
    "mistake", [lambda: Sprt(0.7, 0.5), lambda: Sprt(0.5, 0.7, beta=1.0), lambda: Sprt(0.5, 0.7, alpha=0)]
)
def test_an_impossible_sequential_test_is_refused(mistake):
    with pytest.raises(ValueError, match=r"must|wanted"):
        mistake()


def test_a_gate_that_peeks_passes_the_same_and_fails_the_harmed():
    same, harmed = SequentialNonInferiority(margin=0.05), SequentialNonInferiority(margin=0.05)
    for _ in range(150):
        same.add(0.0)
        harmed.add(-0.5)
    assert (same.answer, harmed.answer) == ("pass", "fail")
    assert (same.p_pass, harmed.p_fail) == (pytest.approx(0, abs=0.05), pytest.approx(0, abs=0.05))
    assert SequentialNonInferiority(margin=0.05).add(0.0) == "undecided"


def test_a_margin_as_wide_as_the_scale_is_refused():
    with pytest.raises(ValueError, match="smaller than the largest difference"):
        SequentialNonInferiority(margin=1)


def _ever(answer: str, differences: np.ndarray, margin: float) -> bool:
    gate = SequentialNonInferiority(margin=margin, alpha=0.05)
    return any(gate.add(difference) == answer for difference in differences.tolist())


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "margin"), [("pass", 0.05), ("fail", 0.05), ("pass", -0.05)])
def test_peeking_after_every_sample_keeps_the_error_rate(answer, margin):
    generator = np.random.default_rng(7)
    lost, gained = 0.15 + margin / 2, 0.15 - margin / 2
    draws = generator.choice([-1.0, 0.0, 1.0], p=[lost, 1 - lost - gained, gained], size=(2000, 300))
    assert np.mean([_ever(answer, run, margin) for run in draws]) <= 0.05


@pytest.mark.slow
def test_the_confidence_sequence_covers_at_all_times_at_once():
    generator = np.random.default_rng(7)
    missed = 0
    for _ in range(2000):
        sequence = ConfidenceSequence(grid=100)
        ends = [sequence.add(sample) for sample in generator.beta(2, 6, size=150)]
        missed += not ends[-1].low <= 0.25 <= ends[-1].high
    assert missed / 2000 <= 0.05
