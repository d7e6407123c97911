"""A random tiny Llama with its own tokenizer and chat template, and adapters for it, made once per session."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalsuite.models.checkpoints.adapter import adapter_digest
from evalsuite.models.checkpoints.base import BaseCheckpoint, find_base
from evalsuite.models.hf.hf_model import HfModel
from evalsuite.records import Adapter

pytest.importorskip("torch")

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}{{ eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
CORPUS = [
    "the baker of the town sells bread and cakes to all who come in the morning",
    "a river runs under the old bridge and the children throw stones into it",
    "what is the colour of the sky over the sea? it is blue, and at night it is black",
    "two and two are four, three and four are seven, five and nine are fourteen",
]
MakeAdapter = Callable[..., Adapter]


def _save_base(
    folder: Path, *, hidden: int = 64, layers: int = 2, template: str | None = TEMPLATE, seed: int = 0
) -> Path:
    """A random Llama of the given size in `folder`."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    specials = ["<pad>", "<s>", "<end>", "<system>", "<user>", "<assistant>"]
    bpe.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=400, special_tokens=specials, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    ))  # fmt: skip
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="<end>", pad_token="<pad>")
    tokenizer.add_special_tokens({"additional_special_tokens": specials[3:]})
    tokenizer.chat_template = template
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=layers,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=True,
        initializer_range=0.2, bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def save_base() -> Callable[..., Path]:
    """`save_base(folder, hidden=64, layers=2, template=..., seed=0)` writes a random base model."""
    return _save_base


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _save_base(tmp_path_factory.mktemp("tiny") / "base")


@pytest.fixture(scope="session")
def checkpoint(base_folder: Path) -> BaseCheckpoint:
    return find_base(str(base_folder), revision=None, dtype="float32")


@pytest.fixture(scope="session")
def model(checkpoint: BaseCheckpoint) -> HfModel:
    return HfModel(checkpoint)


@pytest.fixture(scope="session")
def make_adapter(base_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> MakeAdapter:
    """Saves a random adapter: `make_adapter(seed=1)`, with a PEFT config or a base of its own where given."""

    def make(
        *, seed: int, config: Any = None, base: Path = base_folder, scale: float = 0.3, embeddings: bool = False
    ) -> Adapter:
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM

        lora = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM")
        wrapped = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config or lora)
        torch.manual_seed(seed)
        for parameter in wrapped.parameters():
            if parameter.requires_grad:
                noise = torch.randn_like(parameter) * scale
                # LoRA's B starts at zero and stays there with scale 0: an adapter that changes nothing.
                parameter.data = parameter.data + noise
        folder = tmp_path_factory.mktemp("adapter")
        wrapped.save_pretrained(str(folder), save_embedding_layers=embeddings)
        return Adapter(f"adapter-{seed}", folder, adapter_digest(folder))

    return make


@pytest.fixture(scope="session")
def lora(make_adapter: MakeAdapter) -> Adapter:
    return make_adapter(seed=1)


@pytest.fixture(scope="session")
def other_lora(make_adapter: MakeAdapter) -> Adapter:
    return make_adapter(seed=2)


@pytest.fixture(scope="session")
def edit_json() -> Callable[..., None]:
    """`edit_json(file, key=value)` rewrites some keys of a JSON file."""

    def edit(file: Path, **changes: object) -> None:
        file.write_text(json.dumps(json.loads(file.read_text()) | changes), encoding="utf-8")

    return edit
