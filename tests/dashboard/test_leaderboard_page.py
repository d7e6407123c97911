import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from planted import change, compared, fill, result, rule, spec, told, train
from streamlit.testing.v1 import AppTest

from evalsuite.pipeline import paired
from evalsuite.records import Verdict
from evalsuite.report.leaderboard.changes import from_baseline
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.report.leaderboard.leaderboard_charts import COSTS, colours, trade_off_chart
from evalsuite.spec.loading.lookup import bundled_folder
from evalsuite.stats.paired.mean_difference import difference
from evalsuite.store import Store
from evalsuite.store.read import runs

Open = Callable[..., AppTest]

FELL = "facts.accuracy fell 0.30 against base; a loss of at most 0.05 is allowed"
KEPT = "facts.accuracy is 0.80 [0.70, 0.90] over 200 samples; at least 0.5 is wanted"
FEW = "flips.facts is 0.10 [0.05, 0.15]; about 750 samples would settle it"
MEANINGS = (
    "pass: every rule surely holds · fail: a rule is surely broken · undecided: more samples are needed · "
    "invalid: the evidence cannot be trusted"
)
HOSTILE = "<script>alert(1)</script> ![p](http://h.example/p.png) :red[r] `c` **b** $x$ [l](http://h.example)"


def three_adapters(store: Store) -> None:
    """Two adapters of one base model, one of another; each base is scored on the benchmark only."""
    tiny, other = (result("facts.accuracy", 0.5, 0.4, 0.6),), (result("facts.accuracy", 0.2, 0.1, 0.3),)
    specs = [
        spec("good", (result("facts.accuracy", 0.8, 0.7, 0.9), result("flips.facts", 0.02, 0.0, 0.05)), tiny),
        spec("harmed", (result("facts.accuracy", 0.2, 0.1, 0.3), result("flips.facts", None)), tiny, method="dpo"),
        spec("unsure", (result("flips.facts", 0.1, 0.05, 0.15),), other, base_model="other", method="dpo"),
    ]
    verdicts = {
        "good": Verdict("pass", "release", (rule("pass", KEPT),)),
        "harmed": Verdict("fail", "release", (rule("pass", KEPT), rule("fail", FELL))),
        "unsure": Verdict("undecided", "release", (rule("undecided", FEW),)),
    }
    fill(store, specs, verdicts)


def badges(page: AppTest) -> list[str]:
    return [element.value for element in page.markdown]


def texts(page: AppTest) -> list[str]:
    """The words of the page but for those on costs: these stores hold no training."""
    costs = ("The line joins", "No adapter shown here was trained")
    return [element.value for element in page.text if not element.value.startswith(costs)]


def cells(page: AppTest) -> list[list[object]]:
    frame = page.dataframe[0].value
    return [[cell if isinstance(cell, str) else list(cell) for cell in row] for row in frame.values.tolist()]


def test_an_empty_store_says_how_to_fill_it(open_page: Open, store: Store):
    page = open_page()
    assert not page.exception
    assert [element.value for element in page.title] == ["Leaderboard"]
    assert texts(page) == [f"{store.folder}   ·   no run yet"]
    assert [element.value for element in page.info] == [
        "Nothing has been evaluated into this store yet. Fill it with a run, then press Refresh:"
    ]
    assert [element.value for element in page.code] == [f"evalsuite run specs/*.yaml --store {store.folder}"]
    assert not store.folder.exists()


def test_a_run_shows_up_on_refresh(open_page: Open, store: Store):
    page = open_page()
    three_adapters(store)
    page.button[0].click().run()
    assert not page.exception
    assert not page.info
    assert [row[0] for row in cells(page)] == ["good", "unsure", "harmed", "(tiny)", "(other)"]


def test_adapters_and_bases_stand_beside_each_other_with_intervals(open_page: Open, store: Store):
    three_adapters(store)
    page = open_page()
    assert not page.exception
    assert list(page.dataframe[0].value.columns) == [
        "spec", "method", "verdict", "facts.accuracy", "flips.facts", "base model",
    ]  # fmt: skip
    assert cells(page) == [
        ["good", "sft lora", ["pass"], "0.80 [0.70, 0.90]", "0.02 [0.00, 0.05]", "tiny"],
        ["unsure", "dpo lora", ["undecided"], "–", "0.10 [0.05, 0.15]", "other"],
        ["harmed", "dpo lora", ["fail"], "0.20 [0.10, 0.30]", "–", "tiny"],
        ["(tiny)", "base", [], "0.50 [0.40, 0.60]", "–", "tiny"],
        ["(other)", "base", [], "0.20 [0.10, 0.30]", "–", "other"],
    ]


