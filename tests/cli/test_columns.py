"""Tables on terminals of every width: figures stay whole, nothing is lost, and no line is too long."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from evalsuite.cli.terminal.columns import lines
from evalsuite.report.tables import Table

BOARD = Table(
    ("\nspec", "\nverdict", "facts.\naccuracy", "sums.\nexact_match", "style.\nscore"),
    (
        ("principles-lora\nsft lora", "pass", "1.00\n0.98–1.00", "0.99\n0.97–1.00", "0.98\n0.97–1.00"),
        ("base", None, "0.23\n0.18–0.30", "–", "0.00\n0.00–0.06"),
    ),
)


def test_a_wide_terminal_shows_a_table_as_it_is():
    assert list(lines(BOARD, width=None)) == list(lines(BOARD, width=100)) == [
        "                             facts.      sums.         style.",
        " spec              verdict   accuracy    exact_match   score",
        " ───────────────────────────────────────────────────────────────",
        " principles-lora   pass      1.00        0.99          0.98",
        " sft lora                    0.98–1.00   0.97–1.00     0.97–1.00",
        " base                        0.23        –             0.00",
        "                             0.18–0.30                 0.00–0.06",
        "",
    ]  # fmt: skip


def test_columns_that_find_no_room_follow_below_with_the_names():
    assert list(lines(BOARD, width=50)) == [
        "                           facts.     sums.",
        " spec             verdict  accuracy   exact_match",
        " ────────────────────────────────────────────────",
        " principles-lora  pass     1.00       0.99",
        " sft lora                  0.98–1.00  0.97–1.00",
        " base                      0.23       –",
        "                           0.18–0.30",
        "",
        "                   style.",
        " spec              score",
        " ───────────────────────────",
        " principles-lora   0.98",
        " sft lora          0.97–1.00",
        " base              0.00",
        "                   0.00–0.06",
        "",
    ]


def test_a_long_head_gives_way_before_prose_and_prose_before_names():
    table = Table(("metric", "judge calls", "note"), (("style.score", "60", "none in the training data [0.1, 0.2]"),))
    assert list(lines(table, width=40)) == [
        "              judge",
        " metric       calls  note",
        " ───────────────────────────────────────",
        " style.score  60     none in the",
        "                     training data",
        "                     [0.1, 0.2]",
        "",
    ]


def test_prose_in_a_log_is_no_wider_than_it_reads_well():
    table = Table(("metric", "note"), (("style.score", "so many words " * 10),))
    assert max(len(line) for line in lines(table, width=None)) <= 80


def test_a_cell_cannot_command_the_terminal():
    assert "\\x1b[2Jgone" in "\n".join(lines(Table(("a", "b"), (("x", "\x1b[2Jgone"),)), width=40))


words = st.text(st.sampled_from("abc de_f.[0.5, 1]-漢\n"), max_size=40)


@given(st.integers(1, 6).flatmap(lambda n: st.lists(st.lists(words, min_size=n, max_size=n), min_size=1, max_size=5)))
def test_nothing_is_lost_and_no_line_is_longer_than_two_columns_need(rows):
    head, *body = rows
    shown = list(lines(Table(tuple(head), tuple(map(tuple, body))), width=60))
    assert max(cell_len(line) for line in shown) <= 60
    # The first column may stand several times, everything else once.
    kept = re.sub(r"[\s─]", "", "".join(shown))
    for cell in (cell for row in rows for cell in row):
        assert all(kept.count(letter) >= cell.count(letter) for letter in set(cell) - set("\n "))
