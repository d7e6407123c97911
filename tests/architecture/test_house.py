"""The house: how many modules stand beside each other, how long they are, what they and their classes are called."""

from __future__ import annotations

import ast
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "evalsuite"
MODULES = sorted(file for file in PACKAGE.rglob("*.py") if file.name != "__init__.py")
TREES = {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(PACKAGE.rglob("*.py"))}

# One file for each plug-in, or for each verb: there a file's name is the name of the thing.
PLUG_INS = {"cli", "methods", "adapters", "tasks", "probes", "rules", "kinds", "backends"}

# Where a metric's name is formed, and there alone it may be taken apart.
NAMES = PACKAGE / "records" / "metrics.py"
PARSING = {"split", "rsplit", "partition", "rpartition", "startswith", "endswith", "removeprefix", "removesuffix"}


def module_name(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def brought_in(file: Path) -> Iterator[str]:
    """The modules of ours that a module imports as it is itself imported."""
    known = {module_name(other) for other in TREES}
    for node in TREES[file].body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("evalsuite"):
            for one in node.names:
                whole = f"{node.module}.{one.name}"
                yield whole if whole in known else str(node.module)


def test_at_most_twenty_modules_stand_beside_each_other() -> None:
    beside = Counter(str(file.parent.relative_to(PACKAGE)) for file in MODULES if file.parent.name not in PLUG_INS)
    assert {folder: count for folder, count in beside.items() if count > 20} == {}


def test_modules_hold_a_hundred_lines_or_so() -> None:
    lengths = [len(file.read_text(encoding="utf-8").splitlines()) for file in MODULES]
    assert 100 <= statistics.median(lengths) <= 150


def test_few_lines_import() -> None:
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in TREES)
    imports = sum(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for tree in TREES.values()
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
    )
    assert imports / lines <= 0.08


def test_no_module_name_stands_twice() -> None:
    names = Counter(file.name for file in MODULES if file.parent.name not in PLUG_INS)
    assert [name for name, count in names.items() if count > 1] == []


def test_no_class_name_stands_twice() -> None:
    names = Counter(node.name for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    bringing = {module_name(file): {*brought_in(file)} for file in TREES}
    while leaves := {name for name, below in bringing.items() if not below & bringing.keys()}:
        bringing = {name: below for name, below in bringing.items() if name not in leaves}
    assert bringing == {}


def test_no_code_takes_a_metrics_name_apart() -> None:
    found = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}  {ast.unparse(node)}"
        for file, tree in TREES.items()
        if file != NAMES
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PARSING
        if "metric" in ast.unparse(node.func.value)
    ]
    assert found == []
