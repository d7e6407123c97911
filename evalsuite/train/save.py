"""How an adapter of any type is written to disk: a standard PEFT folder, the same bytes every time."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WEIGHTS = "adapter_model.safetensors"
_README = """---
library_name: peft
---
# {name}

A PEFT adapter trained by evalsuite. `PeftModel.from_pretrained(base, folder)` loads it.{remark}
"""


def save_adapter(model: Any, folder: Path, *, name: str, remark: str | None = None) -> None:
    """Writes the model's adapter as a standard PEFT folder; see `write_adapter`."""
    from peft import get_peft_model_state_dict

    # PEFT's "auto" would ask the hub whether the base's vocabulary was resized; nothing here resizes it.
    tensors = get_peft_model_state_dict(model, save_embedding_layers=False)
    write_adapter(tensors, model.peft_config["default"].to_dict(), folder, name=name, remark=remark)


def write_adapter(
    tensors: Mapping[str, Any], config: Mapping[str, Any], folder: Path, *, name: str, remark: str | None = None
) -> None:
    """Writes tensors and PEFT configuration as an adapter: whole or not at all, and the same bytes every time.

    `tensors` are by PEFT's names, on any device, and keep shape and dtype. `name` titles its README, and `remark` is
    said there. An adapter that stood in the folder is replaced.
    """
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    _write_weights(tensors, fresh / WEIGHTS)
    (fresh / "adapter_config.json").write_text(_config_text(config), encoding="utf-8")
    (fresh / "README.md").write_text(_README.format(name=name, remark=f" {remark}" if remark else ""), encoding="utf-8")
    sync(fresh)
    replace_folder(fresh, folder)


def sync(folder: Path) -> None:
    """Forces a folder and the files in it onto the disk."""
    for path in (*sorted(folder.iterdir()), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_weights(tensors: Mapping[str, Any], file: Path) -> None:
    from safetensors.torch import save

    # Clones, because safetensors refuses tensors that share memory.
    plain = {key: tensors[key].detach().cpu().contiguous().clone() for key in sorted(tensors)}
    # Not `save_file`, which leaves a file that only its owner can read.
    file.write_bytes(save(plain, metadata={"format": "pt"}))


def _config_text(config: Mapping[str, Any]) -> str:
    # PEFT keeps some lists as sets, whose order changes from process to process.
    ordered = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    return json.dumps({**ordered, "inference_mode": True}, indent=2, sort_keys=True) + "\n"


def replace_folder(fresh: Path, folder: Path) -> None:
    """Puts a finished folder in the place of another, or where there was none."""
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
