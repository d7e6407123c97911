"""The log of a run: one line per event, whatever a text holds, and its end for whoever looks."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from evalsuite.store import Store
from evalsuite.store.runs import RunLog, tail


def test_lines_stand_in_their_order_with_their_time(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with RunLog(store, "run-1") as log:
        for number in range(5):
            log.write(f"step {number}")
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d  step \d", line) for line in tail(store, "run-1"))
    assert [line[-6:] for line in tail(store, "run-1", lines=2)] == ["step 3", "step 4"]


def test_a_line_is_there_while_the_run_goes_on(tmp_path: Path) -> None:
    with RunLog(Store(tmp_path), "run-1") as log:
        log.write("began")
        assert tail(Store(tmp_path), "run-1")[0].endswith("began")


def test_a_run_without_a_log_has_no_lines(tmp_path: Path) -> None:
    assert tail(Store(tmp_path), "run-1") == []


@given(st.text())
def test_whatever_is_written_is_one_line_that_a_terminal_only_shows(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        with RunLog(Store(Path(folder)), "run-1") as log:
            log.write(text)
        (line,) = tail(Store(Path(folder)), "run-1")
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in line)


def test_a_very_long_line_is_cut(tmp_path: Path) -> None:
    with RunLog(Store(tmp_path), "run-1") as log:
        log.write("x" * 1_000_000)
    assert len(tail(Store(tmp_path), "run-1")[0]) < 2_100
