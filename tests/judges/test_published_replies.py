"""Replies of judges that were asked elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.judges import published_replies

READERS = {
    "two_scores", "three_class", "single_rating", "rating_pair_verdict", "pair_verdict", "clear_verdict",
    "prometheus_grade", "prometheus_choice",
}  # fmt: skip


@pytest.mark.parametrize(
    ("review", "grades"),
    [
        ("9 8.5\nBoth assistants ...", (9.0, 8.5)),
        ("9,8", (9.0, 8.0)),
        ("9, 8", None),
        ("9", None),
        ("9 8 7", None),
        ("\n9 8", None),
        ("Assistant 1: 9", None),
        ("-1 -1", None),
        ("nan 1", None),
        ("", None),
    ],
)
def test_two_scores_on_the_first_line(review, grades):
    assert published_replies.two_scores(review) == grades


@pytest.mark.parametrize(
    ("reply", "verdict"), [("Fine.\n1", "first"), ("2\n", "second"), ("so\n3", "tie"), ("both", "error")]
)
def test_three_classes_on_the_last_line(reply, verdict):
    assert published_replies.three_class(reply) == verdict


@pytest.mark.parametrize(
    ("reply", "grade"), [("Rating: [[5]]", 5), ("Rating: [7.5]", 7.5), ("five", None), ("[3] then [[9]]", 9)]
)
def test_a_single_rating(reply, grade):
    assert published_replies.single_rating(reply) == grade


@pytest.mark.parametrize(
    ("reply", "verdict"), [("[[8,8.05]]", "tie"), ("[[8, 7]]", "first"), ("[[6.5,7]]", "second"), ("8, 7", "error")]
)
def test_two_ratings(reply, verdict):
    assert published_replies.rating_pair_verdict(reply) == verdict


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [("[[A]]", "first"), ("[[B]]", "second"), ("[[C]]", "tie"), ("[[B]] not [[A]]", "first"), ("A", "error")],
)
def test_a_pairwise_verdict(reply, verdict):
    assert published_replies.pair_verdict(reply) == verdict


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("[[A>>B]]", (1, 3)),
        ("[[B>A]]", (0, 1)),
        ("My verdict: [[A=B]]", (0.5, 1)),
        ("[[A>B]] or [[B>A]]", None),
        ("[[A>A]]", None),
        ("A>B", None),
    ],
)
def test_a_clear_verdict_weighs_more(reply, expected):
    assert published_replies.clear_verdict(reply) == expected


@pytest.mark.parametrize(
    ("reply", "grade"),
    [
        ("Good job. [RESULT] (5)", 5),
        ("Fine. [Result] 4/5", 4),
        ("This earns a score of 1", 1),
        ("Score: 2.5", None),
        ("perfect 10!", None),
        ("[RESULT] 7", None),
        ("[RESULT] 3 and more words", None),
    ],
)
def test_a_prometheus_grade(reply, grade):
    assert published_replies.prometheus_grade(reply) == grade


@pytest.mark.parametrize(
    ("reply", "choice"),
    [("[Response B is not better. [RESULT] A", "A"), ("... [RESULT] B", "B"), ("Response A or B, not results", None)],
)
def test_a_prometheus_choice(reply, choice):
    assert published_replies.prometheus_choice(reply) == choice


@given(st.text())
def test_no_reply_breaks_a_reader(reply):
    readers = [found for name, found in vars(published_replies).items() if name in READERS]
    assert len(readers) == len(READERS)
    for read in readers:
        read(reply)
