"""Paired differences out of the store: the same figures as from all samples in memory, from far fewer rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planted import declare, fill

from evalsuite.errors import NotFound
from evalsuite.evaluate.pairwise.difference import differences
from evalsuite.pipeline import paired
from evalsuite.records import Outcome, Reply, Result, Results, Score
from evalsuite.store import Store, read
from evalsuite.store.write import SpecRow, StepRow

BINARY, GRADED, WEIGHED, GROUPED = "facts.accuracy", "style.score", "text.nats_per_token", "forms.accuracy"
KEYS = [f"q{at}" for at in range(6)]
values = st.lists(st.one_of(st.none(), st.sampled_from([0.0, 1.0])), min_size=6, max_size=6)
grades = st.lists(st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.3, 1.0])), min_size=6, max_size=6)
losses = st.lists(st.floats(0.5, 3, width=32), min_size=6, max_size=6)


def outcomes(name: str, told: dict[str, list[float | None]]) -> dict[str, Outcome]:
    """One step per metric; texts have weights, and forms come in groups of two."""
    found = {}
    for metric, scores in told.items():
        weights = [10.0 + at if metric == WEIGHED else None for at in range(len(KEYS))]
        rows = zip(KEYS, scores, weights, strict=True)
        said = tuple(
            Reply(key, "What?", "that", "this", group=f"form {at // 2}" if metric == GROUPED else None)
            for at, key in enumerate(KEYS)
        )
        found[f"{name}-{metric}"] = Outcome(said, tuple(Score(key, metric, its, weight=w) for key, its, w in rows))
    return found


def planted(store: Store, told: dict[str, dict[str, list[float | None]]], base: dict[str, list[float | None]]) -> None:
    rows = []
    of_base = outcomes("tiny", base)
    for name, mine in told.items():
        found = outcomes(name, mine)
        steps = [StepRow(digest, "score", digest, "candidate") for digest in found]
        steps += [StepRow(digest, "score", digest, "base") for digest in of_base]
        row = SpecRow(name, "plan", {}, "tiny", "b", f"{name}-weights", "sft", "lora", tuple(steps))
        rows.append((row, {**found, **of_base}))
    fill(store, rows, {})


def in_memory(store: Store, name: str) -> Results:
    digests = [f"{name}-{metric}" for metric in (BINARY, GRADED, WEIGHED, GROUPED)]
    return read.results_of(store, name, digests)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(values, grades, losses, values), min_size=2, max_size=2))
def test_the_figures_are_those_of_all_samples_in_memory(tmp_path_factory: pytest.TempPathFactory, told):
    store = Store(tmp_path_factory.mktemp("paired"))
    first, second = ({BINARY: b, GRADED: g, WEIGHED: w, GROUPED: c} for b, g, w, c in told)
    planted(store, {"first": first, "second": second}, {})
    expected = differences(in_memory(store, "first"), in_memory(store, "second"))
    assert list(paired.compare("first", "second", store).differences) == expected
    found = paired.against(store, "second", ["first"], []).get("first", {})
    assert sorted(found.values(), key=lambda its: its.metric) == expected


def test_every_spec_and_base_stands_against_a_chosen_baseline(tmp_path: Path):
    store = Store(tmp_path / "store")
    right, wrong, half = [1.0] * 6, [0.0] * 6, [1.0, 0.0] * 3
    planted(store, {"good": {BINARY: right}, "bad": {BINARY: wrong}}, {BINARY: half})
    found = paired.against(store, "good", ["good", "bad", "(tiny)"], [BINARY])
    assert {name: [(its.baseline, its.difference, its.n) for its in of.values()] for name, of in found.items()} == {
        "bad": [("good", -1.0, 6)],
        "(tiny)": [("good", -0.5, 6)],
    }
    assert paired.against(store, "(tiny)", ["good"], [BINARY])["good"][BINARY, ""].gained == 3
    assert paired.against(store, "good", ["bad"], ["other.accuracy"]) == {}


def test_a_suite_of_another_size_does_not_speak_for_the_base(tmp_path: Path):
    store = Store(tmp_path / "store")
    planted(store, {"good": {BINARY: [1.0] * 6}}, {BINARY: [1.0] * 6})
    few = declare(Outcome(results=(Result(BINARY, 0.0, None, None, n=1),), scores=(Score("q0", BINARY, 0.0),)))
    steps = (StepRow("few", "score", "facts", "base"), StepRow("a-few", "score", "facts", "candidate"))
    row = SpecRow("a", "plan", {}, "tiny", "b", "a-weights", "sft", "lora", steps)
    from evalsuite.store.write import finish_run, save_outcome, save_plan, start_run

    start_run(store, "run-2", {})
    save_plan(store, "run-2", [row])
    save_outcome(store, steps[0], declare(few), seconds=1.0, seed=7)
    finish_run(store, "run-2", "finished")
    assert [its.n for its in paired.against(store, "good", ["(tiny)"], [])["(tiny)"].values()] == [6]


def test_a_spec_that_is_not_there_is_named(tmp_path: Path):
    store = Store(tmp_path / "store")
    planted(store, {"good": {BINARY: [1.0] * 6}}, {})
    with pytest.raises(NotFound, match=r"no spec 'better' in .*; there are: good"):
        paired.compare("good", "better", store)
    with pytest.raises(NotFound, match="choose another baseline"):
        paired.against(store, "better", ["good"], [])
