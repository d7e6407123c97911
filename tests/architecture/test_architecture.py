"""The shape of the code: who imports whom, what starts fast, how long files are, what they are called."""

from __future__ import annotations

import ast
import inspect
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evalsuite import errors, plugins

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "evalsuite"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {
    "torch",
    "transformers",
    "peft",
    "trl",
    "streamlit",
    "duckdb",
    "pandas",
    "numpy",
    "scipy",
    "datasets",
    "pyarrow",
}
BANNED = {"utils", "util", "common", "helpers", "helper", "core", "manager", "managers", "handler", "handlers"}


def imported(*words: str) -> set[str]:
    """The top-level packages that a command imports."""
    command = [sys.executable, "-X", "importtime", "-m", "evalsuite", *words]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=dict(os.environ))
    lines = [line.rsplit("|", 1)[-1].strip() for line in found.stderr.splitlines() if line.startswith("import time:")]
    assert lines
    return {line.split(".")[0] for line in lines}


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    assert imported(*words) & HEAVY == set()


def test_validate_loads_nothing_heavy() -> None:
    assert imported("validate", *map(str, sorted((ROOT / "specs").glob("*.yaml")))) & HEAVY == set()


def test_each_layer_imports_only_below_itself() -> None:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", ROOT / "pyproject.toml"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
    assert "0 broken" in found.stdout


def brought_in(folder: str) -> set[str]:
    """All that the modules of a folder import, in full."""
    nodes = [node for file in (PACKAGE / folder).rglob("*.py") for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    whole = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
    parts = [(node.module, one.name) for node in nodes if isinstance(node, ast.ImportFrom) for one in node.names]
    return whole | {f"{module}.{name}" for module, name in parts}


# What knows the disk, the clock, other programs or chance.
OUTSIDE = {"os", "io", "pathlib", "shutil", "tempfile", "time", "datetime", "random", "secrets", "socket", "subprocess"}


@pytest.mark.parametrize("folder", ["gate", "stats"])
def test_what_decides_and_counts_is_pure(folder: str) -> None:
    assert {name for name in brought_in(folder) if name.split(".")[0] in OUTSIDE} == set()
    assert [file for file in (PACKAGE / folder).rglob("*.py") if re.search(r"\bopen\(", file.read_text("utf-8"))] == []


def test_statistics_stand_on_nothing_of_ours() -> None:
    ours = {name for name in brought_in("stats") if name.startswith("evalsuite.")}
    assert {name for name in ours if not name.startswith("evalsuite.stats.")} == set()


def test_reports_count_nothing_themselves_and_leave_the_store_as_it_is() -> None:
    found = brought_in("report")
    assert {name for name in found if name.split(".")[0] in {"numpy", "scipy", "pandas"}} == set()
    changing = re.compile(r"evalsuite\.(store\.write\b|.*\.(save_|start_|finish_|write_|writing\b|migrate\b|upsert\b))")
    assert {name for name in found if changing.match(name)} == set()


def test_modules_are_short() -> None:
    lengths = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in MODULES}
    assert statistics.median(lengths.values()) <= 120
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def functions(file: Path) -> list[tuple[str, int]]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(f"{file.name}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1) for node in nodes]


def test_functions_are_short() -> None:
    assert [(name, length) for file in MODULES for name, length in functions(file) if length > 50] == []


def test_names_say_what_a_thing_is() -> None:
    names = {part for file in PACKAGE.rglob("*") for part in re.split(r"[._]", file.name)}
    assert names & BANNED == set()


def test_the_drawing_of_the_errors_shows_every_error_in_its_place() -> None:
    drawn = []
    for line in (errors.__doc__ or "").splitlines()[1:]:
        found = re.match(r"([│├└─ ]*)([A-Z]\w+)", line)
        if found:
            drawn.append((len(found[1]) // 4, found[2]))

    def tree(kind: type, depth: int) -> list[tuple[int, str]]:
        below = [row for child in kind.__subclasses__() for row in tree(child, depth + 1)]
        return [(depth, kind.__name__), *below] if kind.__module__ == errors.__name__ else []

    assert drawn == tree(errors.EvalsuiteError, 0)


def test_every_error_is_said_in_the_drawing_and_nothing_else_is_exported() -> None:
    classes = {
        name for name, value in vars(errors).items() if inspect.isclass(value) and value.__module__ == errors.__name__
    }
    assert classes - {"Problem"} == set(
        re.findall(r"[A-Z]\w+(?=\s{2,}|\n)", (errors.__doc__ or "").split("\n\n", 1)[1])
    )


def test_errors_that_nobody_can_catch_by_accident() -> None:
    assert errors.EvalsuiteError.__mro__[1] is Exception


def test_only_the_package_itself_is_importable() -> None:
    for folder in ("rubrics", "judges", "specs", "suites", "gates", "data"):
        assert list((ROOT / folder).rglob("*.py")) == []
    assert list((ROOT / "dashboard").rglob("__init__.py")) == []


@pytest.mark.parametrize(
    ("kind", "folder"),
    [
        ("methods", "train/methods"),
        ("tasks", "evaluate/tasks"),
        ("probes", "evaluate/probes"),
        ("rules", "gate/rules"),
        ("judges", "judges/kinds"),
        ("models", "models/backends"),
    ],
)
def test_a_plug_in_is_called_like_its_file(kind: Any, folder: str) -> None:
    found = plugins.find(kind)
    assert set(found) == {file.stem for file in (PACKAGE / folder).glob("*.py")} - {"__init__"}
    for name, plugin in found.items():
        assert plugin.model_json_schema()["properties"][plugins.TAGS[kind]]["const"] == name


# What has no protocol of ours: modules and configurations of other packages, YAML's events.
FOREIGN = {
    "evaluate/lm_eval.py", "models/hf/adapters.py", "models/hf/chat_template.py", "models/hf/network.py",
    "models/vllm/vllm_model.py", "spec/loading/yaml_reader.py", "train/loop/loaded_base.py", "train/loop/supervised.py",
}  # fmt: skip


def asks_what_is_there(node: ast.AST) -> bool:
    """Whether a call looks for an attribute that may be missing."""
    name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
    return name == "hasattr" or (name == "getattr" and len(node.args) > 2)  # type: ignore[attr-defined]


def test_nothing_is_asked_of_a_plug_in_that_its_protocol_does_not_say() -> None:
    files = [*MODULES, *sorted((ROOT / "dashboard").rglob("*.py"))]
    found = {
        f"{file.relative_to(PACKAGE) if file.is_relative_to(PACKAGE) else file.name}": ast.unparse(node)
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if asks_what_is_there(node)
    }
    assert {file: call for file, call in found.items() if file not in FOREIGN} == {}
    assert found.keys() >= FOREIGN, "take out of the list what is gone or asks no more"
