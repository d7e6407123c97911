"""A random Llama that reads long prompts, lm-evaluation-harness on the same weights, and local public data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from evalsuite import bundled

# The harness asks its own libraries about the network when it is imported.
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with public data, or a skip where it is absent."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("EVALSUITE_SHARED_DATA") or beside)
    if not folder.is_dir():
        pytest.skip(f"public data is not at {folder}; EVALSUITE_SHARED_DATA says where it is")
    return folder


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama with the quickstart's tokenizer and template and a context of 4,096 tokens."""
    torch = pytest.importorskip("torch")
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("llama")
    tokenizer = AutoTokenizer.from_pretrained(bundled.quickstart_base())
    tokenizer.model_max_length = 4096
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=4096, tie_word_embeddings=True, initializer_range=0.15,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def harness() -> Any:
    """lm-evaluation-harness, or a skip where it is not installed."""
    return pytest.importorskip("lm_eval", reason="lm-eval is not installed: pip install 'evalsuite[lm-eval]'")


@pytest.fixture(scope="session")
def theirs(harness: Any, llama: Path) -> Any:
    """The model as the harness itself loads and asks it."""
    from lm_eval.models.huggingface import HFLM

    return HFLM(pretrained=str(llama), device="cpu", dtype="float32", batch_size=8, max_length=4096)
