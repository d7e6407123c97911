"""What is computed from a judge's grades and verdicts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.stats.intervals.bootstrap import Resampling, Undefined
from evalsuite.stats.intervals.mean import mean
from evalsuite.stats.intervals.prediction_powered import prediction_powered
from evalsuite.stats.intervals.probes import expected_grade
from evalsuite.stats.ratings.both_orders import (
    BothOrders,
    GradedPair,
    PositionBias,
    RelativeScore,
    position_bias,
    relative_score,
    winner,
)

MODEL_FIRST = [(9, 8.5), (9, 9), (7, 8), (8, 8)]
REFERENCE_FIRST = [(8, 9), (9, 9), (8, 7), (9, 8)]
REVIEWS = [GradedPair(model, gpt, True, str(q)) for q, (model, gpt) in enumerate(MODEL_FIRST)] + [
    GradedPair(model, gpt, False, str(q)) for q, (gpt, model) in enumerate(REFERENCE_FIRST)
]

verdicts = st.sampled_from(["first", "second", "tie", "error"])


def digits(text: str) -> list[float]:
    return [float(digit) for digit in text]


def test_the_relative_score_is_pooled_over_both_orders():
    found = relative_score([*REVIEWS, GradedPair(None, None, True, "9")])
    assert found == RelativeScore(
        pooled=pytest.approx(97.777778, abs=5e-7),
        interval=None,
        model_first=pytest.approx(98.507463, abs=5e-7),
        reference_first=pytest.approx(97.058824, abs=5e-7),
        model_total=66,
        reference_total=67.5,
        n=8,
        dropped=1,
    )


def test_the_relative_score_resamples_questions():
    found = relative_score(REVIEWS, resampling=Resampling(seed=7, resamples=500))
    assert isinstance(found, RelativeScore)
    assert found.interval is not None
    assert 90 < found.interval.low < found.pooled < found.interval.high < 106


def test_without_a_readable_review_there_is_no_relative_score():
    assert relative_score([GradedPair(None, 8, True, "1")]) == Undefined("no review could be read; 1 dropped")
    assert isinstance(relative_score([GradedPair(5, 0, True, "1")]), Undefined)
    with pytest.raises(ValueError, match="None, not -1"):
        relative_score([GradedPair(-1, -1, True, "1")])


def test_disagreement_or_tie_counts_as_tie():
    pairs = [
        BothOrders("first", "second"),
        BothOrders("first", "first"),
        BothOrders("second", "first"),
        BothOrders("tie", "second"),
        BothOrders("tie", "tie"),
        BothOrders("first", "error"),
    ]
    assert [winner(pair) for pair in pairs] == ["win", "tie", "lose", "tie", "tie", None]


def test_position_bias():
    pairs = [
        *[BothOrders("first", "second")] * 5,
        *[BothOrders("first", "first")] * 3,
        BothOrders("second", "second"),
        BothOrders("tie", "error"),
    ]
    assert position_bias(pairs) == PositionBias(
        consistency=mean([1] * 5 + [0] * 5),
        biased_to_first=0.3,
        biased_to_second=0.1,
        mixed=0,
        error=0.1,
        conflict=pytest.approx(4 / 9),
        n=10,
    )
    with pytest.raises(ValueError, match="no pairs"):
        position_bias([])


@given(st.lists(st.builds(BothOrders, verdicts, verdicts), min_size=1, max_size=20))
def test_every_pair_falls_into_one_class(pairs):
    found = position_bias(pairs)
    parts = found.consistency.value + found.biased_to_first + found.biased_to_second + found.mixed + found.error
    assert parts == pytest.approx(1)


def test_a_grade_is_weighted_by_its_probabilities():
    chances = {1: 0.02, 2: 0.08, 3: 0.25, 4: 0.45, 5: 0.20}
    assert expected_grade(chances) == pytest.approx(3.73)
    assert expected_grade({grade: chance / 2 for grade, chance in chances.items()}) == pytest.approx(3.73)
    assert isinstance(expected_grade({1: 0.0}), Undefined)
    with pytest.raises(ValueError, match="0 or more"):
        expected_grade({1: -0.1})


HUMAN, JUDGE = digits("1011010111"), digits("1011110011")
ELSEWHERE = [1.0] * 33 + [0.0] * 17


@pytest.mark.parametrize(
    ("trust", "value", "low", "high"),
    [(1, 0.66, 0.35329, 0.96671), (None, 0.683775, 0.43378, 0.93377), (0, 0.70, 0.41597, 0.98403)],
)
def test_few_human_labels_correct_many_judge_scores(trust, value, low, high):
    found = prediction_powered(HUMAN, JUDGE, unlabelled=ELSEWHERE, trust=trust)
    assert found.value == pytest.approx(value, abs=5e-7)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=5e-6)
    if trust is None:
        assert found.trust == pytest.approx(0.405625)


def test_a_judge_that_always_says_the_same_is_not_trusted():
    found = prediction_powered(HUMAN, [1] * 10, unlabelled=[1] * 50)
    assert (found.trust, found.value) == (0, pytest.approx(0.7))
    with pytest.raises(ValueError, match="pair them by item"):
        prediction_powered([1], [1], unlabelled=[1])
