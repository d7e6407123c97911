"""The page about plug-ins shows the files of the example package, which is installed and run by a test."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "plugins.md"
EXAMPLE = ROOT / "tests" / "plugin_example"
PROJECT = EXAMPLE / "pyproject.toml"
GROUPS = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["entry-points"]
MODULES = [place.partition(":")[0] for group in GROUPS.values() for place in group.values()]
FILES = {file.name: file for file in (PROJECT, *(EXAMPLE / f"{module.replace('.', '/')}.py" for module in MODULES))}
# A block that names a file shows that file.
BLOCK = re.compile(r"```(python|toml) (\S+)\n(.*?)```\n", re.DOTALL)


def filled(page: str) -> str:
    return BLOCK.sub(
        lambda found: f"```{found[1]} {found[2]}\n{FILES[found[2]].read_text(encoding='utf-8')}```\n", page
    )


def test_the_page_shows_every_plug_in_of_the_example_as_it_is() -> None:
    shown = PAGE.read_text(encoding="utf-8")
    if os.environ.get("EVALSUITE_GOLDEN") == "write":
        PAGE.write_text(filled(shown), encoding="utf-8")
        shown = PAGE.read_text(encoding="utf-8")
    assert {found[2] for found in BLOCK.finditer(shown)} == set(FILES)
    assert set(re.findall(r"^\| `(evalsuite\.\w+)` \|", shown, re.MULTILINE)) == set(GROUPS)
    assert shown == filled(shown), "docs/plugins.md shows other files; run `make golden` and look at the difference"
