"""Which adapters vLLM can serve without changing what they do; others are refused rather than served in part."""

from __future__ import annotations

from evalsuite.errors import ModelError
from evalsuite.models.adapter import read_config
from evalsuite.models.vllm.server import LINEAR
from evalsuite.records import Adapter

_SLOTS = ("bias", "modules_to_save", "trainable_token_indices", "lora_bias", "layer_replication", "alpha_pattern")


def rank_of(adapter: Adapter) -> int:
    """The largest rank of an adapter; raises ModelError when vLLM would drop or misread a part of it."""
    config = read_config(adapter.path)
    reason = _unservable(config)
    if reason is not None:
        raise ModelError(
            f"{adapter.path}  vLLM cannot serve this adapter as it is: {reason}; score it with `backend: hf`, or "
            "merge it into the base"
        )
    return max([int(config["r"]), *map(int, (config.get("rank_pattern") or {}).values())])


def _unservable(config: dict[str, object]) -> str | None:
    kind = config.get("peft_type")
    if kind != "LORA":
        return f"its type is {kind}, and only LoRA is served"
    if config.get("use_dora"):
        return "it is a DoRA"
    if config.get("bias", "none") != "none":
        return "it has biases"
    more = [slot for slot in _SLOTS[1:] if config.get(slot)]
    if more:
        return f"it has {', '.join(more)}"
    modules = config.get("target_modules")
    if not isinstance(modules, list):
        return f"its target_modules are {modules!r}"
    # vLLM drops what an adapter does to other modules, lm_head for one, without a word.
    others = sorted({str(module).rsplit(".", 1)[-1] for module in modules} - set(LINEAR))
    return f"it changes {', '.join(others)}, which vLLM would drop" if others else None
