"""The pages about one adapter, about several, and about runs."""

from collections.abc import Callable
from dataclasses import replace

from planted import fill, result, rule, spec, told, train
from streamlit.testing.v1 import AppTest

from evalsuite.records import Outcome, Reply, Score, Usage, Verdict
from evalsuite.report.answers import text_diff
from evalsuite.store import Store
from evalsuite.store.runs import RunLog, save_run_cost
from evalsuite.store.write import StepRow

Open = Callable[..., AppTest]

HOSTILE = "<img src=http://h.example/p.png> **b** ![p](http://h.example/p.png) \x1b[31m"


def two_adapters(store: Store) -> None:
    """Two trained adapters that were asked three questions; the second one says something hostile."""
    base = (result("facts.accuracy", 0.5, 0.4, 0.6),)
    rows = []
    for name, said in (("first", ("one", 1.0)), ("second", (HOSTILE, 0.0))):
        row, outcomes = spec(name, (result("facts.accuracy", 0.8, 0.7, 0.9),), base)
        answers = {"q1": said, "q2": ("the same", 1.0), "q3": ("nothing", None)}
        scored = replace(told(answers), results=outcomes[f"{name}-score"].results)
        steps = (train(store, name, seconds=3.0), *row.steps)
        rows.append((replace(row, steps=steps), {**outcomes, f"{name}-score": scored}))
    verdict = Verdict("fail", "release", (rule("fail", "facts.accuracy fell"),))
    fill(store, rows, {"first": verdict}, errors=(("third", "specs/third.yaml  has no data"),))


def texts(page: AppTest) -> list[str]:
    return [element.value for element in page.text]


def test_an_adapters_page_has_verdict_origin_curve_and_results(open_page: Open, store: Store):
    two_adapters(store)
    page = open_page("adapter", spec="first")
    assert not page.exception
    assert {"facts.accuracy fell", "1,000 parameters (1.0%) in 3.0 s"} <= set(texts(page))
    assert len(page.get("vega_lite_chart")) == 1
    assert page.dataframe[0].value["metric"].tolist() == ["facts.accuracy"]


def test_compare_shows_what_each_said_and_finds_the_samples_that_differ(open_page: Open, store: Store):
    two_adapters(store)
    page = open_page("compare", specs=["first", "second"])
    assert not page.exception
    assert page.dataframe[0].value[["metric", "n", "higher", "lower"]].values.tolist() == [
        ["facts.accuracy", "2", "1", "0"]
    ]
    assert any(text.startswith("1 of 3") for text in texts(page))
    page.segmented_control[0].set_value("differs").run()
    assert any(text.startswith("1 of 1") for text in texts(page))
    assert {"one", HOSTILE, "What is q1?", "the q1"} <= set(texts(page))
    page.segmented_control[0].set_value("unscored").run()
    assert "1 of 1   ·   q3" in texts(page)


def test_samples_where_judges_disagree_are_found(open_page: Open, store: Store):
    def judged(*scores: Score) -> Outcome:
        keys = dict.fromkeys(score.sample_id for score in scores)
        return Outcome(tuple(Reply(key, f"Why {key}?", "because", "for") for key in keys), scores)

    step, paired = (StepRow(name, "score", name, "candidate") for name in ("style", "duel"))
    panel = judged(
        *(Score(key, "style.score", 0.5) for key in ("q1", "q2", "q3")),
        *(Score(key, "style.judge_disagreement", apart) for key, apart in (("q1", 0.0), ("q2", 0.25))),
    )
    pairs = judged(
        *(Score(key, "duel.win_rate.other", 0.5) for key in ("q1", "q2")),
        *(Score(key, "duel.position_consistency.other", kept) for key, kept in (("q1", 0.0), ("q2", 1.0))),
    )
    row, _ = spec("first", (), ())
    fill(store, [(replace(row, steps=(step, paired)), {"style": panel, "duel": pairs})], {})
    page = open_page("compare", specs=["first"], entry="style", which="judges disagree")
    assert not page.exception
    assert {"1 of 1   ·   q2", "first   ·   0.50   ·   judges 0.25 apart"} <= set(texts(page))
    page = open_page("compare", specs=["first"], entry="duel", which="judges disagree")
    told = "first   ·   0.50   ·   the judge changed its choice with the order"
    assert {"1 of 1   ·   q1", told} <= set(texts(page))


