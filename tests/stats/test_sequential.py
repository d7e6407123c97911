"""Looking after every sample."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalsuite.stats.intervals.mean import Interval
from evalsuite.stats.sequential.betting import ConfidenceSequence

TEN = [1, 0, 1, 1, 0, 1, 1, 1, 0, 1]

shares = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def test_the_confidence_sequence_of_the_worked_example():
    sequence = ConfidenceSequence()
    ends = [sequence.add(sample) for sample in TEN * 20]
    wanted = {10: (0.273, 0.993), 20: (0.390, 0.930), 50: (0.499, 0.866), 200: (0.589, 0.804)}
    for t, (low, high) in wanted.items():
        assert ends[t - 1] == Interval(pytest.approx(low), pytest.approx(high), 0.95)


def test_a_one_sided_bound_is_nearer_than_that_side_of_an_interval():
    one, two = ConfidenceSequence(ends="low"), ConfidenceSequence()
    for sample in TEN * 20:
        one.add(sample)
        two.add(sample)
    assert one.interval.low > two.interval.low
    assert one.interval.high == 1


@settings(max_examples=50)
@given(shares, st.sampled_from(["both", "low", "high"]))
def test_the_sequence_never_grows_again(samples, ends):
    sequence = ConfidenceSequence(ends=ends, grid=100)
    before = sequence.interval
    for sample in samples:
        now = sequence.add(sample)
        assert before.low <= now.low <= now.high <= before.high
        before = now


def test_differences_have_an_interval_on_their_own_scale():
    sequence = ConfidenceSequence(bounds=(-1, 1))
    for _ in range(200):
        sequence.add(0)
    assert sequence.interval.low == pytest.approx(-sequence.interval.high)
    assert -0.1 < sequence.interval.low < 0


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan])
def test_a_sample_off_the_scale_is_refused(bad):
    with pytest.raises(ValueError, match="between 0 and 1"):
        ConfidenceSequence().add(bad)


@pytest.mark.slow
def test_the_confidence_sequence_covers_at_all_times_at_once():
    generator = np.random.default_rng(7)
    missed = 0
    for _ in range(2000):
        sequence = ConfidenceSequence(grid=100)
        ends = [sequence.add(sample) for sample in generator.beta(2, 6, size=150)]
        missed += not ends[-1].low <= 0.25 <= ends[-1].high
    assert missed / 2000 <= 0.05
