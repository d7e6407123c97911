"""The page about verdicts over time and released adapters."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from planted import fill, result, rule, spec
from streamlit.testing.v1 import AppTest

from evalsuite.records import Verdict
from evalsuite.registry.cards import move_alias, write_card
from evalsuite.spec.card import Card
from evalsuite.store import Store
from evalsuite.store.write import StepRow, finish_run, save_plan, save_verdict, start_run

Open = Callable[..., AppTest]

FELL = "facts.accuracy fell 0.30 against base; a loss of at most 0.05 is allowed"
KEPT = "facts.accuracy is 0.80 [0.70, 0.90] over 200 samples; at least 0.5 is wanted"
HOSTILE = "<script>alert(1)</script> ![p](http://h.example/p.png) **b**"
AT = datetime(2026, 3, 1, tzinfo=UTC)


def two_runs(store: Store) -> None:
    """A spec that failed in its first run and passed in its second."""
    row, outcomes = spec("first", (result("facts.accuracy", 0.8, 0.7, 0.9),), ())
    fill(store, [(row, outcomes)], {"first": Verdict("fail", "release", (rule("fail", FELL),))})
    start_run(store, "run-2", {})
    again = StepRow("first-decide-again", "decide", None, None)
    save_plan(store, "run-2", [replace(row, adapter_digest="f" * 64, steps=(again,))])
    save_verdict(store, again, Verdict("pass", "release", (rule("pass", KEPT),)))
    finish_run(store, "run-2", "finished")


def card(version: str, accuracy: float) -> Card:
    return Card.model_validate(
        {
            "schema_version": 1,
            "name": "first",
            "version": version,
            "released": AT,
            "method": "sft",
            "weights": {"path": HOSTILE, "digest": "a" * 64, "files": ({"path": "w", "sha256": "b" * 64},)},
            "base_model": {"id": HOSTILE, "digest": "c" * 64},
            "verdict": {"answer": "pass", "policy": "release", "digest": "d" * 64, "found": (HOSTILE,)},
            "results": ({"metric": "facts.accuracy", "value": accuracy, "n": 200},),
        }
    )


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "adapters_registry"
    monkeypatch.setenv("EVALSUITE_REGISTRY", str(folder))
    return folder


def texts(page: AppTest) -> list[str]:
    return [element.value for element in page.text]


def test_every_verdict_stands_with_its_reasons_and_what_moved(open_page: Open, store: Store, registry: Path):
    two_runs(store)
    page = open_page("gates")
    assert not page.exception
    history, moved = (frame.value for frame in page.dataframe)
    assert history[["verdict", "policy", "against", "weights", "run"]].values.tolist() == [
        ["pass", "release", "base", "f" * 12, "run-2"],
        ["fail", "release", "base", "first-digest", "run-1"],
    ]
    assert KEPT in texts(page)
    assert "What moved since the run run-1, which said fail:" in texts(page)
    assert moved.values.tolist() == [["floor", "facts.accuracy", f"fail: {FELL}", f"pass: {KEPT}"]]
    page.selectbox[1].select("run-1").run()
    assert FELL in texts(page)
    assert KEPT not in texts(page)
    assert "Nothing has been released into this folder yet. A spec whose verdict passed is released by:" in texts(page)


def test_cards_aliases_and_what_differs_between_two_versions(open_page: Open, store: Store, registry: Path):
    two_runs(store)
    older, newer = card("1.0.0", 0.7), card("1.1.0", 0.8)
    for released in (older, newer):
        write_card(registry, released)
        move_alias(registry, "production", released, at=AT)
    page = open_page("gates")
    assert not page.exception
    cards, aliases, figures, difference = (frame.value for frame in page.dataframe[2:])
    assert cards[["card", "verdict", "base model", "aliases"]].values.tolist() == [
        ["first@1.0.0", "pass", HOSTILE, ""],
        ["first@1.1.0", "pass", HOSTILE, "production"],
    ]
    assert aliases.values.tolist() == [
        ["production", "first@1.1.0", "2026-03-01 00:00", "now"],
        ["production", "first@1.0.0", "2026-03-01 00:00", "before"],
    ]
    assert figures.values.tolist() == [["facts.accuracy", "0.8", 200, "–"]]
    assert difference.values.tolist() == [["facts.accuracy", "0.7", "0.8"]]
    assert HOSTILE in texts(page)
    assert all("h.example" not in element.value for element in page.markdown)


def test_a_card_that_cannot_be_read_is_named(open_page: Open, store: Store, registry: Path):
    two_runs(store)
    (registry / "first").mkdir(parents=True)
    (registry / "first" / "1.0.0.yaml").write_text("name: first\n", encoding="utf-8")
    page = open_page("gates")
    assert not page.exception
    assert len(page.warning) == 1
    assert any("1.0.0.yaml" in text for text in texts(page))
