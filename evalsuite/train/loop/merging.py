"""LoRA adapters as updates per layer, and their merging: linear and spherical exactly, TIES and DARE by rank."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalsuite.errors import TrainingError
from evalsuite.train.loop.save import write_adapter

if TYPE_CHECKING:
    from torch import Generator, Tensor


# Nearly parallel updates have no arc between them worth following.
_PARALLEL = 0.9995


@dataclass(frozen=True)
class Update:
    """One layer's update: b [out, r] times a [r, in]; its scale is already in b."""

    b: Tensor
    a: Tensor

    @property
    def delta(self) -> Tensor:
        """ΔW, [out, in]."""
        return self.b @ self.a


def linear(updates: Sequence[Update], weights: Sequence[float]) -> Update:
    """The weighted sum of the updates, exactly; its rank is the sum of theirs: b [out, Σr] and a [Σr, in]."""
    import torch

    b = torch.cat([weight * update.b for update, weight in zip(updates, weights, strict=True)], dim=1)
    return Update(b, torch.cat([update.a for update in updates], dim=0))


def slerp(first: Update, second: Update, *, t: float) -> Update:
    """The point at `t` on the arc between two updates (as in mergekit), exactly; linear when nearly parallel."""
    return linear((first, second), arc_weights(cosine(first, second), t=t))


def arc_weights(cosine: float, *, t: float) -> tuple[float, float]:
    """What the ends of an arc weigh at `t`: sin((1-t)θ)/sinθ and sin(tθ)/sinθ."""
    import math

    if abs(cosine) > _PARALLEL:
        return 1 - t, t
    angle = math.acos(cosine)
    return math.sin((1 - t) * angle) / math.sin(angle), math.sin(t * angle) / math.sin(angle)


def cosine(first: Update, second: Update) -> float:
    """The cosine between two updates as vectors, without forming them; 1 when one is zero."""
    product = _dot(first, second)
    norms = (_dot(first, first) * _dot(second, second)) ** 0.5
    return max(-1.0, min(1.0, product / norms)) if norms > 0 else 1.0


def ties(updates: Sequence[Update], weights: Sequence[float], *, density: float, rank: int) -> Update:
    """Trim each update to its largest elements, elect a sign for each, average what agrees (arXiv 2306.01708).

    Works on ΔW of every update at once, [updates, out, in], and cuts the result to `rank`.
    """
    import torch

    trimmed = torch.stack(
        [weight * _largest(update.delta, density) for update, weight in zip(updates, weights, strict=True)]
    )
    elected = trimmed.sum(dim=0).sign()
    agreeing = trimmed * (trimmed.sign() == elected)
    counts = (agreeing != 0).sum(dim=0).clamp(min=1)
    return cut(agreeing.sum(dim=0) / counts, rank)


def dare(
    updates: Sequence[Update], weights: Sequence[float], *, density: float, rank: int, generator: Generator
) -> Update:
    """Drop elements of each update at random and scale up the rest, then add (arXiv 2311.03099).

    Works on one ΔW after another, [out, in], drawn in their order, and cuts the sum to `rank`.
    """
    import torch

    total = torch.zeros_like(updates[0].delta)
    for update, weight in zip(updates, weights, strict=True):
        kept = torch.rand(total.shape, generator=generator) < density
        total += weight * update.delta * kept / density
    return cut(total, rank)


def cut(delta: Tensor, rank: int) -> Update:
    """The best update of a rank (Eckart and Young 1936), its singular values shared by both factors.

    `delta` is [out, in]; decomposed in float64, the factors b [out, rank] and a [rank, in] have its dtype.
    """
    import torch

    u, s, v = torch.linalg.svd(delta.double(), full_matrices=False)
    root = s[:rank].sqrt()
    return Update((u[:, :rank] * root).to(delta.dtype), (root[:, None] * v[:rank]).to(delta.dtype))


def _largest(delta: Tensor, density: float) -> Tensor:
    """`delta` [out, in] with all but its largest elements 0; `density` is the share that stays, at least one."""
    keep = max(1, round(density * delta.numel()))
    threshold = delta.abs().flatten().kthvalue(delta.numel() - keep + 1).values
    return delta * (delta.abs() >= threshold)


def _dot(first: Update, second: Update) -> float:
    """The sum over all elements of ΔW₁ times ΔW₂."""
    # tr((B₁A₁)ᵀ B₂A₂) without a product of the layer's size.
    return float(((first.b.T @ second.b) * (first.a @ second.a.T)).sum())


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
