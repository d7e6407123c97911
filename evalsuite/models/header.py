"""Safetensors headers: the names and shapes of tensors, read without loading a single weight."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from evalsuite.errors import ModelError

Shape = tuple[int, ...]

_LONGEST_HEADER = 100_000_000


def tensor_shapes(files: Iterable[Path]) -> dict[str, Shape]:
    """Shape by tensor name over all files; raises ModelError when one is no safetensors file."""
    found: dict[str, Shape] = {}
    for file in files:
        found.update(_shapes_of(file))
    return found


def _shapes_of(file: Path) -> dict[str, Shape]:
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > _LONGEST_HEADER:
                raise ValueError("header too long")
            header = json.loads(stream.read(length))
        return {name: tuple(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ModelError(f"{file}  is not a readable safetensors file; copy or download it again") from None
