"""The page on what an adapter lost: changes, subjects, and both answers to every question that turned."""

from collections.abc import Callable
from dataclasses import replace

from planted import change, compared, fill, result, spec, told
from streamlit.testing.v1 import AppTest

from evalsuite.report.forgetting.forgetting import forgetting
from evalsuite.report.forgetting.forgetting_charts import change_chart, flip_chart, subject_chart
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.store import Store

Open = Callable[..., AppTest]

HOSTILE = "<img src=http://h.example/p.png> ![p](http://h.example/p.png)"


def one_that_forgot(store: Store) -> None:
    """The candidate loses two answers, one of them to a hostile text, gains one, and falls in one of two subjects."""
    base = [result("facts.accuracy", 0.5), result("facts.accuracy.macro", 0.5)]
    base += [result("facts.accuracy.law", 0.9, 0.8, 1.0), result("facts.accuracy.art", 0.1, 0.0, 0.2)]
    row, outcomes = spec("forgetful", (), ())
    before = told({"q1": ("right", 1.0), "q2": ("right too", 1.0), "q3": ("wrong", 0.0), "q4": ("same", 1.0)})
    after = told({"q1": (HOSTILE, 0.0), "q2": ("now wrong", 0.0), "q3": ("now right", 1.0), "q4": ("same", 1.0)})
    fallen = [replace(found, value=0.2) if found.metric.endswith("law") else found for found in base]
    outcomes = {
        "tiny-score": replace(before, results=tuple(base)),
        "forgetful-score": replace(after, results=tuple(fallen)),
    }
    fell = replace(change("facts.accuracy", -0.25, 0.01), gained=1, lost=2)
    fill(store, [compared((row, outcomes), fell, change("drift.kl", 0.4, 0.001))], {})


def texts(page: AppTest) -> list[str]:
    return [element.value for element in page.text]


def points(chart) -> list[dict[str, object]]:
    """What a chart draws, without the lines that it is read against."""
    return [point for found in chart.to_dict()["datasets"].values() for point in found if len(point) > 1]


def test_both_answers_to_a_lost_question_stand_beside_each_other(open_page: Open, store: Store):
    one_that_forgot(store)
    page = open_page("forgetting", spec="forgetful")
    assert not page.exception
    assert "1 of 2   ·   facts.accuracy   ·   q1   ·   -1.00" in texts(page)
    assert {"What is q1?", "the q1", "right", HOSTILE} <= set(texts(page))
    next(found for found in page.button if found.label == "Next").click().run()
    assert {"What is q2?", "right too", "now wrong"} <= set(texts(page))
    page.segmented_control[0].set_value("gained").run()
    assert "1 of 1   ·   facts.accuracy   ·   q3   ·   +1.00" in texts(page)
    assert all("h.example" not in element.value for element in page.markdown)


def test_changes_flips_drift_and_subjects_are_drawn(open_page: Open, store: Store):
    one_that_forgot(store)
    page = open_page("forgetting", spec="forgetful")
    assert len(page.get("vega_lite_chart")) == 4
    first, second = forgetting("forgetful", store).changes
    drift, accuracy = (first, second) if first.metric.name == "drift.kl" else (second, first)
    assert [(p["row"], p["series"], p["value"]) for p in points(change_chart([accuracy, drift]))] == [
        ("facts.accuracy", "surely worse", -0.25),
        ("drift.kl, nats a token", "surely worse", 0.4),
    ]
    assert {p["way"]: (p["samples"], p["count"]) for p in points(flip_chart([accuracy]))} == {
        "worse": (-2, 2),
        "better": (1, 1),
    }
    assert flip_chart([drift]) is None
    board = leaderboard(store)
    ours, theirs = (next(row.results for row in board.rows if row.is_base is base) for base in (False, True))
    subjects = points(subject_chart(theirs, ours, board.declared, {"(tiny)": "grey", "forgetful": "blue"}))
    assert [(p["row"], p["series"], p["value"]) for p in subjects] == [
        ("facts.accuracy.law", "(tiny)", 0.9),
        ("facts.accuracy.law", "forgetful", 0.2),
        ("facts.accuracy.art", "(tiny)", 0.1),
        ("facts.accuracy.art", "forgetful", 0.1),
    ]


def test_an_adapter_that_was_never_compared_says_so(open_page: Open, store: Store):
    fill(store, [spec("alone", (result("facts.accuracy", 0.8, 0.7, 0.9),), ())], {})
    page = open_page("forgetting")
    assert not page.exception
    assert "alone  has not been compared with its base; `evalsuite run` does that" in texts(page)
