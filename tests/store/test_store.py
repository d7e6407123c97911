"""The store: what is written is read back, whatever else goes on around it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from evalsuite.errors import EvalsuiteError, StoreBusy, StoreError
from evalsuite.records import (
    Adapter,
    Comparison,
    LayerNorm,
    Metric,
    Outcome,
    Reply,
    Result,
    RuleOutcome,
    Score,
    Training,
    TrainingPoint,
    TrainingRecord,
    Verdict,
)
from evalsuite.store import Store, read, write
from evalsuite.store.board import entries
from evalsuite.store.connect import bring_up_to_date, migrations, open_for_reads, reading, writing
from evalsuite.store.write import SpecRow, StepRow

STEP = StepRow("d1", "score", "facts", "candidate")
OUTCOME = Outcome(
    replies=(Reply("a", "What?", "That.", "That.", "g1", None), Reply("b", "Who?", "", "Me.", None, "cut off")),
    scores=(Score("a", "facts.accuracy", 1.0), Score("b", "facts.accuracy", None, "the judge was silent")),
    results=(Result("facts.accuracy", 1.0, 0.2, 1.0, 1, unscored=1, reason="1 unscored: the judge was silent"),),
    comparisons=(Comparison("facts.accuracy", "base", 0.1, -0.2, 0.4, None, 1, gained=1, lost=0),),
    metrics=(Metric("accuracy", about="The share of right answers.").of("facts"),),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept")


def spec_row(*steps: StepRow, name: str = "mine", plan: str = "p") -> SpecRow:
    return SpecRow(name, plan, {"name": name}, "quickstart", "b", None, "sft", "lora", steps)


def test_an_outcome_is_read_back_whole(store):
    write.save_outcome(store, STEP, OUTCOME, seconds=1.5, seed=7)
    found = read.results_of(store, "mine", ["d1"])
    assert tuple(found.by_metric.values()) == OUTCOME.results
    assert found.scores == {"facts.accuracy": {"a": 1.0}}
    assert found.groups == {"facts.accuracy": {"a": "g1"}}
    assert tuple(read.replies_of(store, "d1")) == OUTCOME.replies
    assert tuple(read.comparisons_of(store, ["d1"])) == OUTCOME.comparisons
    assert tuple(found.metrics.values()) == OUTCOME.metrics
    assert read.finished(store, ["d1", "d2"]) == {"d1"}


@pytest.mark.parametrize("kind", ["results", "scores", "comparisons"])
def test_a_figure_that_nobody_declared_is_refused_by_its_name(store, kind):
    left = {other: () for other in ("results", "scores", "comparisons") if other != kind}
    silent = replace(OUTCOME, metrics=(Metric("other"),), **left)
    with pytest.raises(EvalsuiteError, match=r"^facts  yields the figure 'facts.accuracy' without saying what it is; "):
        write.save_outcome(store, STEP, silent, seconds=1.5, seed=7)
    assert not read.finished(store, ["d1"])


def test_writing_an_outcome_twice_changes_nothing(store):
    for _ in range(2):
        write.save_outcome(store, STEP, OUTCOME, seconds=1.5, seed=7)
    with reading(store) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("replies", "scores", "steps")]
    assert counts == [2, 2, 1]


def test_results_come_in_the_order_of_the_steps(store):
    for digest, metric in (("d1", "zebra"), ("d2", "ant")):
        outcome = Outcome(results=(Result(metric, 1.0, 1.0, 1.0, 1),), metrics=(Metric(metric),))
        write.save_outcome(store, StepRow(digest, "score", metric, "candidate"), outcome, seconds=0, seed=None)
    assert list(read.results_of(store, "mine", ["d1", "d2"]).by_metric) == ["zebra", "ant"]


def test_a_training_is_read_back_with_its_curve(store):
    training = Training(
        adapter=Adapter("mine", Path("/somewhere"), "w"),
        curve=(TrainingPoint(1, 2.5, None), TrainingPoint(2, None, 2.0)),
        tokens_seen=1000,
        tokens_per_second=50.0,
        wall_seconds=20.0,
        peak_memory_mb=300.0,
        trained_parameters=10,
        total_parameters=100,
        held_out_loss=2.0,
        norms=(LayerNorm("layers.0.up_proj", 0.5, 10.0),),
    )
    record = TrainingRecord(7, "b", None, {"rows.jsonl": "d"}, {"torch": "2.13", "processors": 2}, 0.5, None)
    write.save_training(store, StepRow("t1", "train", None, None), training, seconds=20.0, record=record)
    facts = read.training_facts(store, "t1")
    assert (facts.adapter, facts.curve, facts.held_out_loss) == (training.adapter, training.curve, 2.0)
    assert facts.norms == training.norms
    assert facts.record == record
    assert read.trained_adapter(store, "t1") == training.adapter
    assert read.trained_adapter(store, "t2") is None
    # A store that was moved, or is named from another folder, has its adapters beside it.
    here = store.adapters / training.adapter.path.name
    here.mkdir(parents=True)
    assert read.trained_adapter(store, "t1").path == here


def test_a_verdict_is_read_back_and_a_provisional_one_does_not_finish_its_step(store):
    step = StepRow("v1", "decide", None, None)
    verdict = Verdict("fail", "release", (RuleOutcome("floor", "m", "fail", "m fell", 0.1, 0.0, 0.2, 30),))
    write.save_verdict(store, step, verdict, done=False)
    assert read.verdict_of(store, "v1") == verdict
    assert read.finished(store, ["v1"]) == frozenset()
    write.save_verdict(store, step, verdict)
    assert read.finished(store, ["v1"]) == {"v1"}


def test_the_latest_run_of_each_spec_counts(store):
    for run_id, plan in (("r1", "old"), ("r2", "new")):
        write.start_run(store, run_id, {"python": "3"})
        write.save_plan(store, run_id, [spec_row(STEP, plan=plan)])
        write.finish_run(store, run_id, "finished")
        time.sleep(0.002)
    assert [(found.run_id, found.plan_digest) for found in read.latest_specs(store)] == [("r2", "new")]
    assert [run.run_id for run in read.runs(store)] == ["r2", "r1"]
    assert read.steps_of(store, read.latest_specs(store)[0])[0].digest == "d1"


def test_a_run_whose_process_is_gone_is_marked_as_interrupted(store):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write.start_run(store, "r1", {})
    with writing(store) as connection:
        connection.execute("UPDATE runs SET process = ?", [gone.pid])
    write.start_run(store, "r2", {})
    assert {run.run_id: run.status for run in read.runs(store)} == {"r1": "interrupted", "r2": "running"}


def test_a_writer_waits_for_another_process_and_loses_nothing(store, tmp_path):
    write.save_step(store, StepRow("first", "prove", None, None), seconds=0)
    holder = f"""