def test_each_verdict_is_a_word_in_its_colour_with_its_reasons_and_those_that_passed_last(
    open_page: Open, store: Store
):
    three_adapters(store)
    page = open_page()
    started = runs(store)[0].started_at
    assert texts(page) == [
        f"{store.folder}   ·   newest run {started:%Y-%m-%d %H:%M} UTC, finished",
        MEANINGS,
        *("unsure", FEW),
        *("harmed", FELL, KEPT),
        *("good", KEPT),
    ]
    assert badges(page) == [
        *(":green-badge[1 pass]", ":orange-badge[1 undecided]", ":red-badge[1 fail]"),
        *(":orange-badge[undecided]", ":orange-badge[undecided]"),
        *(":red-badge[fail]", ":red-badge[fail]", ":green-badge[pass]"),
        *(":green-badge[pass]", ":green-badge[pass]"),
    ]


def test_a_filter_keeps_the_base_beside_its_adapters(open_page: Open, store: Store):
    three_adapters(store)
    page = open_page()
    assert [(box.label, list(box.options)) for box in page.multiselect] == [
        ("Method", ["dpo", "sft"]),
        ("Base model", ["other", "tiny"]),
        ("Columns", ["facts.accuracy", "flips.facts"]),
    ]
    page.multiselect[0].select("dpo").run()
    assert [row[0] for row in cells(page)] == ["unsure", "harmed", "(tiny)", "(other)"]
    page.multiselect[1].select("tiny").run()
    assert [row[0] for row in cells(page)] == ["harmed", "(tiny)"]
    assert texts(page)[2:] == ["harmed", FELL, KEPT]


def two_changes(store: Store) -> None:
    """Two adapters with small p-values: stars while each stands alone, none when Holm counts both."""
    base = (result("facts.accuracy", 0.5, 0.4, 0.6),)
    rows = [spec(name, (result("facts.accuracy", 0.8, 0.7, 0.9),), base) for name in ("up", "down")]
    up, down = change("facts.accuracy", 0.3, 0.04), change("facts.accuracy", -0.3, 0.03)
    fill(store, [compared(rows[0], up), compared(rows[1], down)], {})


def test_cells_show_the_change_from_base_with_marks_that_count_all_that_is_shown(open_page: Open, store: Store):
    two_changes(store)
    page = open_page()
    page.segmented_control[0].set_value("differences").run()
    assert not page.exception
    assert cells(page) == [
        ["down", "sft lora", [], "-0.30 [-0.40, -0.20]", "tiny"],
        ["up", "sft lora", [], "+0.30 [+0.20, +0.40]", "tiny"],
    ]
    assert "Each cell is the row minus its own base model" in next(text for text in texts(page) if "Each cell" in text)
    page.segmented_control[1].set_value("BH").run()
    assert [row[3] for row in cells(page)] == ["-0.30 [-0.40, -0.20] ▼", "+0.30 [+0.20, +0.40] ★"]


def scored(store: Store) -> None:
    """Two adapters and their base, asked ten questions: right on all, on half, and on none."""
    rows = []
    for name, right in (("all", 10), ("half", 5)):
        row, outcomes = spec(name, (result("facts.accuracy", right / 10),), (result("facts.accuracy", 0.0),))
        for step, many in ((row.steps[0], 0), (row.steps[1], right)):
            answers = {f"q{at}": ("yes", float(at < many)) for at in range(10)}
            outcomes[step.digest] = replace(told(answers), results=outcomes[step.digest].results)
        rows.append((row, outcomes))
    fill(store, rows, {})


def test_any_row_can_be_the_baseline_and_the_address_keeps_it(open_page: Open, store: Store):
    scored(store)
    page = open_page(cells="differences", baseline="half", adjust="BH")
    assert not page.exception
    marks = {"(tiny)": "▼", "all": "★"}
    tango = {name: difference([right] * 5 + [0] * 5, [1] * 5 + [0] * 5) for name, right in (("(tiny)", 0),)}
    tango["all"] = difference([1] * 10, [1] * 5 + [0] * 5)
    shown = {
        name: f"{d.value:+.2f} [{d.interval.low:+.2f}, {d.interval.high:+.2f}] {marks[name]}"
        for name, d in tango.items()
    }
    assert [(row[0], row[3]) for row in cells(page)] == [("all", shown["all"]), ("(tiny)", shown["(tiny)"])]
    assert (
        "Each cell is the row minus half, sample by sample on those that both were scored on, with its 95 % interval. "
        "★ surely better: 1, ▼ surely worse: 1, of 2 differences, after Benjamini and Hochberg's correction for all of "
        "them: about 5 % of the marks are false."
    ) in texts(page)
    page.selectbox[0].select("(tiny)").run()
    assert [(row[0], row[3].split()[0]) for row in cells(page)] == [("all", "+1.00"), ("half", "+0.50")]


