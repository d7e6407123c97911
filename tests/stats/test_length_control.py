"""Win rates as AlpacaEval counts them, and at equal length."""

import numpy as np
import pytest

from evalsuite.stats.intervals.bootstrap import Resampling
from evalsuite.stats.ratings.length_control import (
    LengthWeights,
    from_weights,
    gamed_rows,
    length_controlled,
    standardise,
)

ROW = np.arange(40)
LONGER = ((37 * ROW % 41) - 20) * 10.0
DIFFICULTY = ((17 * ROW % 23) - 11) / 5
CHANCES = ((29 * ROW % 31) / 30) * 0.6 + 0.2 * (LONGER < 0) + 0.05

J = np.arange(20)
GAMED = gamed_rows(standardise(((13 * J % 21) - 10) * 20.0), ((7 * J % 11) - 5) / 3, ((11 * J % 19) / 18) * 0.5 + 0.25)


def test_stored_weights_give_the_published_arithmetic():
    weights = LengthWeights(0.0, 1.1135907866, -3.0486680859)
    found = from_weights(weights, [0, -1, 1])
    assert found.win_rate == pytest.approx(6.226608, abs=5e-7)
    each = [from_weights(weights, [difficulty]).win_rate for difficulty in (0, -1, 1)]
    assert each == pytest.approx([4.527501, 1.533356, 12.618966], abs=5e-7)


def test_the_fit_of_the_worked_example():
    assert CHANCES.mean() == pytest.approx(0.4655)
    plain = length_controlled(LONGER, DIFFICULTY, CHANCES, strength=21.544347)
    assert plain.weights == LengthWeights(
        pytest.approx(-0.36227635, abs=1e-6), pytest.approx(0.05457808, abs=1e-6), pytest.approx(-0.13013699, abs=1e-6)
    )
    assert plain.win_rate == pytest.approx(46.816644, abs=1e-4)
    held = length_controlled(LONGER, DIFFICULTY, CHANCES, gamed=GAMED, strength=21.544347)
    assert held.weights == LengthWeights(
        pytest.approx(-0.35065861, abs=1e-6), pytest.approx(0.05864074, abs=1e-6), pytest.approx(-0.13047604, abs=1e-6)
    )
    assert (held.win_rate, held.standard_error) == pytest.approx((46.813431, 0.315699), abs=1e-4)


def test_a_weak_penalty_comes_close_to_the_published_fit():
    plain = length_controlled(LONGER, DIFFICULTY, CHANCES, strength=1e4)
    held = length_controlled(LONGER, DIFFICULTY, CHANCES, gamed=GAMED, strength=1e4)
    # The tolerance of the library behind the published figures shows here, up to 0.0013.
    assert (plain.win_rate, held.win_rate) == pytest.approx((46.702288, 46.697931), abs=0.0014)


def test_the_penalty_is_chosen_on_rows_left_out():
    found = length_controlled(LONGER, DIFFICULTY, CHANCES, gamed=GAMED)
    assert found.strength in np.logspace(-4, 4, 10).tolist()
    assert found.win_rate == pytest.approx(46.8, abs=3.5)
    assert found.warning is None


def test_the_interval_is_that_of_the_fit_and_far_wider_than_the_error_of_the_predictions():
    found = length_controlled(
        LONGER, DIFFICULTY, CHANCES, gamed=GAMED, strength=21.544347, resampling=Resampling(7, 400)
    )
    assert found.interval is not None
    assert found.interval.low < found.win_rate < found.interval.high
    raw = 100 * np.std(CHANCES, ddof=1) / np.sqrt(len(CHANCES))
    assert found.interval.high - found.interval.low > 2 * raw
    assert found.standard_error is not None
    assert found.standard_error < raw / 5


def test_a_missing_preference_is_left_out_of_the_fit_and_its_instruction_still_counts():
    known = np.where(ROW == 3, np.nan, CHANCES)
    found = length_controlled(LONGER, DIFFICULTY, known, strength=21.544347)
    assert found.n == 40
    assert found.win_rate == from_weights(found.weights, DIFFICULTY).win_rate


def test_a_fit_far_from_what_was_judged_is_flagged():
    short = np.where(ROW % 2, 900.0, 1000.0)
    found = length_controlled(short, DIFFICULTY, np.full(40, 0.02), strength=0.001)
    assert "may be a failed fit" in (found.warning or "")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([1.0], [1.0], [0.5]), "two at least"),
        (([1.0, 2.0], [1.0], [0.5, 0.5]), "as many of each"),
        (([1.0, 2.0], [1.0, 0.0], [0.5, 1.5]), "between 0 and 1"),
    ],
)
def test_rows_that_do_not_fit_are_refused(arrays, message):
    with pytest.raises(ValueError, match=message):
        length_controlled(*arrays)
