"""LoRA layers as plain ones: copies of the base's weights with the update added, made when an adapter is switched on.

The base's own tensors are never written, so that the base is bit by bit what it was. Only float32 is merged: in a
narrower format the sum would round a small update away.
"""

from __future__ import annotations

from typing import Any

from evalsuite.models.network import Network

# Beyond that the copies would cost more memory than their speed is worth, and the adapter's own products are cheap.
_BYTES = 2_000_000_000

Tree = dict[Any, dict[str, Any]]


def merged(children: Tree, network: Network) -> Tree:
    """The children that an adapter puts into the module tree, its plain LoRA layers replaced by merged ones.

    All are left as they are where their copies would be too large, or where the model is spread over devices.
    """
    size = sum(
        layer.base_layer.weight.nbytes for held in children.values() for layer in held.values() if _mergeable(layer)
    )
    if size > _BYTES or len(set((getattr(network.module, "hf_device_map", None) or {}).values())) > 1:
        return children
    return {
        module: {name: _plain(layer) if _mergeable(layer) else layer for name, layer in held.items()}
        for module, held in children.items()
    }


def _mergeable(layer: Any) -> bool:
    """Whether it is LoRA as published on a float32 linear layer: no DoRA, no bias of its own, no other variant."""
    import torch
    from peft.tuners.lora.layer import Linear

    if type(layer) is not Linear or type(layer.base_layer) is not torch.nn.Linear:
        return False
    weight, bias = layer.base_layer.weight, any(layer.lora_bias.values())
    return weight.dtype == torch.float32 and not bias and not layer.lora_variant and not layer.disable_adapters


def _plain(layer: Any) -> Any:
    import torch

    base = layer.base_layer
    with torch.inference_mode(False), torch.no_grad():
        weight = base.weight.clone()
        for name in layer.active_adapters:
            if name in layer.lora_A:
                weight += layer.get_delta_weight(name)
        plain = torch.nn.Linear(1, 1, bias=False, device="meta")
        plain.in_features, plain.out_features = base.in_features, base.out_features
        plain.weight, plain.bias = torch.nn.Parameter(weight, requires_grad=False), base.bias
    return plain.eval()
