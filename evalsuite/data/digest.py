"""Digests: the same content has the same digest, wherever it lies and however it was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalsuite.errors import DataError

Part = str | int | float | bool | None | Mapping[str, Any] | Sequence[Any]


def digest(*parts: Part) -> str:
    """SHA-256 (hex) of the parts in canonical JSON: keys sorted, no spaces, no NaN; raises ValueError on NaN."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes; raises DataError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}  cannot be read: {error.strerror}") from None


def data_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, or of all files of a folder with their names."""
    if not path.is_dir():
        return file_digest(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return digest("folder", [[file.relative_to(path).as_posix(), file_digest(file)] for file in files])