def test_files_of_differences_carry_the_baseline_and_what_a_star_counts(store: Store):
    scored(store)
    board = leaderboard(store)
    found = paired.against(store, "half", ["all", "(tiny)"], ["facts.accuracy"])
    changes = from_baseline(board, "half", found, metrics=["facts.accuracy"], adjust="holm")
    rows = [dict(zip(changes.figures().heads, row, strict=True)) for row in changes.figures().rows]
    p = difference([1] * 10, [1] * 5 + [0] * 5).p_value
    assert [(row["spec"], row["baseline"], row["n"], row["higher"], row["lower"]) for row in rows] == [
        ("all", "half", 10, 5, 0),
        ("(tiny)", "half", 10, 0, 5),
    ]
    assert [(row["p_value"], row["p_adjusted"], row["star"]) for row in rows] == [
        (pytest.approx(p), pytest.approx(2 * p), int(2 * p < 0.05)) for _ in rows
    ]


def test_the_address_brings_back_filters_and_columns(open_page: Open, store: Store):
    three_adapters(store)
    page = open_page(methods=["dpo"], metrics=["flips.facts"])
    assert [row[0] for row in cells(page)] == ["unsure", "harmed", "(tiny)", "(other)"]
    assert list(page.dataframe[0].value.columns) == ["spec", "method", "verdict", "flips.facts", "base model"]


def test_quality_stands_against_what_a_training_cost(open_page: Open, store: Store):
    base = (result("facts.accuracy", 0.5, 0.4, 0.6),)
    rows = []
    for name, value, seconds in (("cheap", 0.6, 10.0), ("dear", 0.9, 90.0), ("beaten", 0.55, 50.0)):
        row, outcomes = spec(name, (result("facts.accuracy", value, value - 0.1, value + 0.1),), base)
        rows.append((replace(row, steps=(train(store, name, seconds=seconds), *row.steps)), outcomes))
    fill(store, rows, {})
    assert not open_page().exception
    drawn = trade_off_chart(leaderboard(store), "facts.accuracy", COSTS[0], colours(["cheap", "dear", "beaten"]))
    (points,) = drawn.to_dict()["datasets"].values()
    found = {point["adapter"]: (point["cost"], point["front"]) for point in points}
    assert found == {"cheap": (10.0, True), "dear": (90.0, True), "beaten": (50.0, False)}


def test_one_chart_per_metric_in_colours_that_a_filter_leaves_alone(open_page: Open, store: Store):
    three_adapters(store)
    page = open_page()
    whole = [chart_colours(chart) for chart in page.get("vega_lite_chart")]
    page.multiselect[0].select("dpo").run()
    some = [chart_colours(chart) for chart in page.get("vega_lite_chart")]
    assert [title for title, _ in whole] == ["facts.accuracy", "flips.facts"]
    assert list(whole[0][1]) == ["good", "unsure", "harmed", "(tiny)", "(other)"]
    assert list(whole[1][1]) == ["good", "unsure", "harmed"]
    assert len(set(whole[1][1].values())) == 3
    assert all(part.items() <= all_.items() for (_, part), (_, all_) in zip(some, whole, strict=True))


def chart_colours(element) -> tuple[str, dict[str, str]]:
    drawn = json.loads(element.proto.spec)
    scale = next(layer["encoding"]["color"]["scale"] for layer in drawn["layer"] if "color" in layer["encoding"])
    return drawn["title"]["text"], dict(zip(scale["domain"], scale["range"], strict=True))


def test_names_and_sentences_are_shown_letter_by_letter(open_page: Open, store: Store):
    metric = f"{HOSTILE}.accuracy"
    base = (result(metric, 0.5, 0.4, 0.6),)
    row = spec(HOSTILE, (result(metric, 0.8, 0.7, 0.9),), base, base_model=HOSTILE, method=HOSTILE)
    fill(store, [row], {HOSTILE: Verdict("fail", HOSTILE, (rule("fail", HOSTILE, metric),))})
    page = open_page()
    assert not page.exception
    assert texts(page)[2:] == [HOSTILE, HOSTILE]
    assert cells(page)[0] == [HOSTILE, f"{HOSTILE} lora", ["fail"], "0.80 [0.70, 0.90]", HOSTILE]
    # What Streamlit reads as Markdown or HTML holds words of ours only.
    assert set(badges(page)) == {":red-badge[1 fail]", ":red-badge[fail]"}
    sheet = (bundled_folder("dashboard") / "style.css").read_text(encoding="utf-8")
    assert [element.proto.body for element in page.get("html")] == [f"<style>{sheet}</style>"]
    # The browser's sanitizer drops a sheet with anything that looks like a tag, without a word.
    assert "<" not in sheet


def test_a_store_that_another_process_writes_is_no_error(
    open_page: Open, store: Store, monkeypatch: pytest.MonkeyPatch
):
    three_adapters(store)
    monkeypatch.setenv("EVALSUITE_PATIENCE", "0.2")
    hold = f"import duckdb; c = duckdb.connect({str(store.results)!r}); print('held', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        page = open_page()
        writer.communicate(b"\n")
    assert not page.exception
    assert [element.value for element in page.warning] == [
        "A run is writing, or another program holds the results open. Press Refresh in a moment."
    ]
    page.button[0].click().run()
    assert not page.warning
    assert len(cells(page)) == 5
