"""Where the documents, data and pages that ship with evalsuite lie, in a checkout and in a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Kind = Literal["rubrics", "judges", "dashboard", "specs", "suites", "gates", "data"]

Server = Literal["github", "gitlab"]

_PACKAGE = Path(__file__).resolve().parent


def folder(kind: Kind) -> Path:
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
