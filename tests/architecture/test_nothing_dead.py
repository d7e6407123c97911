"""Every public name is used by the program itself: what only tests call is used or goes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

from evalsuite import plugins

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "evalsuite"
PROGRAM = sorted(file for folder in ("evalsuite", "dashboard") for file in (ROOT / folder).rglob("*.py"))

# What others call by a name of theirs, or what people are promised although the program itself has no need of it.
ALLOWED = {
    "evalsuite.pytest_plugin.pytest_addoption": "pytest calls it",
    "evalsuite.pytest_plugin.pytest_configure": "pytest calls it",
    "evalsuite.pytest_plugin.pytest_collect_file": "pytest calls it",
    "evalsuite.pytest_plugin.SpecFile.collect": "pytest calls it",
    "evalsuite.pytest_plugin.RuleItem.runtest": "pytest calls it",
    "evalsuite.pytest_plugin.RuleItem.reportinfo": "pytest calls it",
    "evalsuite.pytest_plugin.RuleItem.repr_failure": "pytest calls it",
    "evalsuite.evaluate.lm_eval.HarnessAnswers.loglikelihood_rolling": "lm-evaluation-harness calls it",
    "evalsuite.evaluate.lm_eval.HarnessAnswers.generate_until": "lm-evaluation-harness calls it",
    "evalsuite.evaluate.lm_eval.HarnessAnswers.tokenizer_name": "lm-evaluation-harness reads it",
}


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(file): file for file in PROGRAM}
# `from evalsuite.records import Metric` means the module of that package in which it is defined.
PASSED_ON = {
    f"{name}.{one.asname or one.name}": f"{node.module}.{one.name}"
    for name, file in MODULES.items()
    if file.name == "__init__.py"
    for node in tree(file).body
    if isinstance(node, ast.ImportFrom)
    for one in node.names
}


def is_command(node: ast.stmt) -> bool:
    """Whether click finds it by its decorator."""
    decorators = (ast.unparse(found) for found in getattr(node, "decorator_list", []))
    return any(re.match(r"[\w.]+\.(command|group)\b", found) for found in decorators)


def public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") and not is_command(node):
            yield node


class Uses(ast.NodeVisitor):
    """The names that a module uses: its own and imported ones in full, attributes of anything by their last word."""

    def __init__(self, name: str) -> None:
        self.module = name
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self._local: list[set[str]] = []
        self._inside: list[str] = []
        self._imported: dict[str, str] = {}
        self.visit(tree(MODULES[name]))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for one in node.names:
            whole = f"{node.module}.{one.name}"
            self._imported[one.asname or one.name] = whole
            if f"{self.module}.{one.asname or one.name}" not in PASSED_ON:
                self.names.add(PASSED_ON.get(whole, whole))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        given = node.args
        names = {one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
        self._local.append(names)
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()
        self._local.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()

    def visit_Name(self, node: ast.Name) -> None:
        # A parameter is another thing of the same name, and who calls itself only is not called.
        if node.id not in self._inside and not any(node.id in names for names in self._local):
            self.names.add(f"{self.module}.{node.id}")

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr"):
            self.attributes |= {one.value for one in node.args[1:] if isinstance(one, ast.Constant)}
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name) and self._imported.get(node.value.id) in MODULES:
            self.names.add(f"{self._imported[node.value.id]}.{node.attr}")
        if node.attr not in self._inside:
            self.attributes.add(node.attr)
        self.generic_visit(node)


def unused() -> Iterator[str]:
    uses = [Uses(name) for name in MODULES]
    names = set().union(*(one.names for one in uses))
    pages = (file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.j2"))
    attributes = {word for page in pages for word in re.findall(r"\w+", page)}.union(*(one.attributes for one in uses))
    for name, file in MODULES.items():
        if not name.startswith("evalsuite"):
            continue
        for node in public(tree(file).body):
            if f"{name}.{node.name}" not in names:
                yield f"{name}.{node.name}"
            for part in public(node.body) if isinstance(node, ast.ClassDef) else ():
                if part.name not in attributes:
                    yield f"{name}.{node.name}.{part.name}"


def test_every_public_name_is_used_by_the_program() -> None:
    found = [plugins.find(kind).values() for kind in get_args(plugins.Kind)]
    plugged = {f"{plugin.__module__}.{plugin.__name__}" for group in found for plugin in group}
    assert sorted(set(unused()) - plugged - set(ALLOWED)) == []


def test_no_name_is_allowed_in_vain() -> None:
    used = set(ALLOWED) - set(unused())
    assert not used, f"these are used now, or gone; take them out of ALLOWED: {sorted(used)}"
