"""A random Llama that reads long prompts, lm-evaluation-harness on the same weights, and local public data."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from asking import SUBJECTS, Noting, rows_of, write_rows, write_tasks

from evalsuite.models.checkpoints.base import find_base
from evalsuite.spec.loading.lookup import quickstart_base

# The harness asks its own libraries about the network when it is imported.
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
# Models this small are several times as fast on one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")


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
    tokenizer = AutoTokenizer.from_pretrained(quickstart_base())
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


@pytest.fixture(scope="session")
def ours(llama: Path) -> Noting:
    return Noting(find_base(str(llama), revision=None, dtype="float32"))


@pytest.fixture
def run_theirs(theirs: Any, tmp_path: Path) -> Callable[..., dict[str, list[dict[str, Any]]]]:
    """Runs task documents on local files through the harness; gives its samples by task, in order."""

    def run(*tasks: Mapping[str, Any], shots: int = 0, chat: bool = False, turns: bool = False) -> Any:
        from lm_eval import simple_evaluate
        from lm_eval.tasks import TaskManager

        folder = write_tasks(tmp_path / "tasks", *tasks)
        found = simple_evaluate(
            model=theirs, tasks=[task["task"] for task in tasks], task_manager=TaskManager(include_path=str(folder)),
            num_fewshot=shots, apply_chat_template=chat, fewshot_as_multiturn=turns, bootstrap_iters=0,
        )  # fmt: skip
        assert found is not None
        return found["samples"]

    return run


@pytest.fixture(scope="session")
def mmlu(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the eight subjects, in folders test/ and dev/ and, for the harness, one folder per subject."""
    folder = tmp_path_factory.mktemp("mmlu")
    for subject in SUBJECTS:
        for split in ("test", "dev"):
            rows = [
                {
                    "question": row["question"],
                    "choices": [row[f"choice{n}"] for n in range(4)],
                    "answer": int(row["answer"]),
                }
                for row in rows_of(shared_data / "mmlu" / split / f"{subject}_{split}.csv")
            ]
            write_rows(folder / split / f"{subject}.jsonl", rows)
            write_rows(folder / subject / f"{split}.jsonl", rows)
    return folder
