"""Where a name in a document is looked up: beside the document, then in the project, then among the bundled ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evalsuite import bundled

Folder = Literal["suites", "gates", "rubrics", "judges"]

_MARKS = ("suites", "gates", "rubrics", "judges", "specs")


def project_of(document: Path) -> Path:
    """The nearest folder above a document that has the folders of a project, or the document's own folder."""
    start = document.resolve().parent
    marked = [folder for folder in (start, *start.parents) if any((folder / mark).is_dir() for mark in _MARKS)]
    # A folder `specs` is a part of a project, even where it has a folder `suites` of its own; but one that is called
    # `gates`, say, and has a folder `specs` is a project whose name means nothing.
    whole = [folder for folder in marked if folder.name not in _MARKS or (folder / "specs").is_dir()]
    return next(iter((*whole, *marked)), start)


@dataclass(frozen=True)
class Lookup:
    """A name resolved to a file, or the places that were searched in vain."""

    found: Path | None
    searched: tuple[Path, ...]


def find_document(folder: Folder, name: str, *, beside: Path) -> Lookup:
    """The file of a suite, gate, rubric or judge named in the document `beside`; the first hit wins."""
    here, project = beside.resolve().parent, project_of(beside)
    places = [here / f"{name}.yaml", here / folder / f"{name}.yaml", project / folder / f"{name}.yaml"]
    places.append(bundled.folder(folder) / f"{name}.yaml")
    searched = tuple(dict.fromkeys(place for place in places if place != beside.resolve()))
    return Lookup(next((place for place in searched if place.is_file()), None), searched)


def find_prompt(name: str, *, beside: Path) -> Lookup:
    """The prompt file that the judge document `beside` names; the first hit wins."""
    here, project = beside.resolve().parent, project_of(beside)
    places = [here / "prompts", project / "judges" / "prompts", bundled.folder("judges") / "prompts"]
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
