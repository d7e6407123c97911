"""A new project: the quickstart's commented documents and data, copied to where a person can edit them."""

from __future__ import annotations

import shutil
from pathlib import Path

from evalsuite.errors import EvalsuiteError
from evalsuite.spec.loading import schema
from evalsuite.spec.loading.lookup import Kind, Server, bundled_folder, workflow

_FOLDERS: tuple[Kind, ...] = ("specs", "suites", "gates", "rubrics", "judges", "data")
_WORKFLOWS: dict[Server, str] = {"github": ".github/workflows/evalsuite.yml", "gitlab": ".gitlab-ci.yml"}
_IGNORED = ".evalsuite/\n"
# The documents name their schemas for editors; a project has them in a folder of its own, with its own plug-ins.
_SHIPPED_SCHEMAS, _SCHEMAS = "../evalsuite/schemas/", "schemas"


def write_project(folder: Path) -> list[Path]:
    """Copy the quickstart into a folder; raises EvalsuiteError rather than write over anything."""
    pairs = [(source, folder / kind / name) for kind in _FOLDERS for source, name in _files(bundled_folder(kind))]
    if folder.exists() and not folder.is_dir():
        raise EvalsuiteError(f"{folder}  is a file; name a new or empty folder")
    targets = [target for _, target in pairs] + [folder / _SCHEMAS]
    taken = next((target for target in targets if target.exists() or target.is_symlink()), None)
    if taken is not None:
        raise EvalsuiteError(f"{taken}  is there already; name a new or empty folder")
    try:
        for source, target in pairs:
            _copy(source, target)
        written = schema.write(folder / _SCHEMAS)
        (folder / "adapters_registry").mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text(_IGNORED, encoding="utf-8")
    except OSError as error:
        raise EvalsuiteError(f"{folder}  cannot be written: {error.strerror}") from None
    return [target for _, target in pairs] + written


def write_workflow(server: Server, folder: Path) -> Path:
    """Write a CI server's workflow into a project; raises EvalsuiteError rather than write over one."""
    target = folder / _WORKFLOWS[server]
    if target.exists() or target.is_symlink():
        raise EvalsuiteError(f"{target}  is there already; move it away, or take over what you need by hand")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(workflow(server), target)
    except OSError as error:
        raise EvalsuiteError(f"{target}  cannot be written: {error.strerror}") from None
    return target


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".yaml":
        text = source.read_text(encoding="utf-8").replace(_SHIPPED_SCHEMAS, f"../{_SCHEMAS}/")
        target.write_text(text, encoding="utf-8")
    else:
        shutil.copyfile(source, target)


def _files(source: Path) -> list[tuple[Path, Path]]:
    return [(file, file.relative_to(source)) for file in sorted(source.rglob("*")) if file.is_file()]
