"""Every file, folder and module of ours that a page, a docstring or a comment names is there."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "evalsuite"
# The log and the changelog say what was, under the names of then.
PAGES = sorted({ROOT / "README.md", *(ROOT / "docs").glob("*.md")} - {ROOT / "docs" / "log.md"})
OURS = ("evalsuite", "dashboard", "bench", "tests", "tools")
MODULES = sorted(file for folder in OURS for file in (ROOT / folder).rglob("*.py"))
FOLDERS = {folder.name for folder in PACKAGE.iterdir() if folder.is_dir()}
# `train.method` and its like are paths in documents.
FIELDS = {"train"}
# Kinds of plug-ins of other packages, which are no modules of ours.
GROUPS = {f"evalsuite.{kind}" for kind in ("methods", "tasks", "probes", "rules")}


def prose(file: Path) -> Iterator[str]:
    """A page as it is; of a module the comments and the texts between three quotes."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        yield text
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and '"""' in token.string):
            yield token.string


def is_file(path: str, near: Path) -> bool:
    """Whether a path stands in the repository, in the package, or beside who names it; `*` and NAME are any name."""
    path = re.sub(r"\b[A-Z]{3,}\b(?!\.md$)|\bNAME\b", "*", path.rstrip("/"))
    return any(any(folder.glob(path)) for folder in (ROOT, PACKAGE, near.parent))


def is_module(dotted: str) -> bool:
    """Whether a dotted name, from the package's or one of its folders' on, is a module or a name in one."""
    place, names = ROOT if dotted.startswith("evalsuite") else PACKAGE, dotted.split(".")
    while names and (place / names[0]).is_dir():
        place /= names.pop(0)
    if names and (place / f"{names[0]}.py").is_file():
        place /= f"{names.pop(0)}.py"
    if not names:
        return True
    source = place / "__init__.py" if place.is_dir() else place
    nodes = list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))
    there = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.alias)}
    there |= {node.id for node in nodes if isinstance(node, ast.Name)}
    return names[0] in there


def missing(text: str, near: Path) -> set[str]:
    """The names of files and modules in a text that lead nowhere."""
    text = re.sub(r"https?://\S+", "", text)
    quoted = set(re.findall(r"`([\w./*-]+)`", text))
    paths = {one for one in quoted if "/" in one and one.split("/")[0] in FOLDERS.union(OURS)}
    files = {one for one in quoted if re.fullmatch(r"\w+\.py", one)}
    dotted = {
        one for one in quoted - files if re.fullmatch(r"\w+(\.\w+)+", one) and one.split(".")[0] in FOLDERS - FIELDS
    }
    dotted |= set(re.findall(r"(?<![\w./-])evalsuite(?:\.\w+)+", text)) - GROUPS
    lost = {one for one in paths if not is_file(one, near)} | {one for one in dotted if not is_module(one)}
    return lost | (files - {file.name for file in MODULES})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_module_that_a_page_names_is_there(page: Path) -> None:
    assert missing(page.read_text(encoding="utf-8"), page) == set()


def test_every_file_and_module_that_a_docstring_or_comment_names_is_there() -> None:
    found = {str(file.relative_to(ROOT)): missing("\n".join(prose(file)), file) for file in MODULES}
    assert {file: names for file, names in found.items() if names} == {}


def test_what_is_gone_would_be_found() -> None:
    text = (
        "See `gate/old.py`, `evalsuite/old/`, `old_name.py`, `records.Old`, and import evalsuite.old.thing from there."
    )
    there = "See `gate/decide.py`, `evalsuite/gate/`, `decide.py`, `records.Metric`, evalsuite.gate.decide."
    assert missing(text, PAGES[0]) == {
        "gate/old.py",
        "evalsuite/old/",
        "old_name.py",
        "records.Old",
        "evalsuite.old.thing",
    }
    assert missing(there, PAGES[0]) == set()