def test_replies_stand_side_by_side_as_they_differ_from_the_first(open_page: Open, store: Store):
    two_adapters(store)
    page = open_page("compare", specs=["first", "second"], view="what differs")
    assert not page.exception
    assert [(code.value, code.language) for code in page.code] == [(f"- one\n+ {HOSTILE}", "diff")]
    assert "one" in texts(page)


def test_a_diff_is_by_sentence_and_stays_small():
    first, second = "It is red. It is old!\nIt goes.", "It is red. It is new!\nIt goes. Well."
    assert text_diff(first, second) == "  It is red.\n- It is old!\n+ It is new!\n  It goes.\n+ Well."
    assert text_diff("same", "same") == "  same"
    assert len(text_diff("x" * 1_000_000, "y" * 1_000_000)) < 50_000


def test_a_link_leads_to_one_sample(open_page: Open, store: Store):
    two_adapters(store)
    page = open_page("compare", specs=["first", "second"], at="2")
    assert "2 of 3   ·   q2" in texts(page)
    next(found for found in page.button if found.label == "Next").click().run()
    assert page.query_params["at"] in ("3", ["3"])
    assert "3 of 3   ·   q3" in texts(open_page("compare", specs=["first", "second"], at="99"))
    assert "1 of 3   ·   q1" in texts(open_page("compare", specs=["first", "second"], at="²"))


def test_next_and_previous_go_round(open_page: Open, store: Store):
    two_adapters(store)
    page = open_page("compare", specs=["first", "second"])
    seen = []
    for button in ("Next", "Next", "Next", "Previous"):
        next(found for found in page.button if found.label == button).click().run()
        seen += [text for text in texts(page) if " of 3 " in text]
    assert [text.split()[-1] for text in seen] == ["q2", "q3", "q1", "q3"]


def test_runs_show_their_steps_and_what_went_wrong(open_page: Open, store: Store):
    two_adapters(store)
    page = open_page("runs")
    assert not page.exception
    steps = page.dataframe[0].value
    assert steps[steps["spec"] == "second"][["step", "state"]].values.tolist() == [
        ["train", "done before"],
        ["score base facts", "done"],
        ["score candidate facts", "done"],
        ["decide", "waiting"],
    ]
    assert "third\nspecs/third.yaml  has no data" in texts(page)
    assert not any(text.startswith("paid") for text in texts(page))


def test_a_run_shows_what_it_has_paid(open_page: Open, store: Store):
    two_adapters(store)
    save_run_cost(store, "run-1", Usage(calls=1200, prompt_tokens=3000, tokens=500, money=1.5))
    assert "paid to endpoints so far: 1,200 calls, 3,500 tokens, $1.50" in texts(open_page("runs"))


def test_a_run_shows_the_end_of_its_log_newest_first(open_page: Open, store: Store):
    two_adapters(store)
    with RunLog(store, "run-1") as log:
        log.write("first  train  begins")
        log.write(f"first  train  {HOSTILE}")
    page = open_page("runs")
    assert [expander.label for expander in page.expander] == ["log, the last 2 lines"]
    newest, oldest = page.expander[0].text[0].value.split("\n")
    assert newest.endswith(f"first  train  {HOSTILE.replace(chr(27), ' ')}")
    assert oldest.endswith("first  train  begins")


def test_what_a_model_said_is_never_read_as_markdown(open_page: Open, store: Store):
    two_adapters(store)
    page = open_page("compare", specs=["second"])
    assert HOSTILE in texts(page)
    assert all("h.example" not in element.value for element in page.markdown)
