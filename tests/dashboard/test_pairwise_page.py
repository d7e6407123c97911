"""The page on pairs: counts, rates, and nothing read as Markdown."""

from collections.abc import Callable

from planted import fill, paired, result, spec
from streamlit.testing.v1 import AppTest

from evalsuite.report.judging.ratings import met
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
    assert len(page.get("vega_lite_chart")) == 3
    assert all("h.example" not in element.value for element in page.markdown)


def test_a_store_without_pairs_says_so(open_page: Open, store: Store):
    fill(store, [spec("alone", (result("facts.accuracy", 0.8, 0.7, 0.9),), ())], {})
    page = open_page("pairwise")
    assert not page.exception
    assert [element.value.split(".")[0] for element in page.info] == ["No pairs are on record"]
    assert not page.dataframe


def test_ratings_put_all_on_one_scale_with_the_base_at_1000(open_page: Open, store: Store):
    two_pairings(store)
    page = open_page("pairwise")
    [rated] = [frame.value for frame in page.dataframe if "rating" in frame.value]
    assert rated[["player", "pairs"]].values.tolist() == [["better", 4], ["(tiny)", 4]]
    assert rated["rating"].tolist()[1] == "1000"
    heads = [text.value.splitlines()[0] for text in page.text if text.value.startswith("ratings of")]
    assert heads == ["ratings of duel on style, judged by strict by sober"]


def test_ratings_of_very_many_pairs_wait_until_they_are_asked_for(open_page: Open, store: Store):
    base = (result("facts.accuracy", 0.5, 0.4, 0.6),)
    many = {f"q{at}": float(at % 2) for at in range(10_001)}
    fill(store, [paired(spec("better", base, base), many, result("duel.win_rate", 0.5, 0.4, 0.6))], {})
    page = open_page("pairwise")
    assert not page.exception
    assert [toggle.label for toggle in page.toggle] == ["Rate all by their 10,001 pairs, which takes a minute or more"]
    assert not any("rating" in frame.value for frame in page.dataframe)


def test_an_opponent_has_the_name_on_record(open_page: Open, store: Store):
    row = paired(spec("better", (), ()), {"q1": 1.0}, result("duel.win_rate", 1.0, 0.2, 1.0), opponent="the author")
    fill(store, [row], {})
    assert [(one.spec, one.opponent) for one in met(store)] == [("better", "the author")]


def test_a_store_of_before_opponents_were_kept_is_read_all_the_same(open_page: Open, store: Store):
    two_pairings(store)
    with writing(store) as connection:
        connection.execute("DROP TABLE opponents")
    page = open_page("pairwise")
    assert not page.exception
    assert not page.warning
    assert [row[1] for row in page.dataframe[0].value.values.tolist()] == ["(tiny)", "(tiny)"]
    assert any(text.value.startswith("No ratings are on record") for text in page.text)
