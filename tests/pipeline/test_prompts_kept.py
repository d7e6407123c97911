"""Prompts are kept as the model saw them; data on the hub is fetched once and then a file like any other."""

from __future__ import annotations

import json
import re

import pytest

from evalsuite.cli import main
from evalsuite.data.fetch import fetch
from evalsuite.errors import DataError, NotFound
from evalsuite.pipeline import flow as pipeline
from evalsuite.records import Rendered
from evalsuite.report.answers import prompt_of
from evalsuite.spec.source import HubSplit
from evalsuite.store.connect import reading

SPLIT = "{hub: someone/facts, revision: abc123, split: test}"


def test_each_prompt_is_kept_once_by_its_digest(project):
    project.run()
    asked = prompt_of("facts", "facts-003", project.store)
    assert (asked.role, asked.prompt) == ("candidate", Rendered("Fact 3", (0, 1), ("Fact", "3")))
    with reading(project.store) as connection:
        kept = connection.execute("SELECT count(*) FROM prompts").fetchone()
        used = connection.execute("SELECT count(*) FROM prompts_asked").fetchone()
    assert (kept, used) == ((2 * project.items,), (4 * project.items,)), "base and candidate were asked the same"


def test_show_prints_what_the_model_saw(project, capsys):
    project.run()
    with pytest.raises(SystemExit) as ended:
        main(["show", "--prompt", "facts", "facts-003", "--store", str(project.store.folder)])
    assert ended.value.code == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0][:7] == ["facts", "facts-003,", "asked", "of", "candidate:", "2", "tokens,"]
    assert ["Fact", "3"] in lines
    assert [line for line in lines if line[:1] in (["0"], ["1"])] == [["0", "0", "Fact"], ["1", "1", "3"]]


def test_what_was_never_asked_is_told_with_the_nearest(project):
    project.run()
    with pytest.raises(NotFound, match="'facts' was not asked 'facts-3'; its samples are like facts-0"):
        prompt_of("facts", "facts-3", project.store)
    with pytest.raises(NotFound, match=r"no prompts of 'fact' in .*; there are: facts, sums"):
        prompt_of("fact", "1", project.store)


@pytest.fixture
def hub_project(project, monkeypatch, tmp_path):
    """The project with its facts on the hub, whose local copies lie in a folder of the test."""
    monkeypatch.setenv("EVALSUITE_CACHE", str(tmp_path / "cache"))
    file = project.folder / "suites" / "small.yaml"
    file.write_text(file.read_text().replace("data: data/facts.jsonl", f"data: {SPLIT}"))
    return project


def test_a_fetched_split_is_a_file_like_any_other(hub_project):
    split = HubSplit(hub="someone/facts", revision="abc123")
    assert re.fullmatch(r"someone-facts--abc123--test--[0-9a-f]{12}\.jsonl", split.file.name)
    split.file.parent.mkdir(parents=True)
    rows = (json.loads(line) for line in (hub_project.folder / "data" / "facts.jsonl").read_text().splitlines())
    split.file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert hub_project.run().errors == ()
    assert pipeline.candidate_results("elsewhere", hub_project.store).by_metric["facts.accuracy"].value == 1.0


def test_a_split_that_is_not_here_says_how_it_comes_here(hub_project):
    wanted = r"data set 'someone/facts' at revision 'abc123': is not on this machine; `evalsuite run` fetches it once"
    with pytest.raises(DataError, match=wanted):
        pipeline.plan([hub_project.spec], hub_project.store)


@pytest.mark.filterwarnings("ignore")
def test_a_split_that_cannot_be_fetched_says_what_to_check(hub_project):
    with pytest.raises(DataError, match=r"split 'test' cannot be loaded .*; check id, revision, config and split"):
        fetch(HubSplit(hub="someone/facts", revision="abc123"))
