"""Fidelity and win rates by resampling."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalsuite.stats.intervals.bootstrap import Resampling, Undefined, fidelity, win_rate
from evalsuite.stats.intervals.mean import Estimate, wilson

SEEDED = Resampling(seed=7, resamples=2000)


def judged(n: int = 80, reached: float = 0.6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of candidate, base and author on the same items."""
    rng = np.random.default_rng(3)
    item = rng.normal(0, 0.1, n)
    return tuple(level + item + rng.normal(0, 0.05, n) for level in (0.2 + reached * 0.6, 0.2, 0.8))


def test_fidelity_runs_from_the_base_model_to_the_author():
    candidate, base, author = judged()
    found = fidelity(candidate, base, author=author, resampling=SEEDED)
    assert (found.n, found.clusters) == (80, None)
    assert found.value == pytest.approx((candidate - base).mean() / (author - base).mean())
    assert found.interval.low < 0.6 < found.interval.high
    assert found.interval.high - found.interval.low == pytest.approx(4 * found.standard_error, rel=0.05)


def test_the_base_is_zero_and_the_author_one():
    _, base, author = judged()
    width = pytest.approx(1.9904502 * 2 / 80)  # t at 79 degrees of freedom times the guard
    for candidate, expected in ((base, 0.0), (author, 1.0)):
        found = fidelity(candidate, base, author=author, resampling=SEEDED)
        assert (found.value, found.standard_error) == (expected, 0.0)
        assert found.interval.high - expected == width


def test_the_same_seed_gives_the_same_interval_in_any_order_of_items():
    candidate, base, author = judged()
    order = np.random.default_rng(0).permutation(80)
    first = fidelity(candidate, base, author=author, resampling=SEEDED)
    again = fidelity(candidate[order], base[order], author=author[order], resampling=SEEDED)
    other = fidelity(candidate, base, author=author, resampling=Resampling(seed=8, resamples=2000))
    assert again.interval.low == pytest.approx(first.interval.low)
    assert other.interval.low != first.interval.low


def test_fidelity_is_undefined_where_the_author_does_not_stand_out():
    _, base, _ = judged()
    jitter = np.tile([0.1, -0.1], 40)
    found = fidelity(base, base, author=base + jitter, resampling=SEEDED)
    assert found == Undefined(
        "the author's text does not score clearly above the base model: author minus base lies between "
        "-0.0224 and 0.0224 (95 %, n = 80)"
    )


def test_fidelity_is_undefined_where_the_author_scores_below_the_base():
    candidate, base, author = judged()
    assert isinstance(fidelity(candidate, author, author=base, resampling=SEEDED), Undefined)


def test_fidelity_is_undefined_when_too_many_resamples_lose_the_author():
    gaps = np.repeat([1.0, -1.0], [27, 13])
    strict = Resampling(seed=7, resamples=2000, confidence=0.9999)
    found = fidelity(0.5 * np.ones(40), np.zeros(40), author=gaps, resampling=strict)
    assert found == Undefined("the author is so little above the base model that the resampled ratio has no bound")


def test_fidelity_needs_the_same_items():
    with pytest.raises(ValueError, match="1, 2, 2 scores of candidate, base and author; pair them by item"):
        fidelity([1], [0, 0], author=[1, 1], resampling=SEEDED)


def test_a_win_rate_counts_ties_half():
    found = win_rate([1, 1, 0.5, 0, 1, 0.5, 1, 0, 1, 1], resampling=SEEDED)
    assert (found.value, found.n, found.clusters) == (0.7, 10, None)
    assert 0 <= found.interval.low < 0.7 < found.interval.high <= 1
    assert found.standard_error == pytest.approx(np.std([1, 1, 0.5, 0, 1, 0.5, 1, 0, 1, 1], ddof=1) / math.sqrt(10))


def test_votes_on_one_question_are_not_independent():
    outcomes = np.repeat([1, 1, 1, 0, 1, 0, 1, 1], 5)
    apart = win_rate(outcomes, resampling=SEEDED)
    together = win_rate(outcomes, questions=np.repeat(range(8), 5), resampling=SEEDED)
    assert (together.n, together.clusters, together.value) == (40, 8, apart.value)
    assert together.interval.low < apart.interval.low
    assert together.standard_error > 2 * apart.standard_error


def test_unanimous_votes_keep_an_interval():
    assert win_rate([1] * 25, resampling=SEEDED) == Estimate(1.0, wilson(1.0, 25), 25, None, 0.0)
    assert win_rate([1] * 25, questions=[0, 1, 2, 3, 4] * 5, resampling=SEEDED).interval == wilson(1.0, 5)
    assert win_rate([1, 0], questions=["q", "q"], resampling=SEEDED) == Estimate(0.5, wilson(0.5, 1), 2, 1, None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: win_rate([1, 2], resampling=SEEDED), "a win is 1, a tie 0.5, a loss 0"),
        (lambda: win_rate([], resampling=SEEDED), "no scores"),
        (lambda: Resampling(seed=1, resamples=10), "below 100"),
    ],
)
def test_impossible_resampling_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([0, 0.5, 1]), st.integers(0, 5)), min_size=1, max_size=20))
def test_wins_and_losses_mirror_each_other(rows):
    outcomes, questions = (np.array(column) for column in zip(*rows, strict=True))
    quick = Resampling(seed=1, resamples=200)
    ours = win_rate(outcomes, questions=questions, resampling=quick)
    theirs = win_rate(1 - outcomes, questions=questions, resampling=quick)
    assert 0 <= ours.interval.low <= ours.value <= ours.interval.high <= 1
    assert theirs.value == pytest.approx(1 - ours.value)


def test_the_win_rate_interval_covers_the_truth():
    rng = np.random.default_rng(2)
    quick = Resampling(seed=1, resamples=500)
    samples = rng.choice([0, 0.5, 1], p=[0.3, 0.2, 0.5], size=(400, 15))
    found = [win_rate(sample, resampling=quick).interval for sample in samples]
    assert 0.92 < np.mean([interval.low <= 0.6 <= interval.high for interval in found]) < 0.99
