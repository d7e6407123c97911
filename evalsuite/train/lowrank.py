"""LoRA adapters on disk as updates per layer, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalsuite.errors import TrainingError
from evalsuite.train.merging import Update
from evalsuite.train.save import write_adapter

_A, _B = ".lora_A.weight", ".lora_B.weight"
# Each of these makes the update something else than s·BA, or gives layers ranks and scales of their own.
_SPECIAL = (
    "use_dora",
    "rank_pattern",
    "alpha_pattern",
    "modules_to_save",
    "trainable_token_indices",
    "layer_replication",
)


def read_updates(weights: Path, config: Path, *, name: str) -> dict[str, Update]:
    """The update of every layer, scale included; raises TrainingError when the adapter is more than a plain LoRA.

    Factors are float32, b [out, r] and a [r, in], whatever dtype the file has; the scale is alpha / r, or alpha / √r.
    """
    from safetensors.torch import load_file

    options = json.loads(config.read_text(encoding="utf-8"))
    special = [key for key in _SPECIAL if options.get(key)]
    if options.get("peft_type") != "LORA" or special:
        what = special[0] if special else options.get("peft_type")
        raise TrainingError(f"{name}  {config.parent} is no plain LoRA ({what}), and only those can be merged")
    rank = int(options["r"])
    scale = float(options["lora_alpha"]) / (rank**0.5 if options.get("use_rslora") else rank)
    tensors = load_file(weights)
    layers = {key.removesuffix(_A) for key in tensors if key.endswith(_A)}
    if len(tensors) != 2 * len(layers):
        raise TrainingError(f"{name}  {weights} holds tensors other than lora_A and lora_B; it cannot be merged")
    return {
        layer: Update(scale * tensors[f"{layer}{_B}"].float(), tensors[f"{layer}{_A}"].float())
        for layer in sorted(layers)
    }


def peft_folder(updates: Mapping[str, Update], like: Path, folder: Path, *, name: str) -> None:
    """Writes updates as a PEFT LoRA with scale 1; whatever else its configuration says is taken from `like`.

    Layers may have different ranks; the tensors keep their dtype.
    """
    config: dict[str, Any] = json.loads(like.read_text(encoding="utf-8"))
    ranks = {layer.removeprefix("base_model.model."): update.a.shape[0] for layer, update in updates.items()}
    highest = max(ranks.values())
    others = {layer: rank for layer, rank in ranks.items() if rank != highest}
    config |= {"r": highest, "lora_alpha": highest, "use_rslora": False, "lora_dropout": 0.0}
    config |= {"target_modules": sorted(ranks), "rank_pattern": others, "alpha_pattern": others}
    tensors = {f"{layer}{end}": tensor for layer, u in updates.items() for end, tensor in ((_A, u.a), (_B, u.b))}
    write_adapter(tensors, config, folder, name=name, remark="It is a merge of other adapters.")
