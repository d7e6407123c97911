"""Where a name in a document is looked up: beside the document, in the project, among what ships."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["rubrics", "judges", "dashboard", "specs", "suites", "gates", "data"]

Server = Literal["github", "gitlab"]

_PACKAGE = Path(__file__).resolve().parents[2]


def bundled_folder(kind: Kind) -> Path:
    """The shipped folder of one kind; raises FileNotFoundError when the installation lacks it."""
    # A wheel carries the folders inside the package; an editable install and a checkout have them beside it.
    for candidate in (_PACKAGE / "_bundled" / kind, _PACKAGE.parent / kind):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"this installation of evalsuite lacks its {kind}/ folder; install it again")


def quickstart_base() -> Path:
    """The folder of the tiny base model that ships with the package (`base_model: {id: quickstart}`)."""
    return _PACKAGE / "quickstart" / "base"


def workflow(server: Server) -> Path:
    """The workflow that `evalsuite ci init` writes for a CI server."""
    return _PACKAGE / "workflows" / f"{server}.yml"


Folder = Literal["suites", "gates", "rubrics", "judges"]

# `specs` tells nothing: a suite or gate may lie beside the spec that names it.
_KINDS: dict[str, str] = {
    "suites": "suite",
    "gates": "policy",
    "rubrics": "rubric",
    "judges": "judge",
}
# Keys at the top of a document that only one kind has.
_TELLING = {
    "spec": {"base_model", "train", "adapter", "matrix", "suite", "gate"},
    "suite": {"benchmarks", "lm_eval", "judged", "pairings", "probes"},
    "policy": {"rules", "minimum_n", "multiplicity"},
    "rubric": {"criteria"},
    "judge": {"kind", "endpoint", "judges"},
}
_KEY = re.compile(r"^[\"']?([a-z_]+)[\"']?[ \t]*:", re.MULTILINE)
_SCHEMA = re.compile(r"^# yaml-language-server: \$schema=\S*?([a-z]+)\.v\d+\.json", re.MULTILINE)
_SCHEMA_OF = {"run": "spec"}
_MOST_BYTES = 1_000_000

_MARKS = ("suites", "gates", "rubrics", "judges", "specs")


def project_of(document: Path) -> Path:
    """The nearest folder above a document that has the folders of a project, or the document's own folder."""
    start = document.resolve().parent
    marked = [folder for folder in (start, *start.parents) if any((folder / mark).is_dir() for mark in _MARKS)]
    # A folder `specs` is a part of a project, even where it has a folder `suites` of its own; but one that is called
    # `gates`, say, and has a folder `specs` is a project whose name means nothing.
    whole = [folder for folder in marked if folder.name not in _MARKS or (folder / "specs").is_dir()]
    return next(iter((*whole, *marked)), start)


def kind_of(keys: Iterable[str]) -> str | None:
    """What kind of document has these keys at its top (spec, suite, policy, rubric, judge); none where that is open."""
    known = set(keys)
    found = {kind: len(known & telling) for kind, telling in _TELLING.items()}
    most = max(found.values())
    best = [kind for kind, count in found.items() if count == most]
    return best[0] if most and len(best) == 1 else None


def kind_of_file(file: Path) -> str | None:
    """What kind of document a file is: by its keys, else by the schema that it names, else by the folder it lies in.

    Nothing is parsed, so that a document with mistakes is still known for what it is; none where all three are silent.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return None
    by_keys = kind_of(match[1] for match in _KEY.finditer(text))
    schema = _SCHEMA.search(text)
    by_schema = _SCHEMA_OF.get(schema[1], schema[1]) if schema else None
    return by_keys or by_schema or _KINDS.get(file.parent.name)


@dataclass(frozen=True)
class Lookup:
    """A name resolved to a file, or the places that were searched in vain; `passed_over` are files of another kind."""

    found: Path | None
    searched: tuple[Path, ...]
    passed_over: tuple[tuple[Path, str], ...] = ()

    @property
    def places(self) -> str:
        """Where the name was looked for, and what was passed over, in words."""
        there = dict(self.passed_over)
        return ", ".join(
            f"{place} (passed over: a {there[place]})" if place in there else str(place) for place in self.searched
        )


def find_document(folder: Folder, name: str, *, beside: Path) -> Lookup:
    """The file of a suite, gate, rubric or judge named in the document `beside`; the first hit of that kind wins."""
    here, project = beside.resolve().parent, project_of(beside)
    places = [here / f"{name}.yaml", here / folder / f"{name}.yaml", project / folder / f"{name}.yaml"]
    places.append(bundled_folder(folder) / f"{name}.yaml")
    searched = tuple(dict.fromkeys(place for place in places if place != beside.resolve()))
    passed_over: list[tuple[Path, str]] = []
    for place in searched:
        if not place.is_file():
            continue
        kind = _KINDS[folder] if place.parent.name == folder else kind_of_file(place)
        if kind in (None, _KINDS[folder]):
            return Lookup(place, searched, tuple(passed_over))
        passed_over.append((place, str(kind)))
    return Lookup(None, searched, tuple(passed_over))


def names_near(lookup: Lookup, folder: Folder) -> set[str]:
    """The names of the documents of a kind that lie where a name was looked up."""
    files = (file for place in lookup.searched for file in place.parent.glob("*.yaml"))
    return {file.stem for file in files if kind_of_file(file) in (None, _KINDS[folder])}


def find_prompt(name: str, *, beside: Path) -> Lookup:
    """The prompt file that the judge document `beside` names; the first hit wins."""
    here, project = beside.resolve().parent, project_of(beside)
    places = [here / "prompts", project / "judges" / "prompts", bundled_folder("judges") / "prompts"]
    searched = tuple(dict.fromkeys(place / f"{name}.md" for place in places))
    return Lookup(next((place for place in searched if place.is_file()), None), searched)


def find_data(path: str, *, beside: Path) -> Lookup:
    """The data file named in the document `beside`: relative to the document, then to its project."""
    # Only a leading `~/` is the home folder; `~name` is the folder of a user who may not exist.
    given = Path(path).expanduser() if path.startswith("~/") else Path(path)
    places = (given,) if given.is_absolute() else (beside.resolve().parent / given, project_of(beside) / given)
    # Resolved and told apart, so that the message lists each place once.
    searched = tuple(dict.fromkeys(_resolved(place) for place in places))
    return Lookup(next((place for place in searched if _exists(place)), None), searched)


def _resolved(place: Path) -> Path:
    try:
        return place.resolve()
    except (OSError, RuntimeError):  # a name too long for the disk, or links that lead in a circle
        return place


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except OSError:  # a name too long for the disk, or a folder that may not be entered
        return False
