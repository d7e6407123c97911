"""Merged LoRA layers: the adapter's answers, and a base that is bit by bit what it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalsuite.models.checkpoints.base import BaseCheckpoint, find_base
from evalsuite.models.hf.adapters import Adapters, merged
from evalsuite.models.hf.hf_model import HfModel
from evalsuite.models.hf.network import load_network
from evalsuite.records import Adapter, Prompt

MakeAdapter = Callable[..., Adapter]
HEAD = "the baker of the town sells bread and cakes to all who come in the morning. " * 3
PROMPTS = [Prompt.raw(HEAD + end) for end in ("what is the colour?", "a river runs", "two and two", "the sky", "who?")]
OPTIONS = [(" A", " B"), (" blue", " black and white"), (" are four",), (" is blue", " is night", " C"), (" A", " B")]


def values(model: HfModel, adapter: Adapter | None = None) -> list[list[float]]:
    return [[score.value for score in row] for row in model.choices(PROMPTS, OPTIONS, adapter=adapter)]


def one_by_one(model: HfModel, adapter: Adapter | None) -> list[list[float]]:
    return [
        [model.choices([prompt], [[option]], adapter=adapter)[0][0].value for option in options]
        for prompt, options in zip(PROMPTS, OPTIONS, strict=True)
    ]


def test_the_base_weights_are_bitwise_untouched_and_merged_layers_are_plain(
    checkpoint: BaseCheckpoint, lora: Adapter
) -> None:
    import torch

    network = load_network(checkpoint)
    before = {name: tensor.clone() for name, tensor in network.module.state_dict().items()}
    adapters = Adapters(network, checkpoint)
    adapters.use(lora)
    assert not any("lora" in name for name, _ in network.module.named_modules())
    assert any(not torch.equal(tensor, before[name]) for name, tensor in network.module.state_dict().items())
    adapters.use(None)
    after = network.module.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_merged_and_unmerged_agree(checkpoint: BaseCheckpoint, lora: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = values(HfModel(checkpoint), lora)
    monkeypatch.setattr("evalsuite.models.hf.adapters._BYTES", 0)
    plain = values(HfModel(checkpoint), lora)
    assert fast == [pytest.approx(row, abs=1e-4) for row in plain]
    assert fast != plain


def test_bfloat16_is_not_merged(base_folder: Path, lora: Adapter) -> None:
    network = load_network(find_base(str(base_folder), revision=None, dtype="bfloat16"))
    Adapters(network, find_base(str(base_folder), revision=None, dtype="bfloat16")).use(lora)
    assert any("lora_A" in name for name, _ in network.module.named_modules())


def test_nothing_is_nothing_merged(checkpoint: BaseCheckpoint) -> None:
    assert merged({}, load_network(checkpoint)) == {}


@pytest.mark.parametrize("kind", [None, "lora", "prefix", "prompt", "dora"])
def test_shared_beginnings_score_as_one_by_one_through_every_kind(
    model: HfModel, make_adapter: MakeAdapter, lora: Adapter, kind: str | None
) -> None:
    from peft import LoraConfig, PrefixTuningConfig, PromptTuningConfig

    configs = {
        "prefix": PrefixTuningConfig(num_virtual_tokens=3, task_type="CAUSAL_LM"),
        "prompt": PromptTuningConfig(num_virtual_tokens=3, task_type="CAUSAL_LM"),
        "dora": LoraConfig(r=2, target_modules=["q_proj"], use_dora=True, task_type="CAUSAL_LM"),
    }
    adapter = make_adapter(seed=8, config=configs[kind]) if kind in configs else lora if kind else None
    assert values(model, adapter) == [pytest.approx(row, abs=1e-4) for row in one_by_one(model, adapter)]


def test_a_4_bit_base_shares_too(save_base: Callable[..., Path], tmp_path: Path, lora: Adapter) -> None:
    pytest.importorskip("bitsandbytes")
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    folder = save_base(tmp_path / "base")
    config = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4")
    AutoModelForCausalLM.from_pretrained(folder, quantization_config=config).save_pretrained(folder)
    model = HfModel(find_base(str(folder), revision=None, dtype="float32"))
    for adapter in (None, lora):
        assert values(model, adapter) == [pytest.approx(row, abs=2e-3) for row in one_by_one(model, adapter)]
    assert model._parts is not None
    assert model._parts.network.shares
    assert values(model) != values(model, lora)


def test_questions_are_tokenised_once_for_all_adapters(
    checkpoint: BaseCheckpoint, lora: Adapter, other_lora: Adapter
) -> None:
    model = HfModel(checkpoint)
    values(model)
    (asked,) = model._known.values()
    values(model, lora)
    values(model, other_lora)
    assert list(model._known.values()) == [asked]
    assert next(iter(model._known.values())) is asked
