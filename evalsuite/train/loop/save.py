"""How an adapter is written to disk, the checkpoints of a training in progress, and how far it moved each layer."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalsuite.errors import TrainingError
from evalsuite.models.checkpoints.base import weight_files
from evalsuite.records import LayerNorm

if TYPE_CHECKING:
    from evalsuite.stats.intervals.spread import Floats

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


# Written last, once every other file is on the disk; a checkpoint without it was cut off while being saved.
_SEAL = "complete"


@dataclass(frozen=True, slots=True)
class Partial:
    """The folder of checkpoints of one job."""

    folder: Path

    @staticmethod
    def open(output: Path, fingerprint: str) -> Partial:
        """The job's folder; emptied first when it was left by a job with another fingerprint."""
        folder = output.with_name(f"{output.name}.partial")
        owner = folder / "job"
        if not owner.is_file() or owner.read_text(encoding="ascii") != fingerprint:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            owner.write_text(fingerprint, encoding="ascii")
        return Partial(folder)

    def latest(self) -> Path | None:
        """The last complete checkpoint; unfinished ones are deleted."""
        for path in self._checkpoints():
            if not (path / _SEAL).is_file():
                shutil.rmtree(path)
        return max(self._checkpoints(), key=_step, default=None)

    def seal(self, step: int, *, best: Path | None) -> None:
        """Declares the checkpoint of this step complete and drops all others but the best."""
        current = self.folder / f"checkpoint-{step}"
        sync(current)
        (current / _SEAL).touch()
        sync(current)
        for path in self._checkpoints():
            if path != current and (best is None or path.name != best.name):
                shutil.rmtree(path)

    def remove(self) -> None:
        """Deletes the folder with all that is in it."""
        shutil.rmtree(self.folder)

    def _checkpoints(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("checkpoint-*") if path.is_dir())


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


_A, _B = ".lora_A.weight", ".lora_B.weight"
_PREFIX = "base_model.model."


def update_norm(b: Floats, a: Floats, *, scale: float = 1.0) -> float:
    """‖scale · BA‖_F by the trace identity; `b` is [out, r], `a` [r, in], in float64."""
    # The trace of a product of two r x r matrices is the sum of their elementwise product; rounding may dip below 0.
    return abs(scale) * math.sqrt(max(0.0, float(((b.T @ b) * (a @ a.T).T).sum())))


def scale_of(alpha: float, r: int, *, rank_stabilised: bool) -> float:
    """What BA is multiplied by: alpha/r (arXiv 2106.09685), or alpha/√r (arXiv 2312.03732)."""
    return alpha / math.sqrt(r) if rank_stabilised else alpha / r


def layer_norms(adapter: Path, base: Path) -> tuple[LayerNorm, ...]:
    """The norms of every linear layer that a saved LoRA adapter updates, by name; empty for adapters of other types.

    Frobenius norms of the update, scale included, and of the base's weight, both computed in float64.

    DoRA's magnitudes are left out: its norms are those of the low-rank part. Raises TrainingError when the base lacks
    a layer's weight.
    """
    import numpy as np

    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    if config.get("peft_type") != "LORA":
        return ()
    updates = dict(_tensors([adapter / WEIGHTS]))
    layers = sorted(name.removesuffix(_A) for name in updates if name.endswith(_A))
    wanted = {f"{layer.removeprefix(_PREFIX)}.weight" for layer in layers}
    weights = {name: float(np.linalg.norm(weight)) for name, weight in _tensors(weight_files(base), only=wanted)}
    lost = sorted(wanted - weights.keys())
    if lost:
        raise TrainingError(f"{base}  has no weight {lost[0]}, which {adapter} updates; name the base it was made for")
    found = []
    for layer in layers:
        name = layer.removeprefix(_PREFIX)
        a, b = updates[f"{layer}{_A}"], updates[f"{layer}{_B}"]
        scale = scale_of(_alpha(config, name), a.shape[0], rank_stabilised=bool(config.get("use_rslora")))
        found.append(LayerNorm(name, update_norm(b, a, scale=scale), weights[f"{name}.weight"]))
    return tuple(found)


def _alpha(config: dict[str, Any], layer: str) -> float:
    patterns = config.get("alpha_pattern") or {}
    if patterns:
        from peft.utils.other import get_pattern_key

        return float(patterns.get(get_pattern_key(patterns.keys(), layer), config["lora_alpha"]))
    return float(config["lora_alpha"])


def _tensors(files: Sequence[Path], *, only: Container[str] | None = None) -> Iterator[tuple[str, Floats]]:
    from safetensors import safe_open

    for file in files:
        with safe_open(file, framework="pt") as content:  # numpy knows no bfloat16
            for name in content.keys():  # noqa: SIM118  # it is no dict
                if only is None or name in only:
                    yield name, content.get_tensor(name).double().numpy()
