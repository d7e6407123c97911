"""Runs on models behind an endpoint: beside local adapters, within a sum of money, through a kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from endpoint_server import Behaviour, last_words, serving

from evalsuite.cli import main
from evalsuite.errors import DocumentError
from evalsuite.pipeline import flow as pipeline
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.report.progress import plan_table, totals
from evalsuite.store import read
from evalsuite.store.replies import ReplyCache
from evalsuite.store.runs import run_cost

SPEC = """
schema_version: 1
name: closed
base_model:
  endpoint: {url}
  model: closed-1
  api_key_env: CLOSED_KEY
  prompt_price: 1.0
  completion_price: 1000.0
suite: small
"""
KEY = "secret-of-this-test"
# Facts by letter, sums and style by generation; base and candidate are one model, which is asked once.
CALLS = 3 * 60


def answer(body):
    """Right about every fact whose number is not divisible by five; sober."""
    asked = last_words(body)
    number = int(re.search(r"\d+", asked)[0])
    if asked.startswith("Fact"):
        return "B" if number % 5 == 0 else "**A.**"
    return str(number) if asked.startswith("Sum") else f"So: {number}"


@pytest.fixture
def closed(project, monkeypatch):
    """The project with a second spec: a model behind an endpoint on the same suite."""
    monkeypatch.setenv("CLOSED_KEY", KEY)

    def write(server):
        file = project.folder / "specs" / "closed.yaml"
        file.write_text(SPEC.replace("{url}", server.url), encoding="utf-8")
        return file

    return write


def words(spec, project, *more):
    return ["run", str(spec), "--store", str(project.store.folder), *more]


def run(spec, project, *more):
    """The exit code of `evalsuite run` in this process."""
    with pytest.raises(SystemExit) as ended:
        main(words(spec, project, *more))
    return ended.value.code


def kept(project):
    cache = ReplyCache(project.store.replies)
    count = cache._connection.execute("SELECT count(*) FROM replies").fetchone()[0]
    cache.close()
    return count


def test_a_closed_model_stands_beside_a_local_adapter_in_one_leaderboard(project, closed):
    with serving(Behaviour(answer=answer, key=KEY)) as server:
        spec = closed(server)
        project.run()
        report = pipeline.run([spec], project.store, Quiet())
    assert report.errors == ()
    assert server.answered().total() == CALLS
    rows = {row.spec: row for row in leaderboard(project.store).rows}
    # Nobody is named that the closed model is compared with, and it is no base of itself.
    assert set(rows) == {"elsewhere", "closed", "(./base)"}
    figures = {name: result.value for name, result in rows["closed"].results.items()}
    assert figures["sums.exact_match"] == 1.0
    assert figures["style.score"] == 1.0
    # A generated letter is not a chosen likelihood; the two never stand in one column.
    assert figures["facts.letter_accuracy"] == pytest.approx(48 / 60)
    assert "facts.accuracy" not in figures
    assert rows["elsewhere"].results["facts.accuracy"].value == 1.0
    assert "facts.letter_accuracy" not in rows["elsewhere"].results


def test_what_a_run_pays_is_kept(project, closed):
    with serving(Behaviour(answer=answer)) as server:
        run(closed(server), project)
        paid = run_cost(project.store, read.runs(project.store)[0].run_id)
        assert paid is not None
        assert paid.calls == server.answered().total() == CALLS
        assert paid.money == pytest.approx((paid.prompt_tokens + 1000 * paid.tokens) / 1e6)


def test_a_second_run_asks_nothing_and_another_price_changes_nothing(project, closed):
    with serving(Behaviour(answer=answer)) as server:
        spec = closed(server)
        pipeline.run([spec], project.store, Quiet())
        spec.write_text(spec.read_text().replace("1000.0", "2000.0"), encoding="utf-8")
        pipeline.run([spec], project.store, Quiet())
        assert len(server.asked) == CALLS
        spec.write_text(spec.read_text().replace("closed-1", "closed-2"), encoding="utf-8")
        pipeline.run([spec], project.store, Quiet())
        assert len(server.asked) == 2 * CALLS


def test_the_plan_shows_what_the_endpoint_will_cost(project, closed):
    with serving() as server:
        (plan,) = pipeline.plan([closed(server)], project.store)
    costs = {row[0]: row[5] for row in plan_table(plan, frozenset()).rows}
    # 60 replies of up to 64 tokens at 1000 a million, and of 256 for style.
    assert costs["score candidate sums"] == "~$3.84"
    assert costs["score candidate style"] == "~$15.36"
    assert "about $19.20" in totals([plan], frozenset())
    assert server.asked == []


def test_a_run_stops_before_it_costs_more_and_goes_on_from_there(project, closed, capsys):
    with serving(Behaviour(answer=answer, latency=0.01)) as server:
        spec = closed(server)
        assert run(spec, project, "--max-cost", "0.30") == 2
        paid, said = len(server.asked), capsys.readouterr().err
        assert re.search(r"closed could not be carried through: .*of 60 calls were not made", said)
        assert "a higher --max-cost goes on from there" in said
        assert 0 < paid < CALLS
        assert kept(project) == paid
        assert run(spec, project, "--max-cost", "50") == 0
    assert len(server.asked) == CALLS
    assert set(server.answered().values()) == {1}


@pytest.mark.slow
def test_killed_in_the_middle_it_asks_only_for_what_it_had_not_kept(project, closed):
    with serving(Behaviour(answer=answer, latency=0.3)) as server:
        spec = closed(server)
        spec.write_text(spec.read_text().replace("closed-1\n", "closed-1\n  max_in_flight: 6\n"), encoding="utf-8")
        command = [sys.executable, "-m", "evalsuite", *words(spec, project)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while len(server.asked) < 60 and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        done = kept(project)
        # At most what came within the last moment, and what was under way, is lost.
        assert done >= len(server.asked) - 6 - 12
        server.behaviour.latency = 0.0
        before = len(server.asked)
        assert run(spec, project) == 0
    assert len(server.asked) - before == CALLS - done


def test_a_call_that_fails_for_good_stops_its_spec_and_is_asked_alone_the_next_time(project, closed):
    with serving(Behaviour(answer=answer, script=["500"])) as server:
        spec = closed(server)
        spec.write_text(spec.read_text().replace("closed-1\n", "closed-1\n  max_attempts: 1\n"), encoding="utf-8")
        report = pipeline.run([spec], project.store, Quiet())
        ((name, error),) = report.errors
        assert name == "closed"
        assert error.startswith("1 of 60 calls failed for good, the first with: status 500 (planned 500)")
        assert len(server.asked) == 60
        report = pipeline.run([spec], project.store, Quiet())
    assert report.errors == ()
    assert len(server.asked) == CALLS + 1


def test_the_key_is_in_no_file_and_in_nothing_printed(project, closed, capsys):
    with serving(Behaviour(answer=answer, key=KEY)) as server:
        spec = closed(server)
        assert run(spec, project) == 0
        server.behaviour.key = "another"
        server.behaviour.error = {"message": f"wrong key {KEY}"}
        spec.write_text(spec.read_text().replace("closed-1", "closed-2"), encoding="utf-8")
        assert run(spec, project) == 2
    printed = capsys.readouterr()
    assert "does not accept the key in CLOSED_KEY" in printed.err
    written = b"".join(file.read_bytes() for file in project.store.folder.rglob("*") if file.is_file())
    assert KEY.encode() not in written
    assert KEY not in printed.out + printed.err
    assert b"CLOSED_KEY" in written


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("suite: small", "suite: small\nadapter: {path: ../adapter}", "takes no adapter; score it as it is"),
        ("api_key_env: CLOSED_KEY", "api_key_env: sk-1234", "the name of an environment variable"),
        ("  model: closed-1\n", "", "is missing; add it"),
        ("model: closed-1", "modle: closed-1", "did you mean 'model'"),
        ("/v1", "/v1/chat/completions", "is the base URL, without /chat/completions"),
        ("http://", "http://me:pw@", "must hold no password"),
        ("  completion_price: 1000.0\n", "", "has one price only"),
        ("  prompt_price", "  parameters: {n: 4}\n  prompt_price", "parameters must leave n alone"),
    ],
)
def test_mistakes_about_an_endpoint_are_said_before_anything_is_asked(project, closed, old, new, said):
    with serving() as server:
        spec = closed(server)
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DocumentError) as raised:
        pipeline.plan([spec], project.store)
    assert said in str(raised.value)
    assert "sk-1234" not in str(raised.value)
    assert "pw@" not in str(raised.value)


class Quiet:
    """A watcher that says nothing."""

    def begin(self, plan, step):
        """Not remembered."""

    def progress(self, done, total):
        """Not remembered."""

    def say(self, text):
        """Not remembered."""

    def end(self, seconds):
        """Not remembered."""
