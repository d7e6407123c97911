"""PEFT adapters on disk: the digest of their weights, and whether they can belong to a base model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalsuite.data.digest import digest, file_digest
from evalsuite.errors import DataError, ModelError
from evalsuite.models.checkpoints.base import Base, BaseCheckpoint, weight_files
from evalsuite.models.checkpoints.context import FILE as CONTEXT
from evalsuite.models.checkpoints.context import weights_beside
from evalsuite.models.checkpoints.fit import Shape, misfit, tensor_shapes

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
        raise ModelError(f"{misnamed(folder, checkpoint)}: {reason}; name the base it was trained on as `base_model`")


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


def misnamed(folder: Path, checkpoint: BaseCheckpoint) -> str:
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
