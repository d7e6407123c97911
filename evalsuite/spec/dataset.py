"""Data sets of the hub, or folders that `datasets` can read: exported to a file of rows, which is then the source.

The rows' own bytes are what a training depends on, so that a moved tag or a rewritten file trains anew.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalsuite.environment import cache_folder
from evalsuite.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalsuite.spec.source import Source

_SHORT = 12


def exported(source: Source, *, folder: Path | None) -> Path:
    """The JSONL file with the rows of a data set, made where it is not there; `folder` is a local data set.

    The line of a row is its number in the split. Raises DataError with what the library says when it cannot be had.
    """
    found = _loaded(source, str(folder or source.dataset))
    name = folder.name if folder is not None else source.dataset
    words = re.sub(r"[^\w.-]+", "--", "-".join(filter(None, (name, source.subset, source.split))))
    # Two contents never share a fingerprint; and one that was exported before is not written again.
    file = cache_folder() / "datasets" / f"{words.strip('-.')}-{found._fingerprint[:_SHORT]}.jsonl"
    if not file.is_file():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh = file.with_name(f"{file.name}.new")
            with fresh.open("w", encoding="utf-8") as lines:
                lines.writelines(json.dumps(_plain(row), ensure_ascii=False, default=str) + "\n" for row in found)
            fresh.replace(file)
        except OSError as error:
            raise DataError(f"{file}  cannot be written: {error.strerror}; set EVALSUITE_CACHE") from None
    return file


def _loaded(source: Source, place: str) -> Any:
    import datasets

    where = f"data set {source.dataset!r}"
    try:
        with _without_bars(datasets):
            return datasets.load_dataset(place, name=source.subset, split=source.split, revision=source.revision)
    except Exception as error:  # the library raises of every kind, from its own to pyarrow's
        lines = str(error).strip().splitlines() or [type(error).__name__]
        advice = "check dataset, subset, split and revision; private ones need HF_TOKEN, and all of them a network once"
        raise DataError(f"{where}  cannot be loaded: {lines[0]}; {advice}") from None


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    # A column that other rows need is empty here, which is the same as not being there.
    return {key: value for key, value in row.items() if value is not None}


@contextmanager
def _without_bars(datasets: Any) -> Iterator[None]:
    shown = not datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()
