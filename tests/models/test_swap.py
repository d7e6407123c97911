"""Adapters swapped on one base: nothing leaks, and what cannot be right is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.adapter import adapter_digest
from evalsuite.models.checkpoints.base import BaseCheckpoint, find_base
from evalsuite.models.hf import adapters as swap
from evalsuite.models.hf.hf_model import HfModel
from evalsuite.records import Adapter, LogLikelihood, Prompt, Sampling

MakeAdapter = Callable[..., Adapter]
PROMPTS = [Prompt.user("what is the colour of the sky?"), Prompt.user("who sells bread?"), Prompt.raw("the river runs")]
OPTIONS = [(" blue", " the baker of the town")] * 3


def scores(model: HfModel, adapter: Adapter | None = None) -> list[tuple[LogLikelihood, ...]]:
    return model.choices(PROMPTS, OPTIONS, adapter=adapter)


def test_the_base_is_bitwise_the_same_after_adapters_were_used(
    checkpoint: BaseCheckpoint, lora: Adapter, other_lora: Adapter
) -> None:
    model = HfModel(checkpoint)
    before = scores(model)
    assert scores(model, lora) != before
    assert scores(model) == before
    assert scores(model, other_lora) != before
    assert scores(model) == before


def test_interleaved_adapters_answer_as_each_alone(
    checkpoint: BaseCheckpoint, lora: Adapter, other_lora: Adapter
) -> None:
    alone = {adapter.name: scores(HfModel(checkpoint), adapter) for adapter in (lora, other_lora)}
    model = HfModel(checkpoint)
    for adapter in (lora, other_lora, lora, lora, other_lora):
        assert scores(model, adapter) == alone[adapter.name]
    assert alone[lora.name] != alone[other_lora.name]


def test_an_adapter_answers_as_peft_alone_would(
    checkpoint: BaseCheckpoint, base_folder: Path, lora: Adapter, model: HfModel
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    reference = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base_folder), str(lora.path))
    rendered = tokenizer("the river runs", return_tensors="pt", return_token_type_ids=False)
    tokens = reference.generate(**rendered, max_new_tokens=12, do_sample=False)[0, rendered["input_ids"].shape[1] :]
    reply = model.generate([Prompt.raw("the river runs")], sampling=Sampling(max_tokens=12), adapter=lora)[0]
    assert reply.text == tokenizer.decode(tokens, skip_special_tokens=True)


@pytest.mark.parametrize("kind", ["dora", "ia3", "prefix", "prompt", "modules_to_save", "trainable_tokens"])
def test_every_kind_of_adapter_equals_peft_and_leaves_the_base_alone(
    checkpoint: BaseCheckpoint, base_folder: Path, make_adapter: MakeAdapter, lora: Adapter, kind: str
) -> None:
    adapter = make_adapter(seed=3, config=_config(kind))
    model = HfModel(checkpoint)
    before, through_lora = scores(model), scores(model, lora)
    through = scores(model, adapter)
    assert through != before
    assert [score.value for score in through[2]] == pytest.approx(_by_peft(base_folder, adapter), abs=1e-4)
    assert scores(model) == before
    assert scores(model, lora) == through_lora
    assert scores(model, adapter) == through
    short = [model.generate([prompt], sampling=Sampling(max_tokens=8), adapter=adapter)[0] for prompt in PROMPTS]
    assert model.generate(PROMPTS, sampling=Sampling(max_tokens=8), adapter=adapter) == short


def test_at_most_a_few_adapters_stay_in_memory(
    checkpoint: BaseCheckpoint, lora: Adapter, other_lora: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap, "KEPT", 1)
    model = HfModel(checkpoint)
    first = scores(model, lora)
    scores(model, other_lora)
    assert model._parts is not None
    assert list(model._parts.adapters._loaded) == [other_lora.digest]
    assert scores(model, lora) == first


def test_a_folder_that_was_retrained_meanwhile_is_refused(model: HfModel, lora: Adapter, tmp_path: Path) -> None:
    folder = shutil.copytree(lora.path, tmp_path / "adapter")
    stale = replace(lora, path=folder, digest="0" * 64)
    with pytest.raises(ModelError, match="changed since"):
        scores(model, stale)


def test_an_adapter_that_rewrites_the_base_is_refused(
    checkpoint: BaseCheckpoint, make_adapter: MakeAdapter, lora: Adapter, tmp_path: Path, edit_json: Callable[..., None]
) -> None:
    from peft import LoraConfig

    model = HfModel(checkpoint)
    before = scores(model)
    folder = shutil.copytree(lora.path, tmp_path / "adapter")
    edit_json(folder / "adapter_config.json", init_lora_weights="pissa")
    with pytest.raises(ModelError, match="rewrites the base's weights"):
        scores(model, Adapter("pissa", folder, adapter_digest(folder)))
    targets = LoraConfig(r=2, target_modules=["embed_tokens"], ensure_weight_tying=True, task_type="CAUSAL_LM")
    embedded = make_adapter(seed=4, config=targets, embeddings=True)
    assert scores(model, embedded) != before
    _overwrite_embedding(embedded.path)
    with pytest.raises(ModelError, match=r"carries its own .*base_layer.weight"):
        scores(model, replace(embedded, digest=adapter_digest(embedded.path)))
    assert scores(model) == before


def test_an_adapter_for_another_base_is_refused_naming_both(
    model: HfModel,
    make_adapter: MakeAdapter,
    save_base: Callable[..., Path],
    tmp_path: Path,
    checkpoint: BaseCheckpoint,
) -> None:
    wide = save_base(tmp_path / "wide-base", hidden=96)
    stranger = make_adapter(seed=5, base=wide)
    with pytest.raises(ModelError, match=r"for '.*wide-base' and does not fit the base '.*/base': .* in the adapter"):
        scores(model, stranger)
    shallow = find_base(str(save_base(tmp_path / "shallow", layers=1)), revision=None, dtype="float32")
    with pytest.raises(ModelError, match="has only layers 0 to 0"):
        scores(HfModel(shallow), make_adapter(seed=6))
    shorter = make_adapter(seed=7, base=shallow.folder)
    with pytest.raises(ModelError, match=r"does not fit .* no match for"):
        scores(HfModel(checkpoint), shorter)


def _config(kind: str) -> object:
    from peft import IA3Config, LoraConfig, PrefixTuningConfig, PromptTuningConfig

    if kind == "dora":
        return LoraConfig(r=2, target_modules=["q_proj"], use_dora=True, task_type="CAUSAL_LM")
    if kind == "ia3":
        targets, forward = ["k_proj", "down_proj"], ["down_proj"]
        return IA3Config(target_modules=targets, feedforward_modules=forward, task_type="CAUSAL_LM")
    if kind == "prefix":
        return PrefixTuningConfig(num_virtual_tokens=3, task_type="CAUSAL_LM")
    if kind == "prompt":
        return PromptTuningConfig(num_virtual_tokens=3, task_type="CAUSAL_LM")
    if kind == "trainable_tokens":
        return LoraConfig(r=2, target_modules=["q_proj"], trainable_token_indices=[5, 6], task_type="CAUSAL_LM")
    return LoraConfig(r=2, target_modules=["q_proj"], modules_to_save=["norm"], task_type="CAUSAL_LM")


def _by_peft(base_folder: Path, adapter: Adapter) -> list[float]:
    """Log-likelihoods of the last prompt's options by PEFT's own forward."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    reference = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base_folder), str(adapter.path))
    context = tokenizer(PROMPTS[2].shown, add_special_tokens=False)["input_ids"]
    values = []
    for option in OPTIONS[2]:
        whole = tokenizer(PROMPTS[2].shown + option, add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            ids = torch.tensor([whole])
            logits = reference(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -len(whole) :]
        logs = logits.log_softmax(-1)
        values.append(sum(float(logs[place - 1, whole[place]]) for place in range(len(context), len(whole))))
    return values


def _overwrite_embedding(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    file = folder / "adapter_model.safetensors"
    weights = load_file(file)
    name = next(name for name in weights if name.endswith("base_layer.weight"))
    save_file(weights | {name: weights[name] + 1}, file, metadata={"format": "pt"})


@pytest.mark.slow
def test_the_libraries_that_peft_imports_say_nothing(lora: Adapter) -> None:
    folder = str(lora.path)
    code = (
        "import sys; from pathlib import Path; from evalsuite.models.checkpoints.adapter import read_config\n"
        "from evalsuite.models.hf.adapters import _check_kind; from evalsuite.records import Adapter\n"
        "folder = Path(sys.argv[1]); _check_kind(Adapter('a', folder, 'd'), read_config(folder))"
    )
    ended = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
