"""Supervised fine-tuning as a person meets it: it learns, repeats itself exactly, and refuses what it would spoil."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tiny_training import OPTIONS, Job, contents, row

from evalsuite.errors import TrainingError
from evalsuite.records import Example, Prompt
from evalsuite.train.loop.supervised import IGNORED, chat, tokenise
from evalsuite.train.loop.trainer import Loaded, fit
from evalsuite.train.methods.sft import Sft

Make = Callable[..., Job]


def test_the_options_are_known_without_loading_torch() -> None:
    code = "import sys, evalsuite.train.methods.sft; sys.exit(any(m in sys.modules for m in ('torch', 'transformers')))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0


@pytest.mark.slow
def test_the_loss_falls_and_the_training_is_recorded(job: Make, capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    training = job().run(said)
    losses = [point.loss for point in training.curve if point.loss is not None]
    held_out = [(point.step, point.held_out_loss) for point in training.curve if point.held_out_loss is not None]
    assert losses[-1] < losses[0] - 0.5
    assert [step for step, _ in held_out] == [6, 12, 18, 24]
    assert training.held_out_loss == held_out[-1][1]
    assert (training.trained_parameters, training.tokens_seen > 1000) == (8192, True)
    assert training.wall_seconds > 0 < training.peak_memory_mb
    assert said[0].startswith("step 2/24, loss ")
    assert said[0].endswith(" s left")
    assert sorted(contents(training.adapter.path)) == ["README.md", "adapter_config.json", "adapter_model.safetensors"]
    assert [path.name for path in training.adapter.path.parent.iterdir()] == ["adapter"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_the_same_job_gives_the_same_bytes_in_any_process(job: Make, tmp_path: Path) -> None:
    jobs = [replace(job(), output=str(tmp_path / str(number))) for number in range(3)]
    workers = [jobs[number].start(hash_seed=number) for number in (1, 2)]
    jobs[0].run()
    outputs = [worker.communicate() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    assert contents(jobs[0].output) == contents(jobs[1].output) == contents(jobs[2].output)


@pytest.mark.slow
def test_another_row_or_seed_gives_another_adapter(job: Make) -> None:
    digests = [
        made.run().adapter.digest for made in (job(), job(extra="Nothing at all grows there."), job(seed=8), job())
    ]
    assert len(set(digests)) == 3
    assert digests[0] == digests[3]


@pytest.mark.slow
def test_a_killed_training_ends_as_if_nothing_had_happened(job: Make, tmp_path: Path) -> None:
    # 14 lies between the checkpoints of steps 12 and 18, inside an epoch; dropout makes the random state count.
    killed = job(kill_at="step 14/24")
    worker = killed.start()
    worker.communicate()
    assert worker.returncode == -9
    assert not Path(killed.output).exists()
    partial = Path(f"{killed.output}.partial")
    assert [path.name for path in partial.glob("checkpoint-*")] == ["checkpoint-12"]
    cut_off = partial / "checkpoint-13"
    cut_off.mkdir()
    (cut_off / "trainer_state.json").write_text('{"global_')
    said: list[str] = []
    resumed = replace(killed, kill_at=None).run(said)
    undisturbed = replace(killed, kill_at=None, output=str(tmp_path / "other")).run()
    assert said[0] == "going on from checkpoint-12"
    assert resumed.held_out_loss == undisturbed.held_out_loss
    assert resumed.curve == undisturbed.curve
    assert resumed.tokens_seen == undisturbed.tokens_seen
    assert contents(resumed.adapter.path) == contents(undisturbed.adapter.path)
    assert not partial.exists()


@pytest.mark.slow
def test_checkpoints_of_another_job_are_not_gone_on_from(job: Make) -> None:
    worker = job(kill_at="step 14/24").start()
    worker.communicate()
    said: list[str] = []
    job(seed=8).run(said)
    assert said[0].startswith("step 2/24")


@pytest.mark.slow
def test_peers_load_the_adapter_and_compute_the_same(job: Make, base: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    made, kept = job(), {}

    def build(loaded: Loaded) -> Any:
        kept["trainer"] = made.method._trainer(made.training_job([]), loaded)
        return kept["trainer"]

    fit(made.training_job([]), made.method, build=build)
    peer = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), made.output)
    ids = torch.arange(10, 40)[None]
    with torch.no_grad():
        assert torch.equal(kept["trainer"].model.eval()(ids).logits, peer.eval()(ids).logits)
        with peer.disable_adapter():
            assert not torch.equal(kept["trainer"].model(ids).logits, peer(ids).logits)


@pytest.mark.slow
def test_early_stopping_stops_and_keeps_the_best(job: Make, base: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options = {"early_stopping": 2, "evaluations": 24, "learning_rate": 0.3}
    made = job(options=options)
    training = made.run()
    held_out = [point.held_out_loss for point in training.curve if point.held_out_loss is not None]
    assert len(held_out) < 24
    assert training.held_out_loss == min(held_out) == held_out[-3]
    rows = tokenise(made.training_job([]).held_out, AutoTokenizer.from_pretrained(base), max_length=64, what="rows")
    peer = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), made.output)
    total, count = 0.0, 0
    for item in rows:
        tokens = sum(label != IGNORED for label in item["labels"])
        with torch.no_grad():
            ids, labels = torch.tensor([item["input_ids"]]), torch.tensor([item["labels"]])
            total += float(peer.eval()(ids, labels=labels).loss) * tokens
        count += tokens
    assert total / count == pytest.approx(training.held_out_loss, rel=1e-4)


@pytest.mark.slow
def test_packed_rows_do_not_see_each_other(job: Make) -> None:
    still = {"epochs": 1, "batch_size": 24, "learning_rate": 1e-9, "adapter": {"type": "lora"}}
    plain = job(options=still, held_out=0).run()
    packed = job(options={**still, "packing": True}, held_out=0).run()
    assert packed.curve[0].loss == pytest.approx(plain.curve[0].loss, rel=1e-5)
    assert packed.tokens_seen == plain.tokens_seen


@pytest.mark.slow
def test_only_the_completion_carries_loss_just_as_in_trl(base: Path, tmp_path: Path) -> None:
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    tokenizer = AutoTokenizer.from_pretrained(base)
    raw = Example(Prompt.raw("In field 3 there"), " grows an elm.")
    rows = tokenise([row(1), row(2), raw], tokenizer, max_length=64, what="rows")
    learned = [[label for label in item["labels"] if label != IGNORED] for item in rows]
    assert tokenizer.batch_decode(learned) == [f"{r.completion}<|end|>" for r in (row(1), row(2), raw)]
    prompt, completion = chat(row(1))
    config = SFTConfig(str(tmp_path), use_cpu=True, bf16=False, report_to="none")
    columns = Dataset.from_list([{"prompt": prompt, "completion": completion}])
    theirs = SFTTrainer(str(base), config, train_dataset=columns, processing_class=tokenizer).train_dataset[0]
    assert rows[0] == {"input_ids": theirs["input_ids"], "labels": theirs["labels"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rows": 0}, "oak-sft  there are no training rows"),
        (
            {"extra": "elm " * 90},
            "1 of 24 training rows are longer than max_length 64 tokens (the first is row 1, the longest has",
        ),
        ({"options": {"early_stopping": 1}, "held_out": 0}, "early_stopping needs held-out rows"),
        ({"options": {"adapter": {"type": "lora", "target_modules": ["query"]}}}, "oak-sft  the training failed: "),
        ({"base": "/nowhere"}, "oak-sft  the training failed: "),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(job: Make, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TrainingError) as refusal:
        replace(job(), **changes).run()
    assert sentence in str(refusal.value)
    assert not Path(job().output).exists()


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_the_training(job: Make) -> None:
    with pytest.raises(TrainingError, match=r"oak-sft  the .*loss is nan at step .*; lower learning_rate"):
        job(options={"learning_rate": 1.0, "adapter": {"type": "lora", "r": 1, "alpha": 10**42}}).run()


@pytest.mark.parametrize(
    "change", [{"data": []}, {"learning_rate": 0}, {"adapter": {"type": "lora", "target_modules": []}}, {"epoch": 3}]
)
def test_wrong_options_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Sft.model_validate_json(json.dumps({**OPTIONS, **change}))
