"""The page on which people label blind: what lands in the store, and that nothing else writes there."""

import ast
import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from planted import fill, result, spec, told
from streamlit.testing.v1 import AppTest

from evalsuite.data.evaluation.labels import LabelledPair, LabelledReply, read_labels
from evalsuite.plan.digests import rubric_digest
from evalsuite.report.judging.review import BlindPair, blind, preferences_file, scores_file
from evalsuite.spec.loading.load import load_rubric
from evalsuite.spec.loading.lookup import bundled_folder
from evalsuite.store import Store
from evalsuite.store.connect import reading
from evalsuite.store.judges import human_preferences, human_scores, save_labels
from evalsuite.store.samples import UnlabelledPair, unlabelled_pair, unlabelled_reply

Open = Callable[..., AppTest]

HOSTILE = "<img src=http://h.example/p.png> **b** ![p](http://h.example/p.png)"
SAMPLES = ("q1", "q2", "q3")


def replies(store: Store) -> None:
    """An adapter and its base that were asked four questions; to the last they said the same."""
    row, outcomes = spec("first", (result("facts.accuracy", 0.8, 0.7, 0.9),), (result("facts.accuracy", 0.5),))
    for step, said in (("tiny-score", "base says"), ("first-score", HOSTILE)):
        answers = {name: (f"{said} {name}", 1.0) for name in SAMPLES} | {"q4": ("alike", 1.0)}
        outcomes[step] = replace(told(answers), results=outcomes[step].results)
    fill(store, [(row, outcomes)], {})


def texts(page: AppTest) -> list[str]:
    return [element.value for element in page.text]


def press(page: AppTest, key: str) -> None:
    page.button(key=key).click().run()
    assert not page.exception


def test_a_person_says_which_reply_is_better_until_none_is_left(open_page: Open, store: Store):
    replies(store)
    page = open_page("review", by="anna", specs=["first"])
    assert not page.exception
    assert "3 left   ·   0 labelled since you came" in texts(page)
    for _ in SAMPLES:
        left, right = texts(page)[-2:]
        better = "left" if HOSTILE in left else "right"
        assert (HOSTILE in left) != (HOSTILE in right)
        press(page, f"choose-{better}")
    assert [element.value for element in page.success] == [
        "Nothing is left to label here: all pairs are labelled, skipped, or alike. Choose another entry above."
    ]
    found = {pair.question: pair for pair in human_preferences(store)}
    assert found == {
        f"What is {name}?": LabelledPair(f"What is {name}?", f"{HOSTILE} {name}", f"base says {name}", {"anna": "a"})
        for name in SAMPLES
    }


def test_a_second_thought_replaces_the_first_and_what_is_skipped_waits(open_page: Open, store: Store):
    replies(store)
    page = open_page("review", by="anna", specs=["first"])
    press(page, "choose-tie")
    press(page, "back")
    press(page, "choose-left")
    (label,) = [said for pair in human_preferences(store) for said in pair.labels.values()]
    assert label in ("a", "b")
    press(page, "skip")
    press(page, "choose-tie")
    assert len(page.success) == 1
    assert len(human_preferences(store)) == 2
    assert unlabelled_pair(store, "first-score", "tiny-score", by="anna").waiting == 1


def test_replies_are_scored_criterion_by_criterion_whoever_gave_them(open_page: Open, store: Store):
    replies(store)
    rubric = load_rubric("helpfulness", beside=Path("-"))
    page = open_page("review", by="bob", specs=["first"], kind="scores", rubric="helpfulness")
    assert not page.exception
    first = unlabelled_reply(store, ["first-score", "tiny-score"], by="bob", rubric_digest=rubric_digest(rubric))
    _, high = rubric.criteria[0].scale
    for criterion in rubric.criteria:
        assert f"{criterion.name}: {criterion.description}" in texts(page)
        assert human_scores(store, rubric_digest(rubric)) == {}
        press(page, f"score-{high}")
    expected = LabelledReply(first.question, first.reply, {"bob": {c.name: float(high) for c in rubric.criteria}})
    assert human_scores(store, rubric_digest(rubric)) == {expected.digest: expected}
    left = unlabelled_reply(store, ["first-score", "tiny-score"], by="bob", rubric_digest=rubric_digest(rubric))
    # "alike" to q4 was said by both; what was scored once is not asked again.
    assert left.waiting in (6, 7)


def test_labels_carry_their_time(open_page: Open, store: Store):
    replies(store)
    page = open_page("review", by="anna", specs=["first"])
    press(page, "choose-tie")
    with reading(store) as connection:
        ((at, source),) = connection.execute("SELECT given_at, source FROM human_preferences").fetchall()
    assert abs(datetime.now(UTC).replace(tzinfo=None) - at) < timedelta(minutes=5)
    assert source == "review page"


def test_without_a_name_nothing_is_asked(open_page: Open, store: Store):
    replies(store)
    page = open_page("review", specs=["first"])
    assert [element.value for element in page.info] == ["Say who you are; then the first question comes."]
    assert not any(HOSTILE in text for text in texts(page))


