"""Digests, and the draws made from them: the same content and seed give the same, wherever it lies."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalsuite.errors import DataError
from evalsuite.records import Sample

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


def shuffle(ids: Iterable[str], *, seed: int, groups: Mapping[str, str] | None = None) -> list[str]:
    """The ids in the seed's random order; samples of one group stay together."""
    group = groups or {}

    def place(key: str) -> tuple[str, str]:
        return digest("order", seed, group.get(key), None if key in group else key), digest("order", seed, key)

    return sorted(ids, key=place)


def draw(samples: Sequence[Sample], limit: int | None, *, seed: int) -> tuple[Sample, ...]:
    """At most `limit` samples, chosen by seed and kept in file order; all of them without a limit."""
    if limit is None or limit >= len(samples):
        return tuple(samples)
    chosen = set(random.Random(seed).sample(range(len(samples)), limit))
    return tuple(sample for index, sample in enumerate(samples) if index in chosen)


def distinct(samples: Sequence[Sample], *, source: str) -> tuple[Sample, ...]:
    """The samples, once their ids are known to differ; raises DataError naming the repeated id."""
    seen: set[str] = set()
    for sample in samples:
        if sample.id in seen:
            raise DataError(f"{source}  has the id {sample.id!r} twice; ids must differ")
        seen.add(sample.id)
    return tuple(samples)
