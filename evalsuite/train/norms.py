"""How far an adapter moves each layer: the norm of its update relative to the base weight's (METHODS §21).

For ΔW = s·BA the Frobenius norm is s·sqrt(tr((BᵀB)(AAᵀ))): two products of r × r, and never one of the layer's size.
Example: B = [[1, 2], [3, 4], [5, 6]], A = [[1, 0, -1, 2], [0, 1, 1, -1]] give ‖BA‖ = 10.677; with alpha 16 and r 2
the update's norm is 85.417, and by rsLoRA's scale 120.797.
"""

from __future__ import annotations

import json
import math
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalsuite.errors import TrainingError
from evalsuite.models.base import weight_files
from evalsuite.records import LayerNorm
from evalsuite.train.save import WEIGHTS

Matrix = NDArray[np.float64]

_A, _B = ".lora_A.weight", ".lora_B.weight"
_PREFIX = "base_model.model."


def update_norm(b: Matrix, a: Matrix, *, scale: float = 1.0) -> float:
    """‖scale · BA‖_F by the trace identity; `b` is [out, r], `a` [r, in], in float64."""
    # The trace of a product of two r x r matrices is the sum of their elementwise product; rounding may dip below 0.
    return abs(scale) * math.sqrt(max(0.0, float(np.sum((b.T @ b) * (a @ a.T).T))))


def scale_of(alpha: float, r: int, *, rank_stabilised: bool) -> float:
    """What BA is multiplied by: alpha/r (arXiv 2106.09685), or alpha/√r (arXiv 2312.03732)."""
    return alpha / math.sqrt(r) if rank_stabilised else alpha / r


def layer_norms(adapter: Path, base: Path) -> tuple[LayerNorm, ...]:
    """The norms of every linear layer that a saved LoRA adapter updates, by name; empty for adapters of other types.

    Frobenius norms of the update, scale included, and of the base's weight, both computed in float64.

    DoRA's magnitudes are left out: its norms are those of the low-rank part. Raises TrainingError when the base lacks
    a layer's weight.
    """
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


def _tensors(files: Sequence[Path], *, only: Container[str] | None = None) -> Iterator[tuple[str, Matrix]]:
    from safetensors import safe_open

    for file in files:
        with safe_open(file, framework="pt") as content:  # numpy knows no bfloat16
            for name in content.keys():  # noqa: SIM118  # it is no dict
                if only is None or name in only:
                    yield name, content.get_tensor(name).double().numpy()
