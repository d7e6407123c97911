"""LoRA: its options, and how an adapter of any method is written to disk."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from evalsuite.spec.document import Document

WEIGHTS = "adapter_model.safetensors"
_README = """---
library_name: peft
---
# {name}

A PEFT adapter trained by evalsuite. `PeftModel.from_pretrained(base, folder)` loads it.
"""


class LoraAdapter(Document):
    """Low-rank updates of linear layers: W + alpha/r · BA."""

    type: Literal["lora"]
    r: Annotated[int, Field(ge=1, description="rank of the update")] = 16
    alpha: Annotated[int, Field(ge=1, description="the update is scaled by alpha / r")] = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    target_modules: Annotated[
        Literal["all-linear"] | Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)],
        Field(description="`all-linear`, or the names of the layers to adapt"),
    ] = "all-linear"

    def peft_config(self) -> Any:
        """The same options as PEFT's LoraConfig."""
        from peft import LoraConfig

        targets = self.target_modules if self.target_modules == "all-linear" else sorted(set(self.target_modules))
        return LoraConfig(
            r=self.r,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=targets,
            task_type="CAUSAL_LM",
        )


def save_adapter(model: Any, folder: Path, *, name: str) -> None:
    """Writes the model's adapter as a standard PEFT folder: whole or not at all, and the same bytes every time.

    `name` titles its README. An adapter that stood in the folder is replaced.
    """
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    _write_weights(model, fresh / WEIGHTS)
    (fresh / "adapter_config.json").write_text(_config_text(model), encoding="utf-8")
    (fresh / "README.md").write_text(_README.format(name=name), encoding="utf-8")
    sync(fresh)
    _swap(fresh, folder)


def sync(folder: Path) -> None:
    """Forces a folder and the files in it onto the disk."""
    for path in (*sorted(folder.iterdir()), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_weights(model: Any, file: Path) -> None:
    from peft import get_peft_model_state_dict
    from safetensors.torch import save

    # PEFT's "auto" would ask the hub whether the base's vocabulary was resized; nothing here resizes it.
    tensors = get_peft_model_state_dict(model, save_embedding_layers=False)
    # Clones, because safetensors refuses tensors that share memory.
    plain = {key: tensors[key].detach().cpu().contiguous().clone() for key in sorted(tensors)}
    # Not `save_file`, which leaves a file that only its owner can read.
    file.write_bytes(save(plain, metadata={"format": "pt"}))


def _config_text(model: Any) -> str:
    config = model.peft_config["default"].to_dict()
    config["inference_mode"] = True
    # PEFT keeps some lists as sets, whose order changes from process to process.
    ordered = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    return json.dumps(ordered, indent=2, sort_keys=True) + "\n"


def _swap(fresh: Path, folder: Path) -> None:
    if folder.exists():
        # A folder cannot be renamed onto a full one, so the old one steps aside first.
        old = folder.with_name(f"{folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        os.replace(folder, old)
        os.replace(fresh, folder)
        shutil.rmtree(old)
    else:
        os.replace(fresh, folder)
    handle = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
