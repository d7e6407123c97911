"""Replies of judges that were asked elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.imports import fastchat as published_replies


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
    ("reply", "grade"), [("Rating: [[5]]", 5), ("Rating: [7.5]", 7.5), ("five", None), ("[3] then [[9]]", 9)]
)
def test_a_single_rating(reply, grade):
    assert published_replies.single_rating(reply) == grade


@given(st.text())
def test_no_reply_breaks_a_reader(reply):
    published_replies.two_scores(reply)
    published_replies.single_rating(reply)
