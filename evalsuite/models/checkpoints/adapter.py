"""PEFT adapters on disk: the digest of their weights, and whether their tensors fit a base model."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evalsuite.data.digest import digest, file_digest
from evalsuite.errors import DataError, ModelError
from evalsuite.models.checkpoints.base import Base, BaseCheckpoint, weight_files
from evalsuite.models.checkpoints.context import FILE as CONTEXT
from evalsuite.models.checkpoints.context import weights_beside

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


CONFIG = "adapter_config.json"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
# These say where and with what an adapter was made, not what it does to the base.
_VOLATILE = ("base_model_name_or_path", "revision", "peft_version", "inference_mode", "auto_mapping", "runtime_config")
# PEFT keeps these as sets and writes them in any order.
_UNORDERED = ("target_modules", "exclude_modules", "modules_to_save", "target_parameters", "feedforward_modules")


def adapter_digest(folder: Path) -> str:
    """Digest of an adapter's weights and of what its configuration does; raises ModelError when it is no adapter.

    A context (see `context.py`) stands in place of weights; its digest is that of its bytes and of the adapter in it.
    """
    if (folder / CONTEXT).is_file():
        weights = weights_beside(folder)
        below = [] if weights is None else [adapter_digest(weights)]
        return digest("context", file_digest(folder / CONTEXT), *below)
    config = {key: value for key, value in read_config(folder).items() if key not in _VOLATILE and value is not None}
    for key in _UNORDERED:
        if isinstance(config.get(key), list):
            config[key] = sorted(config[key], key=str)
    try:
        return digest("adapter", config, file_digest(_weights(folder)))
    except DataError as error:
        raise ModelError(str(error)) from None


def check_fits(folder: Path, checkpoint: Base) -> None:
    """Raises ModelError, naming both, when the adapter's tensors cannot belong to this base model."""
    if not isinstance(checkpoint, BaseCheckpoint):
        raise ModelError(
            f"{folder}  cannot be put on {checkpoint.id}, whose weights are not here; give an id or folder"
        )
    if (folder / CONTEXT).is_file():
        beside = weights_beside(folder)
        if beside is None:
            return
        folder = beside
    weights = _weights(folder)
    base = _read(checkpoint.folder / "config.json")
    base_weights = weight_files(checkpoint.folder)
    # Pickled and quantised weights show no shapes that could be compared; PEFT's own loading is then the check.
    if weights.suffix != ".safetensors" or "quantization_config" in base or base_weights[0].suffix != ".safetensors":
        return
    text = base.get("text_config", base)
    shapes = tensor_shapes([weights])
    reason = misfit(shapes, tensor_shapes(base_weights), layers=text.get("num_hidden_layers"))
    reason = reason or _prompt_misfit(read_config(folder), shapes, text)
    if reason is not None:
        raise ModelError(
            f"{refusal_opening(folder, checkpoint)}: {reason}; name the base it was trained on as `base_model`"
        )


def _prompt_misfit(config: dict[str, Any], shapes: Mapping[str, Shape], base: dict[str, Any]) -> str | None:
    """Why virtual tokens cannot stand before this base's, or None."""
    virtual, hidden, layers = shapes.get("prompt_embeddings"), base.get("hidden_size"), base.get("num_hidden_layers")
    if virtual is None or hidden is None or layers is None:
        return None
    expected = hidden
    if config.get("peft_type") == "PREFIX_TUNING":
        heads = base.get("num_attention_heads", 1)
        head = base.get("head_dim") or hidden // heads
        expected = layers * 2 * head * (base.get("num_key_value_heads") or heads)
    if virtual[-1] == expected:
        return None
    return f"its virtual tokens have {virtual[-1]} numbers each, and the base needs {expected}"


def refusal_opening(folder: Path, checkpoint: BaseCheckpoint) -> str:
    """The opening of a refusal that names the adapter, the base it was made for and the base it was given."""
    made_for = read_config(folder).get("base_model_name_or_path") or "an unnamed base"
    return f"{folder}  this adapter was made for {str(made_for)!r} and does not fit the base {checkpoint.id!r}"


def read_config(folder: Path) -> dict[str, Any]:
    """The adapter's configuration; raises ModelError when the folder is no PEFT adapter."""
    if not (folder / CONFIG).is_file():
        what = "no such file"
        if (folder / "config.json").is_file():
            whole = f"`base_model: {{id: {folder}}}` together with `reference: {{id: THE BASE}}`"
            what = f"holds a full model; name it as {whole}, which it is compared with"
        raise ModelError(f"{folder}  is no PEFT adapter: it lacks {CONFIG} ({what})")
    return _read(folder / CONFIG)


def _weights(folder: Path) -> Path:
    read_config(folder)
    for name in _WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise ModelError(f"{folder}  is no complete PEFT adapter: it lacks {_WEIGHTS[0]}; save or copy it again")


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise ModelError(f"{file}  is not a readable JSON document; save or copy it again")
    return content
