"""Adapters on one loaded base: built once by PEFT, swapped, and merged where there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.adapter import adapter_digest, check_fits, read_config, refusal_opening
from evalsuite.models.checkpoints.base import BaseCheckpoint
from evalsuite.models.hf.network import Network, quiet
from evalsuite.records import Adapter

# Beyond that the copies would cost more memory than their speed is worth, and the adapter's own products are cheap.
_BYTES = 2_000_000_000

Tree = dict[Any, dict[str, Any]]


def merge_where_it_fits(children: Tree, network: Network) -> Tree:
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


KEPT = 8

_PROMPT_TYPES = ("PREFIX_TUNING", "PROMPT_TUNING", "P_TUNING")
# These inits rewrite the base's own weights when the adapter is built, for every adapter and the base itself.
_REWRITING = ("pissa", "olora", "corda", "loftq", "lora_ga")
_Tree = dict[Any, dict[str, Any]]


@dataclass(frozen=True)
class _Loaded:
    """An adapter in memory: the children that differ from the base's module tree, or virtual keys and values."""

    children: _Tree
    prefix: list[tuple[Any, Any]]


class Adapters:
    """The adapters of one network, by digest, at most `KEPT` of them in memory.

    The base is answered by its original modules, not by adapter layers switched off, so it cannot be changed by what
    was loaded, and adapters of different kinds never meet. In float32 a LoRA in use is merged.
    """

    def __init__(self, network: Network, checkpoint: BaseCheckpoint) -> None:
        self._network = network
        self._checkpoint = checkpoint
        self._base: _Tree = {module: dict(module._modules) for module in network.module.modules()}
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self._active: str | None = None

    def use(self, adapter: Adapter | None) -> None:
        """Makes the network answer through the adapter, or as the base; raises ModelError when it cannot be loaded."""
        wanted = None if adapter is None else adapter.digest
        if wanted == self._active:
            return
        self._restore()
        if adapter is None:
            return
        if adapter.digest not in self._loaded:
            self._loaded[adapter.digest] = self._load(adapter)
            if len(self._loaded) > KEPT:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(adapter.digest)
        loaded = self._loaded[adapter.digest]
        _set_children(merge_where_it_fits(loaded.children, self._network))
        self._network.prefix = loaded.prefix
        self._active = adapter.digest

    def _restore(self) -> None:
        _set_children(self._base)
        self._network.prefix = []
        self._network.module.__dict__.pop("peft_config", None)
        self._active = None

    def _load(self, adapter: Adapter) -> _Loaded:
        config = read_config(adapter.path)
        _check_kind(adapter, config)
        check_fits(adapter.path, self._checkpoint)
        if adapter_digest(adapter.path) != adapter.digest:
            raise ModelError(f"adapter {adapter.name!r}: {adapter.path} changed since it was looked at; run again")
        try:
            with quiet():
                return self._built(adapter)
        except (RuntimeError, ValueError, KeyError, TypeError, OSError, ImportError) as error:
            why = next(iter(str(error).splitlines()), type(error).__name__).strip()
            raise ModelError(
                f"{refusal_opening(adapter.path, self._checkpoint)}: PEFT cannot load it ({why})"
            ) from None
        finally:
            self._restore()

    def _built(self, adapter: Adapter) -> _Loaded:
        from peft import PeftConfig, PeftModel, load_peft_weights, set_peft_model_state_dict

        config = PeftConfig.from_pretrained(str(adapter.path))
        config.inference_mode = True
        weights = load_peft_weights(str(adapter.path), device=self._network.device)
        before = {id(parameter) for parameter in self._network.module.parameters()}
        wrapped = PeftModel(self._network.module, config).eval()
        own = {n: p for n, p in wrapped.named_parameters(remove_duplicate=False) if id(p) in before}
        weights = _without_base_weights(adapter, weights, own)
        report = set_peft_model_state_dict(wrapped, weights)
        added = {name for name, parameter in wrapped.named_parameters() if id(parameter) not in before}
        if not config.is_prompt_learning:
            lost = sorted([*report.unexpected_keys, *(added & set(report.missing_keys))])
            if lost:
                raise ModelError(f"{refusal_opening(adapter.path, self._checkpoint)}: no match for {lost[0]}")
            return _Loaded(_changed(self._network.module, self._base), [])
        return _Loaded({}, _virtual(self._network, wrapped.to(self._network.device)))


def _check_kind(adapter: Adapter, config: Mapping[str, Any]) -> None:
    """Raises ModelError for adapters whose effect is not a change of modules, or that would change the base itself."""
    with quiet():  # what PEFT imports has notices of its own
        from peft import PeftType
        from peft.mapping import PEFT_TYPE_TO_TUNER_MAPPING
        from peft.tuners.tuners_utils import BaseTuner

    kind = str(config.get("peft_type"))
    tuner = PEFT_TYPE_TO_TUNER_MAPPING.get(PeftType[kind]) if kind in PeftType.__members__ else None
    injected = isinstance(tuner, type) and issubclass(tuner, BaseTuner)
    if not (injected or kind in _PROMPT_TYPES) or config.get("alora_invocation_tokens"):
        raise ModelError(f"adapter {adapter.name!r}: type {kind} is not supported here; merge it into a base")
    init = config.get("init_lora_weights")
    if isinstance(init, str) and init.lower().startswith(_REWRITING):
        raise ModelError(
            f"adapter {adapter.name!r}: init_lora_weights={init!r} rewrites the base's weights when it is loaded; save "
            "it as a plain LoRA (PEFT: save_pretrained(..., path_initial_model_for_weight_conversion=...))"
        )


def _without_base_weights(adapter: Adapter, weights: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The adapter's weights without copies of the base's; raises ModelError when such a copy differs from the base."""
    import torch

    kept = {}
    for name, tensor in weights.items():
        base = own.get(name)
        if base is None:
            kept[name] = tensor
        elif tensor.shape != base.shape or not torch.equal(tensor.to(base.device, base.dtype), base):
            # PEFT would write it into the base itself, and base and other adapters would answer with it.
            raise ModelError(
                f"adapter {adapter.name!r}: carries its own {name}, which differs from the base's; train it with "
                "bias: none and modules_to_save, or merge it into a base"
            )
    return kept


def _virtual(network: Network, wrapped: Any) -> list[tuple[Any, Any]]:
    """Keys and values of an adapter's virtual tokens, for one row."""
    import torch

    with torch.inference_mode():
        prompt = wrapped.get_prompt(1)
        if isinstance(prompt, torch.Tensor):
            weights = network.module.get_input_embeddings().weight
            cache = network.cache(1)
            embeds = prompt.to(weights.dtype)
            network.module(inputs_embeds=embeds, past_key_values=cache, use_cache=True, logits_to_keep=1)
            prompt = cache
        return [(layer.keys, layer.values) for layer in prompt.layers]


def _changed(module: Any, base: _Tree) -> _Tree:
    return {each: dict(each._modules) for each in module.modules() if each in base and each._modules != base[each]}


def _set_children(tree: _Tree) -> None:
    for module, children in tree.items():
        if module._modules != children:
            module._modules.clear()
            module._modules.update(children)