def test_a_label_that_cannot_be_kept_is_asked_for_again(open_page: Open, store: Store):
    replies(store)
    page = open_page("review", by="anna", specs=["first"])
    before = texts(page)[-2:]
    content = store.results.read_bytes()
    store.results.write_bytes(b"no database")
    page.button(key="choose-left").click()
    page.run()
    assert any("is no DuckDB file" in text for text in texts(page))
    store.results.write_bytes(content)
    page.button[0].click().run()
    assert texts(page)[-2:] == before
    assert human_preferences(store) == ()


def test_names_and_replies_are_shown_letter_by_letter(open_page: Open, store: Store):
    replies(store)
    page = open_page("review", by=HOSTILE, specs=["first"])
    assert not page.exception
    assert all("h.example" not in element.value for element in page.markdown)


def test_sides_are_drawn_by_chance_but_stay_when_the_page_is_loaded_again():
    pairs = [UnlabelledPair(f"s{i}", "q", "first", "second", 1) for i in range(400)]
    left = [blind(pair, "anna").left for pair in pairs]
    assert left == [blind(pair, "anna").left for pair in pairs]
    assert 160 < left.count("first") < 240
    assert left != [blind(pair, "bob").left for pair in pairs]


def test_a_label_says_the_same_from_whichever_side_it_was_given():
    here, there = BlindPair("s", "q", "x", "y", 1), BlindPair("s", "q", "y", "x", 1)
    assert (
        here.labelled("left", "anna") == there.labelled("right", "anna") == LabelledPair("q", "x", "y", {"anna": "a"})
    )
    assert here.labelled("tie", "anna") == LabelledPair("q", "x", "y", {"anna": "tie"})


def test_each_person_sees_another_order(store: Store):
    row, outcomes = spec("first", (), ())
    for step, said in (("tiny-score", "one"), ("first-score", "two")):
        outcomes[step] = told({f"s{i}": (f"{said} {i}", None) for i in range(50)})
    fill(store, [(row, outcomes)], {})
    firsts = {unlabelled_pair(store, "first-score", "tiny-score", by=f"p{i}").sample_id for i in range(20)}
    assert len(firsts) > 5


def test_labels_as_files_are_what_a_judge_is_checked_against(tmp_path: Path):
    pairs = (LabelledPair("q", "x", "y", {"anna": "a", "bob": "tie"}),)
    replies = (LabelledReply("q", "x", {"anna": {"so": 5.0}, "bob": {"so": 1.0}}),)
    (tmp_path / "pairs.jsonl").write_text(preferences_file(pairs), encoding="utf-8")
    (tmp_path / "scores.jsonl").write_text(scores_file(replies), encoding="utf-8")
    assert read_labels(tmp_path / "pairs.jsonl", {}) == pairs
    assert read_labels(tmp_path / "scores.jsonl", {"so": (1, 5)}) == replies


WRITER = """
import sys
from pathlib import Path
from evalsuite.data.evaluation.labels import LabelledPair
from evalsuite.store import Store
from evalsuite.store.judges import save_labels
store, by, count = Store(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
for i in range(count):
    save_labels(store, (LabelledPair(f"q{i}", "x", "y", {by: "a"}),), rubric_digest="", source="review page")
"""


def test_two_people_at_once_lose_nothing(store: Store):
    replies(store)
    count = 15
    others = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(store.folder), by, str(count)]) for by in ("anna", "bob")
    ]
    failed: list[BaseException] = []

    def label(by: str) -> None:
        try:
            for i in range(count):
                given = LabelledPair(f"q{i}", "x", "y", {by: "b"})
                save_labels(store, (given,), rubric_digest="", source="review page")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=label, args=(by,)) for by in ("carol", "dave")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait(timeout=120) for other in others] == [0, 0]
    assert failed == []
    said = {"anna": "a", "bob": "a", "carol": "b", "dave": "b"}
    assert human_preferences(store) == tuple(
        LabelledPair(question, "x", "y", said) for question in sorted(f"q{i}" for i in range(count))
    )


@pytest.mark.parametrize("page", ["leaderboard", "adapter", "compare", "gates", "review", "runs"])
def test_looking_at_a_page_changes_nothing(open_page: Open, store: Store, page: str):
    replies(store)
    before = hashlib.sha256(store.results.read_bytes()).hexdigest()
    assert not open_page(page if page != "leaderboard" else None, by="anna").exception
    assert hashlib.sha256(store.results.read_bytes()).hexdigest() == before


def test_no_page_writes_and_this_one_keeps_labels_through_the_pipeline_alone():
    writing = {
        "writing", "upsert", "migrate", "save_labels", "save_check", "save_outcome", "save_plan", "save_training",
        "save_verdict", "save_errors", "start_run", "finish_run", "write_card", "move_alias", "roll_back", "release",
        "keep_labels",
    }  # fmt: skip
    found = {}
    for file in bundled_folder("dashboard").glob("*.py"):
        imports = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
        modules = {node.module for node in imports}
        assert "evalsuite.store.write" not in modules
        found[file.stem] = {alias.name for node in imports for alias in node.names} & writing
    assert {page: names for page, names in found.items() if names} == {"review": {"keep_labels"}}
