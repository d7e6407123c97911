"""The page on pairs: counts, rates, and nothing read as Markdown."""

from collections.abc import Callable

from planted import fill, paired, result, spec
from streamlit.testing.v1 import AppTest

from evalsuite.report.pairings import met
from evalsuite.store import Store
from evalsuite.store.connect import writing

Open = Callable[..., AppTest]

HOSTILE = "![p](http://h.example/p.png) <b>x</b>"


def two_pairings(store: Store) -> None:
    """One adapter that mostly beats its base, and one with a hostile name whose pairs were not judged."""
    base = (result("facts.accuracy", 0.5, 0.4, 0.6),)
    outcomes = {"q1": 1.0, "q2": 1.0, "q3": 0.5, "q4": 0.0, "q5": None}
    figures = [result("duel.win_rate", 0.625, 0.4, 0.8), result("duel.length_controlled", 0.55, 0.3, 0.7)]
    better = paired(spec("better", base, base), outcomes, *figures, result("duel.position_consistency", 0.9, 0.8, 1.0))
    hostile = paired(spec(HOSTILE, base, base), {"q1": None}, result("duel.win_rate", None))
    fill(store, [better, hostile], {})


def test_pairs_show_their_counts_and_rates_beside_the_judges_steadiness(open_page: Open, store: Store):
    two_pairings(store)
    page = open_page("pairwise")
    assert not page.exception
    rows = {row[0]: row[1:8] for row in page.dataframe[0].value.values.tolist()}
    assert rows == {
        "better": ["(tiny)", 2, 1, 1, "0.62 [0.40, 0.80]", "0.55 [0.30, 0.70]", "0.90 [0.80, 1.00]"],
        HOSTILE: ["(tiny)", 0, 0, 0, "–", "–", "–"],
    }
    assert len(page.get("vega_lite_chart")) == 2
    assert all("h.example" not in element.value for element in page.markdown)


def test_a_store_without_pairs_says_so(open_page: Open, store: Store):
    fill(store, [spec("alone", (result("facts.accuracy", 0.8, 0.7, 0.9),), ())], {})
    page = open_page("pairwise")
    assert not page.exception
    assert [element.value.split(".")[0] for element in page.info] == ["No pairs are on record"]
    assert not page.dataframe


def test_an_opponent_on_record_is_called_by_its_name(store: Store):
    two_pairings(store)
    with writing(store) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS opponents "
            "(step_digest TEXT, metric TEXT, judged TEXT, player TEXT, weights TEXT)"
        )
        connection.execute("INSERT INTO opponents VALUES ('better-pair', 'duel.win_rate', 'style', 'the author', NULL)")
    assert {one.spec: one.opponent for one in met(store)} == {"better": "the author", HOSTILE: "(tiny)"}
