"""The page of statistics: every row names a function that is there and who calls it, and no function is left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "evalsuite"
PAGE = PACKAGE.parent / "docs" / "statistics.md"
STATS = "evalsuite.stats"
# By their own names alone, as the page says them: no two are called alike.
MODULES = {file.stem: file for file in (PACKAGE / "stats").rglob("*.py") if file.stem != "__init__"}


def defined(module: str) -> dict[str, ast.stmt]:
    """The public functions and classes of a module of statistics."""
    assert module in MODULES, f"{module} is no module of statistics; there are {sorted(MODULES)}"
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    nodes = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return {node.name: node for node in nodes if not node.name.startswith("_")}


def computes(node: ast.stmt) -> bool:
    """A function, or a class that is fed sample by sample; what only holds values is neither."""
    if isinstance(node, ast.FunctionDef):
        return True
    return isinstance(node, ast.ClassDef) and any(
        isinstance(part, ast.FunctionDef) and part.name == "add" for part in node.body
    )


def used(file: Path) -> Iterator[str]:
    """What a module imports from the statistics and then names, as `module.function`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{STATS}."):
            module = str(node.module).rpartition(".")[2]
            yield from (f"{module}.{one.name}" for one in node.names if (one.asname or one.name) in named)


CALLS = {
    str(file.relative_to(PACKAGE)): set(used(file))
    for file in sorted(PACKAGE.rglob("*.py"))
    if file not in MODULES.values()
}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").partition("## How often")[0].splitlines()
    if line.startswith("|") and line.count("|") == 6 and not re.match(r"\|(-|\s*figure)", line)
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_says_the_formula_its_source_its_function_and_its_callers(row: list[str]) -> None:
    _, formula, source, functions, callers = row
    assert len(formula.split()) >= 3
    assert source
    named, calling = re.findall(r"`([a-z_]+\.\w+)`", functions), re.findall(r"`([\w/]+\.py)`", callers)
    assert named
    assert calling
    for function in named:
        module, _, name = function.partition(".")
        assert name in defined(module), f"{function} is not there"
        assert any(function in CALLS[caller] for caller in calling), f"nobody of {calling} calls {function}"
    for caller in calling:
        assert CALLS[caller] & set(named), f"{caller} calls none of {named}"


def test_every_function_that_the_program_calls_has_a_row() -> None:
    told = {function for row in ROWS for function in re.findall(r"`([a-z_]+\.\w+)`", row[3])}
    called = set().union(*CALLS.values())
    computing = {
        function
        for function in called
        if computes(defined(function.split(".")[0]).get(function.split(".")[1], ast.Pass()))
    }
    assert told == computing
