"""A new project: the quickstart's commented documents and data, copied to where a person can edit them."""

from __future__ import annotations

import shutil
from pathlib import Path

from evalsuite import bundled
from evalsuite.errors import EvalsuiteError

_FOLDERS: tuple[bundled.Kind, ...] = ("specs", "suites", "gates", "rubrics", "judges", "data")
_IGNORED = ".evalsuite/\n"


def write_project(folder: Path) -> list[Path]:
    """Copy the quickstart into a folder; raises EvalsuiteError rather than write over anything."""
    pairs = [(source, folder / kind / name) for kind in _FOLDERS for source, name in _files(bundled.folder(kind))]
    taken = next((target for _, target in pairs if target.exists()), None)
    if folder.exists() and not folder.is_dir():
        raise EvalsuiteError(f"{folder}  is a file; name a new or empty folder")
    if taken is not None:
        raise EvalsuiteError(f"{taken}  is there already; name a new or empty folder")
    try:
        for source, target in pairs:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        (folder / "adapters_registry").mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text(_IGNORED, encoding="utf-8")
    except OSError as error:
        raise EvalsuiteError(f"{folder}  cannot be written: {error.strerror}") from None
    return [target for _, target in pairs]


def _files(source: Path) -> list[tuple[Path, Path]]:
    return [(file, file.relative_to(source)) for file in sorted(source.rglob("*")) if file.is_file()]