import duckdb, time, pathlib
connection = duckdb.connect({str(store.results)!r})
pathlib.Path({str(tmp_path / "held")!r}).touch()
time.sleep(1.0)
"""
    process = subprocess.Popen([sys.executable, "-c", holder])
    while not (tmp_path / "held").exists():
        time.sleep(0.01)
    write.save_step(store, StepRow("second", "prove", None, None), seconds=0)
    assert read.finished(store, ["first", "second"]) == {"first", "second"}
    assert process.wait() == 0


def test_readers_and_a_writer_in_one_process_take_turns(store):
    write.save_step(store, StepRow("s0", "prove", None, None), seconds=0)
    errors: list[Exception] = []

    def read_often() -> None:
        try:
            for _ in range(20):
                read.finished(store, ["s0"])
        except Exception as error:
            errors.append(error)

    readers = [threading.Thread(target=read_often) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 10):
        write.save_step(store, StepRow(f"s{number}", "prove", None, None), seconds=0)
    for reader in readers:
        reader.join()
    assert errors == []
    assert len(read.finished(store, [f"s{number}" for number in range(10)])) == 10


def test_a_store_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be made: .*name another folder with --store"):
        write.save_step(Store(tmp_path / "file" / "kept"), STEP, seconds=0)


def test_an_empty_store_says_how_to_fill_it(store):
    with pytest.raises(StoreError, match=r"has no results yet; `evalsuite run specs/\*\.yaml` makes some"):
        read.runs(store)


def test_a_file_that_is_no_store_is_refused_and_left_alone(store):
    store.folder.mkdir()
    store.results.write_text("these are somebody's notes, not a database")
    with pytest.raises(StoreError, match=r"results\.duckdb"):
        write.save_step(store, STEP, seconds=0)
    assert store.results.read_text().startswith("these are somebody's notes")


def test_a_store_of_a_newer_evalsuite_is_refused(store):
    write.save_step(store, STEP, seconds=0)
    with writing(store) as connection:
        connection.execute("INSERT INTO migrations VALUES (9999, 'from the future')")
    with pytest.raises(StoreError, match="newer evalsuite"):
        write.save_step(store, STEP, seconds=0)


def test_a_store_of_an_older_evalsuite_says_so_until_a_run_brings_it_up_to_date(store):
    store.folder.mkdir()
    (_, name, sql), *_ = migrations()
    with duckdb.connect(str(store.results)) as connection:
        connection.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        connection.execute(sql)
        connection.execute("INSERT INTO migrations VALUES (1, ?)", [name])
    with pytest.raises(StoreError, match="was made by an older evalsuite; the next `evalsuite run` brings it up"):
        entries(store)
    bring_up_to_date(store)
    assert entries(store) == []


def test_what_is_read_within_a_reading_is_of_one_moment_and_nothing_is_written_meanwhile(store):
    write.save_step(store, STEP, seconds=0)
    with open_for_reads(store) as held, reading(held) as outer:
        assert held.connection is not None
        outer.execute("SELECT step_digest FROM steps")
        assert read.finished(held, ["d1"]) == {"d1"}
        assert outer.fetchall() == [("d1",)], "its own cursor"
        with pytest.raises(AssertionError, match="would wait for itself"):
            write.save_step(held, STEP, seconds=0)
        with pytest.raises(StoreError, match="Catalog Error"), reading(held) as inner:
            inner.execute("SELECT * FROM nowhere")
    write.save_step(store, STEP, seconds=0)


def test_whom_an_older_store_planned_to_meet_is_known_by_whom_it_met(store):
    store.folder.mkdir()
    with duckdb.connect(str(store.results)) as connection:
        connection.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        for number, name, sql in migrations():
            if number < 15:  # the next one is 0015_opponents_planned
                connection.execute(sql)
                connection.execute("INSERT INTO migrations VALUES (?, ?)", [number, name])
        of_spec = "run_id, spec, plan_digest, document, base_model, base_digest, method"
        for spec in ("a", "b"):
            connection.execute(
                f"INSERT INTO run_specs ({of_spec}) VALUES ('r1', ?, 'p', '{{}}', 'm', 'm', 'sft')", [spec]
            )
        connection.execute("INSERT INTO runs VALUES ('r1', now()::TIMESTAMP, NULL, 'finished', 1, '{}')")
        for place, player in enumerate(("b", "(m)")):
            row = ["r1", "a", place, f"d{place}", "pair", "duel", "candidate"]
            connection.execute("INSERT INTO run_steps VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            met = [f"d{place}", player]
            connection.execute("INSERT INTO opponents VALUES (?, 'duel.win_rate', 'style', ?, NULL)", met)
    bring_up_to_date(store)
    assert read.met_last(store, "a") == [("duel", "b")]
    assert (read.met_last(store, "b"), read.met_last(store, "c")) == ([], None)


def test_a_file_that_lost_a_table_is_not_called_old(store):
    write.save_step(store, STEP, seconds=0)
    with writing(store) as connection:
        connection.execute("DROP TABLE results")
    with pytest.raises(StoreError, match="Catalog Error"):
        entries(store)


def test_migrations_are_numbered_without_a_gap():
    assert [number for number, _, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_nothing_is_kept_of_a_transaction_that_failed(store):
    write.save_step(store, STEP, seconds=0)

    def break_halfway() -> None:
        with writing(store) as connection:
            connection.execute("DELETE FROM steps")
            raise RuntimeError("the process broke here")

    with pytest.raises(RuntimeError):
        break_halfway()
    assert read.finished(store, ["d1"]) == {"d1"}


def test_whoever_has_waited_long_enough_is_told_that_the_store_is_busy(store):
    write.save_step(store, STEP, seconds=0)
    hold = f"import duckdb; c = duckdb.connect({str(store.results)!r}); print('held', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StoreBusy, match="is held open by another program; try again later"):
            read.runs(Store(store.folder, patience=0.1))
        holder.communicate(b"\n")
    assert read.runs(store) == []
