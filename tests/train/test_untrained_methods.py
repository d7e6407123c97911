"""Methods that train nothing of ours: a context, a command of your own, a merge of adapters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from evalsuite.errors import TrainingError
from evalsuite.models.checkpoints.context import FewShotContext as Shown
from evalsuite.models.checkpoints.context import Passages, read_context
from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Prompt
from evalsuite.train.methods.command import Command
from evalsuite.train.methods.few_shot import FewShot
from evalsuite.train.methods.merge import Merge
from evalsuite.train.methods.rag import Rag

ROWS = (Example(Prompt.user("Who?"), "Mara."), Example(Prompt.raw(""), "Oakton has a bridge."))
LAYER = "base_model.model.model.layers.0.mlp.up_proj"


def job(tmp_path: Path, *, rows: tuple[Example, ...] = ROWS, inputs: tuple[Path, ...] = ()) -> TrainingJob:
    return TrainingJob(
        name="mine",
        base=tmp_path / "base",
        train=rows,
        held_out=(),
        seed=0,
        output=tmp_path / "kept" / "mine",
        progress=lambda text: None,
        folder=tmp_path,
        inputs=inputs,
    )


def lora(folder: Path, seed: int, *, alpha: int = 4, **options: object) -> Path:
    folder.mkdir(parents=True)
    draw = torch.Generator().manual_seed(seed)
    tensors = {"lora_A": torch.randn(2, 3, generator=draw), "lora_B": torch.randn(5, 2, generator=draw)}
    save_file(
        {f"{LAYER}.{name}.weight": tensor for name, tensor in tensors.items()}, folder / "adapter_model.safetensors"
    )
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": alpha, "target_modules": ["up_proj"], **options}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


def delta(folder: Path) -> torch.Tensor:
    config = json.loads((folder / "adapter_config.json").read_text())
    tensors = load_file(folder / "adapter_model.safetensors")
    return config["lora_alpha"] / config["r"] * tensors[f"{LAYER}.lora_B.weight"] @ tensors[f"{LAYER}.lora_A.weight"]


def files(*folders: Path) -> tuple[Path, ...]:
    return tuple(folder / name for folder in folders for name in ("adapter_model.safetensors", "adapter_config.json"))


def merge(tmp_path: Path, *folders: Path, **options: object) -> torch.Tensor:
    parts = [{"path": folder.name} for folder in folders]
    method = Merge.model_validate_json(json.dumps({"method": "merge", "adapters": parts, **options}))
    trained = method.train(job(tmp_path, inputs=files(*folders)))
    return delta(trained.adapter.path)


def test_few_shot_keeps_its_rows_and_counts_nothing_as_trained(tmp_path):
    method = FewShot.model_construct(k=2, select="similar")
    trained = method.train(job(tmp_path))
    assert read_context(trained.adapter.path) == Shown(ROWS, 2, "similar")
    assert (trained.trained_parameters, trained.tokens_seen, trained.held_out_loss, trained.curve) == (0, 0, None, ())


def test_rag_turns_rows_and_texts_into_passages_in_one_order(tmp_path):
    trained = Rag.model_construct(k=1, template="{passages}\n\n{question}").train(job(tmp_path, rows=ROWS[::-1]))
    assert read_context(trained.adapter.path) == Passages(
        ("Oakton has a bridge.", "Who?\nMara."), 1, "{passages}\n\n{question}"
    )


def test_without_rows_there_is_no_context(tmp_path):
    with pytest.raises(TrainingError, match="mine  there are no rows"):
        Rag.model_construct(k=1, template="{passages} {question}").train(job(tmp_path, rows=()))


def test_a_command_leaves_an_adapter_which_is_copied_and_its_log_is_kept(tmp_path):
    lora(tmp_path / "made", 1)
    run = "echo training on $EVALSUITE_BASE_MODEL && mkdir -p out && cp made/* out/"
    trained = Command(method="command", run=run, output="out").train(job(tmp_path))
    assert torch.equal(delta(trained.adapter.path), delta(tmp_path / "made"))
    assert (tmp_path / "kept" / "mine.log").read_text() == f"training on {tmp_path / 'base'}\n"
    (tmp_path / "out" / "adapter_config.json").unlink()
    assert trained.adapter.path.joinpath("adapter_config.json").is_file()


def test_a_command_that_fails_shows_the_end_of_its_log(tmp_path):
    with pytest.raises(TrainingError, match=r"mine  the command ended with 3; the end of .*mine\.log:\n  out of luck"):
        Command(method="command", run="echo out of luck; exit 3", output="out").train(job(tmp_path))


def test_a_command_that_leaves_nothing_is_told(tmp_path):
    with pytest.raises(TrainingError, match="ended well but left no PEFT adapter in"):
        Command(method="command", run="true", output="out").train(job(tmp_path))


def test_a_linear_merge_is_the_weighted_sum_of_the_updates(tmp_path):
    first, second = lora(tmp_path / "one", 1), lora(tmp_path / "two", 2, alpha=6, use_rslora=True)
    config = json.loads((second / "adapter_config.json").read_text())
    tensors = load_file(second / "adapter_model.safetensors")
    scaled = config["lora_alpha"] / 2**0.5 * tensors[f"{LAYER}.lora_B.weight"] @ tensors[f"{LAYER}.lora_A.weight"]
    torch.testing.assert_close(merge(tmp_path, first, second), delta(first) + scaled)


def test_slerp_with_itself_is_itself_and_runs_between_two_only(tmp_path):
    first = lora(tmp_path / "one", 1)
    torch.testing.assert_close(merge(tmp_path, first, first, how="slerp", t=0.3), delta(first))
    with pytest.raises(ValueError, match="slerp runs between two adapters, and there are 3"):
        merge(tmp_path, first, first, first, how="slerp")


@pytest.mark.parametrize("how", ["ties", "dare"])
def test_keeping_every_element_of_one_adapter_twice_changes_little(tmp_path, how):
    first = lora(tmp_path / "one", 1)
    merged = merge(tmp_path, first, first, how=how, density=1.0)
    torch.testing.assert_close(merged, delta(first) * (1 if how == "ties" else 2), atol=1e-5, rtol=1e-4)


def test_an_adapter_that_is_more_than_a_lora_is_not_merged(tmp_path):
    first, second = lora(tmp_path / "one", 1), lora(tmp_path / "two", 2, use_dora=True)
    with pytest.raises(TrainingError, match=r"two is no plain LoRA \(use_dora\), and only those can be merged"):
        merge(tmp_path, first, second)
