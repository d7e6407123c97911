"""When calls may go and when they are tried again: properties, on a clock that the test sets."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.models.openai.calls import Meter, Pace, Window
from evalsuite.models.openai.wire import asked_pause, pause

AMOUNTS = st.lists(st.tuples(st.integers(1, 40), st.floats(0, 30)), min_size=1, max_size=60)


def taken(limit, asked):
    """Each amount taken as early as the window lets it, on a clock that also moves by itself."""
    window, now, found = Window(limit, seconds=60.0), 0.0, []
    for amount, idle in asked:
        now += idle
        rest = window.wait(amount, now=now)
        now += rest
        assert window.wait(amount, now=now) == 0
        window.take(amount, now=now)
        found.append((now, amount, rest))
    return found


@given(AMOUNTS, st.integers(40, 100))
def test_no_minute_ever_has_more_than_the_limit(asked, limit):
    found = taken(limit, asked)
    for start, _, _ in found:
        assert sum(amount for at, amount, _ in found if start <= at < start + 60.0) <= limit


@given(AMOUNTS, st.integers(40, 100))
def test_nobody_waits_longer_than_needed(asked, limit):
    found = taken(limit, asked)
    for place, (at, amount, rest) in enumerate(found):
        if rest > 0:
            # A moment earlier, the minute before was too full for it.
            recent = sum(other for when, other, _ in found[:place] if when > at - 60.0 - 1e-6)
            assert recent + amount > limit


def test_an_amount_above_the_limit_goes_alone_instead_of_never():
    window = Window(10, seconds=60.0)
    assert window.wait(50, now=0.0) == 0
    window.take(50, now=0.0)
    assert window.wait(1, now=15.0) == 45.0
    assert window.wait(50, now=60.0) == 0


def test_a_bill_that_is_smaller_than_expected_frees_the_window_at_once():
    now = [0.0]
    pace = Pace(tokens=100, minute=60.0, clock=lambda: now[0])
    first = pace.take(90)
    assert pace.wait(50) == 60.0
    first.amount = 20
    assert pace.wait(50) == 0


@given(st.integers(1, 40), st.integers())
def test_pauses_are_drawn_from_nothing_up_to_a_bound_that_doubles(attempt, seed):
    found = pause(attempt, None, random.Random(seed))
    assert 0 <= found <= min(30.0, 0.5 * 2 ** (attempt - 1))


@given(st.integers(1, 40), st.floats(0, 1000), st.integers())
def test_nobody_comes_back_before_the_server_said(attempt, asked, seed):
    assert asked <= pause(attempt, asked, random.Random(seed)) <= asked + 0.5


def test_full_jitter_fills_its_range_evenly():
    draw = random.Random(5)
    found = [pause(4, None, draw) for _ in range(4000)]
    assert sum(found) / len(found) == pytest.approx(2.0, abs=0.1)
    assert (min(found), max(found)) == (pytest.approx(0, abs=0.05), pytest.approx(4, abs=0.05))


NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Fri, 01 May 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Fri, 01 May 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
    ],
)
def test_the_pause_that_a_server_asks_for_is_read_in_all_its_forms(headers, seconds):
    assert asked_pause(headers, now=NOON) == seconds


@given(st.lists(st.floats(0, 100), max_size=8).map(tuple) | st.just(()), st.text(max_size=12))
def test_no_header_breaks_the_reading(numbers, text):
    for value in (*map(str, numbers), text):
        found = asked_pause({"retry-after": value}, now=NOON)
        assert found is None or found >= 0


CALLS = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["bill", "free", "doubtful"])), max_size=60
)


@given(CALLS, st.floats(0, 5), st.integers(1, 8))
def test_a_meter_never_passes_its_limit_however_calls_end_and_overlap(calls, limit, places):
    meter, under_way = Meter(limit), []
    for worst, share, end in calls:
        if meter.reserve(worst):
            under_way.append((worst, worst * share, end))
        if len(under_way) >= places:
            settle(meter, *under_way.pop(0))
        assert meter.spent + meter.doubtful + meter.reserved <= limit + 1e-9
    for call in under_way:
        settle(meter, *call)
    assert (meter.reserved, meter.under_way) == (0.0, 0)
    assert meter.spent + meter.doubtful <= limit + 1e-9


def settle(meter, worst, cost, end):
    meter.settle(worst, bill=(1, 1, cost) if end == "bill" else None, doubtful=end == "doubtful")
