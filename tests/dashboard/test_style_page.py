"""The page on style: the scale from base to author, and answers whose authors a person may guess first."""

from collections.abc import Callable
from dataclasses import replace

from planted import fill, result, spec
from streamlit.testing.v1 import AppTest

from evalsuite.records import Outcome, Reply, Score
from evalsuite.report.answers import Side
from evalsuite.report.author_style import blind, criteria_chart, fidelity_chart, styles
from evalsuite.store import Store
from evalsuite.store.write import StepRow

Open = Callable[..., AppTest]

HOSTILE = "<script>fetch('http://h.example')</script> ![p](http://h.example/p.png)"


def judged(text: str, value: float) -> Outcome:
    replies = tuple(Reply(key, f"Why is {key}?", f"{text} {key}", "") for key in ("q1", "q2"))
    scores = tuple(Score(key, "style.score", value) for key in ("q1", "q2"))
    figures = (result("style.score", value, value, value), result("style.score.order", value / 2))
    return Outcome(replies, scores, figures)


def one_that_imitates(store: Store) -> None:
    """An adapter three quarters of the way from its base to the author; its answers are hostile."""
    row, _ = spec("imitator", (), ())
    said = judged(HOSTILE, 0.75)
    outcomes = {
        "style-base": judged("the base says", 0.0),
        "style-candidate": replace(said, results=(*said.results, result("style.score.ppi", 0.7, 0.6, 0.8))),
        "style-author": judged("the author says", 1.0),
        "compared": Outcome(results=(result("style.fidelity", 0.75, 0.6, 0.9),)),
    }
    steps = [StepRow(f"style-{role}", "score", "style", role) for role in ("base", "candidate", "author")]
    fill(store, [(replace(row, steps=(*steps, StepRow("compared", "compare", None, "candidate"))), outcomes)], {})


def texts(page: AppTest) -> list[str]:
    return [element.value for element in page.text]


def points(chart) -> list[dict[str, object]]:
    return [point for found in chart.to_dict()["datasets"].values() for point in found if len(point) > 1]


def test_names_are_hidden_until_asked_for_and_hidden_again_at_the_next_sample(open_page: Open, store: Store):
    one_that_imitates(store)
    page = open_page("style", spec="imitator")
    assert not page.exception
    assert {"Why is q1?", "the base says q1", f"{HOSTILE} q1", "the author says q1"} <= set(texts(page))
    assert [text for text in texts(page) if text[:1] in "ABC" and len(text) == 1] == ["A", "B", "C"]
    page.button[-1].click().run()
    found = {text.split("   ·   ", 1)[1] for text in texts(page) if text[:4] in ("A   ", "B   ", "C   ")}
    assert found == {"imitator   ·   0.75", "(tiny)   ·   0.00", "the author   ·   1.00"}
    next(button for button in page.button if button.label == "Next").click().run()
    assert {"A", "B", "C", "Why is q2?"} <= set(texts(page))
    assert all("h.example" not in element.value for element in page.markdown)


def test_the_order_is_another_for_other_samples_and_the_same_for_one():
    sides = [Side(name, name) for name in ("candidate", "base", "author")]
    orders = {tuple(side.name for side in blind(sides, f"q{index}")) for index in range(60)}
    assert len(orders) == 6
    assert blind(sides, "q1") == blind(sides, "q1")


def test_what_stands_beside_the_rubric_is_listed(open_page: Open, store: Store):
    one_that_imitates(store)
    page = open_page("style", spec="imitator")
    criteria, others = (frame.value.values.tolist() for frame in page.dataframe)
    assert [row[0] for row in criteria] == ["all together", "order"]
    assert [row[:2] for row in others] == [["score.ppi", "0.70 [0.60, 0.80]"], ["fidelity", "0.75 [0.60, 0.90]"]]


def test_fidelity_and_criteria_are_drawn_with_intervals(store: Store):
    one_that_imitates(store)
    [style] = styles(store)
    palette = {"imitator": "#112233", "(tiny)": "#868e99"}
    assert [(p["row"], p["value"], p["low"], p["high"]) for p in points(fidelity_chart([style], palette))] == [
        ("imitator", 0.75, 0.6, 0.9)
    ]
    assert [(p["row"], p["series"], p["value"]) for p in points(criteria_chart(style, palette))] == [
        ("all together", "(tiny)", 0.0),
        ("all together", "imitator", 0.75),
        ("all together", "the author", 1.0),
        ("order", "(tiny)", 0.0),
        ("order", "imitator", 0.375),
        ("order", "the author", 0.5),
    ]


def test_a_store_without_judged_sets_says_so(open_page: Open, store: Store):
    fill(store, [spec("alone", (result("facts.accuracy", 0.8, 0.7, 0.9),), ())], {})
    page = open_page("style")
    assert not page.exception
    assert [element.value.split(".")[0] for element in page.info] == ["No judged set with an author is on record"]
