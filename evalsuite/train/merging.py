"""Merging low-rank updates: linear and spherical exactly, TIES and DARE through a rank cut.

The update of a layer is ΔW = s·BA. Merging A and B apart is not merging BA; here every method works on ΔW.
A weighted sum of updates is again a low-rank update, whose factors stand side by side: B = [w₁s₁B₁, w₂s₂B₂, ...] and
A = [A₁; A₂; ...]. That makes `linear` and `slerp` exact. TIES and DARE change single elements of ΔW, so their result
is cut back to a rank by the singular value decomposition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
