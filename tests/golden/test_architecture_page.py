"""The page on the architecture lists every module by its first sentence; its table has the layers that lint checks."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "evalsuite"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- modules: begin -->\n", "<!-- modules: end -->\n"
LONGEST_SENTENCE, LONGEST_PAGE = 110, 150


def sentence(file: Path) -> str:
    """The first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]


# A folder is told by its `__init__.py`, before what lies in it.
SENTENCES = {
    (file.parent if file.stem == "__init__" else file).relative_to(PACKAGE): sentence(file)
    for file in PACKAGE.rglob("*.py")
}


def shown(place: Path) -> str:
    return f"`{place}`" if place.suffix else f"**`{place}/`**"


def modules() -> str:
    """The list: folders in bold, each followed by what lies in it; a blank line before every top folder."""
    told = sorted(place for place in SENTENCES if place.parts)
    files = [place for place in told if place.suffix]
    blocks = [(Path(), [place for place in files if len(place.parts) == 1])]
    blocks += [
        (place, [place, *(file for file in files if file.parent == place)]) for place in told if not place.suffix
    ]
    lines = []
    for folder, places in blocks:
        lines += [""] * (len(folder.parts) == 1)
        lines += [f"{'  ' * (len(place.parts) - 1)}- {shown(place)} {SENTENCES[place]}" for place in places]
    return "\n".join(lines) + "\n"


def test_the_page_lists_every_module_as_it_says_itself() -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    made = f"{before}{BEGIN}\n{modules()}\n{END}{after}"
    if os.environ.get("EVALSUITE_GOLDEN") == "write":
        PAGE.write_text(made, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == made, "docs/architecture.md lists other modules; run `make golden`"
    assert len((before + after).splitlines()) <= LONGEST_PAGE


def test_a_module_says_in_one_short_sentence_what_no_other_is() -> None:
    assert {place: said for place, said in SENTENCES.items() if not 0 < len(said) <= LONGEST_SENTENCE} == {}
    assert [said for said, times in Counter(SENTENCES.values()).items() if times > 1] == []


def test_the_table_has_the_layers_that_lint_checks() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in told if contract["type"] == "layers")
    rows = re.findall(r"^\| (`[^|]*`) \|.*\|.*\|$", PAGE.read_text(encoding="utf-8").partition("Within a row")[0], re.M)
    shown_layers = [{name.rstrip("/").removesuffix(".py") for name in re.findall(r"`([^`]+)`", row)} for row in rows]
    assert shown_layers == [set(re.findall(r"evalsuite\.(\w+)", layer)) for layer in layers]
