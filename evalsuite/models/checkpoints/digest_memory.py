"""Digests of large files, remembered between processes: weights of many GB are not read again on every plan.

A digest is trusted while path, size, inode and both times of the file are those it was made with. A file that was
touched in the last two seconds is read again: within one tick of the disk's clock it could have changed unseen.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from evalsuite.data.digest import file_digest
from evalsuite.environment import cache_folder

# Below this, reading the file takes no longer than looking it up.
LARGE = 32_000_000
_SETTLED_NS = 2_000_000_000

Stamp = list[int]


def remembered_digest(path: Path, *, memory: Path | None = None, now: Callable[[], int] = time.time_ns) -> str:
    """SHA-256 (hex) of a file's bytes, without reading them where they are known; raises DataError as `file_digest`.

    `memory` is the file that they are remembered in, one in the cache folder if omitted; `now` tells nanoseconds.
    """
    before = _stamp(path, now())
    if before is None:
        return file_digest(path)
    memory = memory or cache_folder() / "digests.json"
    key = str(path.resolve())
    known = _read(memory).get(key)
    if known is not None and known[0] == before:
        return known[1]
    found = file_digest(path)
    # What changed while it was read, or just before, is not remembered.
    if _stamp(path, now()) == before:
        _remember(memory, key, (before, found))
    return found


def _stamp(path: Path, now: int) -> Stamp | None:
    """What a file's digest may be remembered by; None for a small file and for one that may still be changing."""
    try:
        found = path.stat()
    except OSError:  # reading it will say why
        return None
    settled = max(found.st_mtime_ns, found.st_ctime_ns) < now - _SETTLED_NS
    stamp = [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
    return stamp if settled and found.st_size >= LARGE else None


def _read(memory: Path) -> dict[str, tuple[Stamp, str]]:
    try:
        return {key: (list(stamp), str(known)) for key, (stamp, known) in json.loads(memory.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):  # no memory, or one that was spoilt, is an empty one
        return {}


def _remember(memory: Path, key: str, value: tuple[Stamp, str]) -> None:
    kept = {path: known for path, known in _read(memory).items() if Path(path).exists()}
    # A folder that cannot be written only costs time.
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        fresh = memory.with_name(f"{memory.name}.{os.getpid()}")
        fresh.write_text(json.dumps({**kept, key: value}), encoding="utf-8")
        fresh.replace(memory)
