"""Every plug-in says all that its protocol asks, and one that does not is refused before anything runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar, Literal, get_args

import pytest
from pydantic import BaseModel

from evalsuite.plugins import Kind, find, problems
from evalsuite.records import Metric, Wants
from evalsuite.spec.document import Document
from evalsuite.spec.options import AskingOptions, MethodOptions, ProbeOptions, TaskOptions

ROOT = Path(__file__).parents[2]
EVERY = [(kind, name) for kind in get_args(Kind) for name in find(kind)]


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_a_plug_in_says_all_that_its_protocol_asks(kind: Kind, name: str) -> None:
    assert problems(kind, name, find(kind)[name]) == []


class Bare(Document):
    kind: Literal["bare"]


class NoProbe(ProbeOptions):
    version: ClassVar[int] = 1
    probe: Literal["quiet"]
    metrics: ClassVar[tuple[Metric, ...]] = ()

    def measure(self, base: object) -> None: ...


class Deaf(AskingOptions):
    version: ClassVar[int] = 1
    probe: Literal["deaf"]
    metrics: ClassVar[tuple[Metric, ...]] = ()

    def measure(self, base: object, candidate: object) -> None: ...


class Loose(BaseModel):
    kind: Literal["loose"]


class Trained(MethodOptions):
    version: ClassVar[int] = 1
    method: Literal["trained"]
    train: str = "a field where a function is promised"


@pytest.mark.parametrize(
    ("kind", "name", "plugin", "said"),
    [
        (
            "tasks",
            "bare",
            Bare,
            "has no 'chosen', 'derived', 'family', 'metrics', 'reads_texts', 'samples', 'sampling', 'score', 'version',"
            " which every Task says",
        ),
        ("tasks", "other", Bare, "needs the field `kind: Literal['other']`, by which documents name it"),
        ("tasks", "loose", Loose, "is no frozen document that forbids unknown keys; inherit its kind's options class"),
        ("tasks", "max", max, "is no frozen document that forbids unknown keys; inherit its kind's options class"),
        ("probes", "quiet", NoProbe, "has a 'measure' that cannot be called with (base, candidate)"),
        ("probes", "deaf", Deaf, "has no 'ask', 'effort', 'name', which every AskingProbe says"),
        ("methods", "trained", Trained, "has a 'train' that cannot be called with (job)"),
    ],
)
def test_what_a_class_lacks_is_named(kind: Kind, name: str, plugin: object, said: str) -> None:
    assert problems(kind, name, plugin) == [said]


def test_what_is_not_said_has_the_usual_answer() -> None:
    assert (MethodOptions().recipe.sources, MethodOptions().parents([Path("a")])) == ((), ())
    assert (TaskOptions().family("algebra"), TaskOptions().derived({}), TaskOptions.reads_texts) == (
        "algebra",
        (),
        False,
    )
    assert (ProbeOptions().wants, ProbeOptions.asks, AskingOptions.asks) == (Wants(), False, True)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "from evalsuite.spec.document import Document\nclass Odd(Document):\n    kind: str\n",
            "needs the field `kind",
        ),
        ("import nothing_of_that_name\n", "cannot be loaded: ModuleNotFoundError: No module named"),
    ],
)
def test_a_package_with_a_plug_in_that_cannot_be_used_is_named(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "odd.py").write_text(code)
    info = tmp_path / "odd_tasks-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-tasks\nVersion: 2.1\n")
    (info / "entry_points.txt").write_text("[evalsuite.tasks]\nodd = odd:Odd\n")
    environment = {key: value for key, value in os.environ.items() if key != "EVALSUITE_PLUGINS"}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(ROOT)])
    found = [
        subprocess.run(
            [sys.executable, "-m", "evalsuite", "schema", "suite"],
            env=env,
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        for env in (environment, {**environment, "EVALSUITE_PLUGINS": "builtin"})
    ]
    assert [done.returncode for done in found] == [2, 0]
    start = f"evalsuite: plug-in 'odd' (odd:Odd, evalsuite.tasks) of the package odd-tasks 2.1 {said}"
    assert found[0].stderr.startswith(start)
    assert json.loads(found[1].stdout)
