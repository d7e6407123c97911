"""Whether an adapter's tensors can belong to a base model, told from the headers of their files alone."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
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


# tensor name ending -> which of its dimensions is one of the adapted module's
_LOW_RANK = {"lora_A.weight": 1, "lora_B.weight": 0, "lora_embedding_A": 1, "lora_embedding_B": 0}
_VECTORS = ("ia3_l", "lora_magnitude_vector", "lora_magnitude_vector.weight")
_LAYER = re.compile(r"(?:^|\.)(\w+\.(\d+)\..+)$")


def misfit(adapter: Mapping[str, Shape], base: Mapping[str, Shape], *, layers: int | None) -> str | None:
    """Why the adapter cannot belong to the base, or None when nothing speaks against it.

    Modules are compared by their name from the layer number on, because checkpoints and classes prefix it differently.
    """
    shapes = defaultdict(set)
    for name, shape in base.items():
        shapes[_tail(name.removesuffix(".weight"))].add(shape)
    touched = _modules(adapter)
    for module, sizes in touched.items():
        known = {shape for shape in shapes.get(_tail(module), ()) if len(shape) == 2}
        if known and not any(_agree(sizes, shape) for shape in known):
            return f"{module} is {_show(sizes)} in the adapter and {_show(min(known))} in the base"
        number = _LAYER.search(module)
        if not known and number and layers is not None and int(number[2]) >= layers:
            return f"the adapter has a layer {int(number[2])} ({module}), the base has only layers 0 to {layers - 1}"
    layered = [module for module in touched if _LAYER.search(module)]
    if layered and not any(_tail(module) in shapes for module in layered):
        return f"the base has no module {layered[0]}"
    return None


def _modules(adapter: Mapping[str, Shape]) -> dict[str, Shape]:
    """The sizes that an adapter claims for each module it touches; the order of a pair means nothing."""
    found: dict[str, Shape] = {}
    for full_name, shape in adapter.items():
        # LN tuning, the form of full-rank adapters, keeps a whole copy of each layer under that name.
        name = full_name.removeprefix("base_model.model.").replace(".ln_tuning_layers.", ".")
        for ending, axis in _LOW_RANK.items():
            if name.endswith("." + ending) and len(shape) == 2:
                module = name.removesuffix("." + ending)
                found[module] = (*found.get(module, ()), shape[axis])
                break
        else:
            vector = next((ending for ending in _VECTORS if name.endswith("." + ending)), None)
            if vector is not None:
                found.setdefault(name.removesuffix("." + vector), ())
            elif name.endswith(".weight") and "lora_" not in name and len(shape) == 2:
                found[name.removesuffix(".weight")] = shape
    return found


def _agree(sizes: Shape, shape: Shape) -> bool:
    # Conv1D layers store their weight transposed, so the pair is compared without its order.
    return sorted(sizes) == sorted(shape) if len(sizes) == 2 else set(sizes) <= set(shape)


def _tail(module: str) -> str:
    match = _LAYER.search(module)
    return match[1] if match else module.rsplit(".", 1)[-1]


def _show(sizes: Shape) -> str:
    return " x ".join(str(size) for size in sorted(sizes))
