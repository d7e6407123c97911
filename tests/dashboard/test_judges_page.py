"""The page on judges: what checks found over time, what they cost, and what could not be scored."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from planted import fill, result, spec, told
from streamlit.testing.v1 import AppTest

from evalsuite.records import Result, Usage
from evalsuite.report.judging.judges_page import everyone, health_chart, history_chart
from evalsuite.store import Store
from evalsuite.store.judges import CheckRow, JudgeCheck, check_history, save_check
from evalsuite.store.write import StepRow

Open = Callable[..., AppTest]

HOSTILE = "<img src=http://h.example/p.png> ![p](http://h.example/p.png) [l](http://h.example)"


def check(month: int, agreement: float) -> JudgeCheck:
    row = CheckRow(
        f"check {month}", "strict", "strict-digest", "sober", "sober-digest", "pairs", "labels.jsonl", "labels-digest",
        datetime(2026, month, 1), 0, judgments=100, calls=200, prompt_tokens=3_000, tokens=1_000, money=0.5,
    )  # fmt: skip
    figures = (
        Result("agreement", agreement, agreement - 0.1, agreement + 0.1, 100, detail="Cohen's kappa"),
        Result("unparsed", 0.02, 0.0, 0.05, 100),
    )
    return JudgeCheck(row, figures)


def one_at_work(store: Store, *checks: JudgeCheck) -> None:
    """A judge that scored one reply and could not score another, which is hostile as its reason is."""
    row, _ = spec("adapter", (), ())
    step = StepRow("judged", "score", "style", "candidate", ("strict", "strict-digest", "sober", "sober-digest"))
    outcome = told({"q1": ("fine", 1.0), "q2": (HOSTILE, None)})
    took = Usage(calls=3, prompt_tokens=200, tokens=50, money=0.012)
    unread = tuple(replace(s, reason=f"not JSON: {HOSTILE}" if s.value is None else None) for s in outcome.scores)
    fill(store, [(replace(row, steps=(step,)), {"judged": replace(outcome, scores=unread, judging=took)})], {})
    for its in checks:
        save_check(store, its, ())


def texts(page: AppTest) -> list[str]:
    return [element.value for element in page.text]


def test_a_judges_health_history_and_cost_are_shown(open_page: Open, store: Store):
    one_at_work(store, check(1, 0.5), check(3, 0.7))
    page = open_page("judges")
    assert not page.exception
    seats, figures, costs = (frame.value for frame in page.dataframe)
    assert seats.values.tolist()[0][:9] == [
        *("strict", "sober", 2, 1, "0.70 [0.60, 0.80]", "–", "–", "0.02 [0.00, 0.05]", "2026-03-01")
    ]
    assert seats["takes"].tolist() == ["3 calls, 250 tokens, $0.012"]
    assert figures["figure"].tolist() == ["agreement", "unparsed"]
    assert costs[["checked", "calls", "tokens", "money", "per judgment"]].values.tolist() == [
        ["2026-03-01 00:00", 200, 4000, "$0.5000", "$0.00500"],
        ["2026-01-01 00:00", 200, 4000, "$0.5000", "$0.00500"],
    ]
    assert len(page.get("vega_lite_chart")) == 2


def test_what_was_not_scored_can_be_read_with_its_reason(open_page: Open, store: Store):
    one_at_work(store)
    page = open_page("judges")
    assert not page.exception
    assert "1 of 1   ·   style candidate   ·   q2" in texts(page)
    assert {f"not JSON: {HOSTILE}", "What is q2?", HOSTILE} <= set(texts(page))
    assert [element.value for element in page.code] == ["evalsuite judge check strict --rubric sober --labels FILE"]
    assert all("h.example" not in element.value for element in page.markdown)


def test_charts_have_every_check_and_its_intervals(store: Store):
    one_at_work(store, check(1, 0.5), check(3, 0.7))
    checks = check_history(store)
    [points] = history_chart(checks).to_dict()["datasets"].values()
    assert [(p["at"][:10], p["figure"], p["value"]) for p in points] == [
        ("2026-01-01", "agreement", 0.5),
        ("2026-01-01", "unparsed", 0.02),
        ("2026-03-01", "agreement", 0.7),
        ("2026-03-01", "unparsed", 0.02),
    ]
    [marks] = health_chart(checks[-1]).to_dict()["datasets"].values()
    assert [(p["row"], p["interval"]) for p in marks] == [("agreement", "0.60 to 0.80"), ("unparsed", "0.00 to 0.05")]


def test_a_judge_that_was_checked_but_never_asked_is_known(store: Store):
    save_check(store, check(1, 0.5), ())
    assert [(seat.judge, seat.judged) for seat in everyone(store)] == [("strict", 0)]


def test_a_store_without_judges_says_so(open_page: Open, store: Store):
    fill(store, [spec("alone", (result("facts.accuracy", 0.8, 0.7, 0.9),), ())], {})
    page = open_page("judges")
    assert not page.exception
    assert [element.value.split(".")[0] for element in page.info] == ["No judge is on record"]
