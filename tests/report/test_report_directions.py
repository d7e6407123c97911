"""Which way is better is what was declared, whatever a metric is called, and all that shows figures agrees on it."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from planted import change, compared, fill, spec, told
from planted import result as planted_result

from evalsuite.errors import NotFound
from evalsuite.records import Comparison, Metric, Outcome, Result, called
from evalsuite.report.cards.run_card import run_cards
from evalsuite.report.forgetting.forgetting import forgetting
from evalsuite.report.forgetting.forgetting_charts import change_chart, flip_chart, subject_chart
from evalsuite.report.leaderboard.changes import comparison_figures, comparison_table, from_bases
from evalsuite.report.leaderboard.leaderboard import Leaderboard, leaderboard
from evalsuite.report.leaderboard.leaderboard_charts import front
from evalsuite.store import Store
from evalsuite.store.connect import writing
from evalsuite.store.samples import sample_beside

# Names that say the opposite of what is declared: nothing may read them.
METRICS = (
    Metric("drift.accuracy", "drift", "higher"),
    Metric("facts.kl", "facts", "lower", high=None, unit="nats a token"),
    Metric("facts.k50", "facts", "neither", high=None, unit="words"),
)
WORDS = {"higher": ("worse", "better"), "lower": ("better", "worse"), "neither": ("changed", "changed")}


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


def plant(store: Store, *specs: tuple[str, Iterable[Result], Iterable[Comparison]], metrics=METRICS) -> None:
    """Specs with results and differences, of metrics that are declared so."""
    rows = []
    for name, results, changes in specs:
        row, outcomes = compared(spec(name, tuple(results), ()), *changes)
        rows.append((row, {step: Outcome(its.replies, its.scores, its.results, its.comparisons, metrics=metrics)
                           for step, its in outcomes.items()}))  # fmt: skip
    fill(store, rows, {})


def low_and_high(store: Store) -> Leaderboard:
    """Two specs, one with 0.01 and one with 0.80 of each metric; both moved surely from their base."""
    found = {"low": (0.01, -0.4), "high": (0.80, 0.4)}
    rows = [
        (name, [planted_result(m.name, value) for m in METRICS], [change(m.name, by, 0.001) for m in METRICS])
        for name, (value, by) in found.items()
    ]
    plant(store, *rows)
    return leaderboard(store)


@pytest.mark.parametrize(("metric", "first"), [(METRICS[0], "high"), (METRICS[1], "low"), (METRICS[2], "high")])
def test_sorting_puts_the_better_first_and_says_where_neither_is(store: Store, metric: Metric, first: str):
    board = low_and_high(store)
    assert next(row.spec for row in board.sorted_by(metric.name).rows) == first
    told = {"higher": "best first: more is better", "lower": "best first: less is better"}
    assert board.order(metric.name) == (
        f"sorted by {metric.name}, {told.get(metric.direction, 'highest first: neither way is better')}"
    )


@pytest.mark.parametrize("metric", METRICS, ids=lambda its: its.direction)
def test_marks_card_forgetting_and_charts_agree(store: Store, metric: Metric):
    board = low_and_high(store)
    fell, rose = WORDS[metric.direction]
    changes = from_bases(board, [metric.name], "none")
    assert {row.spec: word for (row, _, _), word in zip(changes.shown, changes.words, strict=True)} == {
        "low": fell,
        "high": rose,
    }
    marks = {"better": "★", "worse": "▼", "changed": "◆"}
    assert {row[0]: row[3][-1] for row in changes.table().rows} == {"low": marks[fell], "high": marks[rose]}
    for name, word in (("low", fell), ("high", rose)):
        cells = {row[0]: row for row in run_cards(name, store)[0].result_table().rows}[metric.name]
        assert cells[4].endswith(f" {word}")
        page = forgetting(name, store)
        assert {row[0]: row[1] for row in page.change_table().rows}[metric.name] == word
        drawn = json.dumps(change_chart([c for c in page.changes if c.metric == metric]).to_dict())
        assert f"surely {word}" in drawn
    exported = [dict(zip(changes.figures().heads, row, strict=True)) for row in changes.figures().rows]
    assert [(row["change"], row["direction"], row["unit"]) for row in exported] == [
        (word, metric.direction, metric.unit) for word in (rose, fell)
    ]


def test_exports_carry_direction_and_unit(store: Store):
    figures = low_and_high(store).figures()
    rows = [dict(zip(figures.heads, row, strict=True)) for row in figures.rows]
    assert {(row["metric"], row["direction"], row["unit"]) for row in rows} == {
        (metric.name, metric.direction, metric.unit) for metric in METRICS
    }


@pytest.mark.parametrize(("direction", "best"), [("higher", {0, 2}), ("lower", {0, 1}), ("neither", set())])
def test_the_front_is_made_of_the_better_ones(direction: str, best: set[int]):
    assert front([(1.0, 0.5), (2.0, 0.1), (3.0, 0.9)], direction) == best


def test_places_decide_what_a_table_shows_at_once(store: Store):
    metrics = (
        Metric("overlap.facts", "facts", place="headline"),
        Metric("facts.accuracy", "facts", place="beside"),
        Metric("facts.accuracy.law", "facts", place="headline", parent="facts.accuracy", slice="law"),
        Metric("facts.other", "facts"),
    )
    plant(store, ("one", [planted_result(its.name, 0.5) for its in metrics], ()), metrics=metrics)
    with writing(store) as connection:
        connection.execute("DELETE FROM metrics WHERE metric = 'facts.other'")
    board = leaderboard(store)
    assert board.headline == ("overlap.facts",)
    assert len(board.metrics) == 4
    assert (board.metric("facts.other").direction, board.metric("facts.other").place) == ("neither", "detail")
    with pytest.raises(NotFound, match=r"there are: facts\.accuracy, "):
        board.sorted_by("facts.nothing")


def test_slices_that_lost_most_come_first_in_their_own_direction(store: Store):
    whole = Metric("text.loss", "text", "lower", high=None, unit="nats a token")
    parts = [Metric(f"text.loss.{s}", "text", "lower", parent=whole.name, slice=s) for s in ("law", "art")]
    metrics = {metric.name: metric for metric in (whole, *parts)}
    base = {name: planted_result(name, 1.0) for name in metrics}
    ours = {"text.loss": base["text.loss"], parts[0].name: planted_result(parts[0].name, 0.2),
            parts[1].name: planted_result(parts[1].name, 3.0)}  # fmt: skip
    drawn = subject_chart(base, ours, metrics, {"(tiny)": "grey", "one": "blue"}).to_dict()
    rows = [p["row"] for found in drawn["datasets"].values() for p in found if "row" in p]
    assert list(dict.fromkeys(rows)) == ["text.loss.art", "text.loss.law"]


def test_samples_are_lost_where_less_is_better_and_more_came(store: Store):
    metric = Metric("facts.accuracy", "facts", "lower")
    row, outcomes = compared(spec("worse", (), ()), change(metric.name, 0.5, 0.01))
    said = {"tiny-score": told({"q1": ("no", 0.0), "q2": ("no", 1.0)}),
            "worse-score": told({"q1": ("yes", 1.0), "q2": ("yes", 1.0)})}  # fmt: skip
    found = {**outcomes, **said}
    counted = Outcome(comparisons=(Comparison(metric.name, "base", 0.5, 0.1, 0.9, 0.01, 2, gained=1, lost=0),))
    found["worse-compare"] = counted
    fill(store, [(row, {step: Outcome(its.replies, its.scores, its.results, its.comparisons, metrics=(metric,))
                        for step, its in found.items()})], {})  # fmt: skip
    page = forgetting("worse", store)
    assert [(moved.sample_id, moved.by) for moved in page.lost] == [("q1", -1.0)]
    assert [change.samples for change in page.changes] == [(0, 1)]
    assert flip_chart(page.changes) is not None
    first = sample_beside(store, ("worse-score", "tiny-score"), metric.name, which="first lost", at=0)
    assert first is not None
    assert (first.sample_id, first.found) == ("q1", 1)
    assert sample_beside(store, ("worse-score", "tiny-score"), metric.name, which="first won", at=0) is None


def test_comparisons_say_which_is_better(store: Store):
    metrics = {"facts.kl": METRICS[1]}
    found = [Comparison("facts.kl", "second", 0.4, 0.2, 0.6, 0.001, 9, 8, 1)]
    assert comparison_table(found, metrics).rows == (
        ("facts.kl", "+0.40 [+0.20, +0.60]", "0.001", "less", "worse", "9", "8", "1"),
    )
    assert comparison_figures(found, metrics).rows[0][-3:] == ("lower", "nats a token", "worse")


def test_working_figures_of_a_probe_are_on_no_page(store: Store):
    metrics = (Metric("facts.accuracy", "facts"), Metric("facts.sureness", "facts", place="inner"))
    names = [metric.name for metric in metrics]
    plant(store, ("one", [planted_result(name, 0.5) for name in names], [change(name, 0.1, 0.9) for name in names]),
          metrics=metrics)  # fmt: skip
    assert [row[0] for row in run_cards("one", store)[0].result_table().rows] == ["facts.accuracy"]
    assert [row[0] for row in forgetting("one", store).change_table().rows] == ["facts.accuracy"]
    assert leaderboard(store).metrics == ("facts.accuracy", "facts.sureness")


def test_figures_are_found_by_their_own_name_behind_any_entry():
    metrics = [Metric(name, "my.win_rate") for name in ("my.win_rate.length_ratio", "my.win_rate.win_rate.anna")]
    assert called(metrics, "win_rate") == ("my.win_rate.win_rate.anna",)
