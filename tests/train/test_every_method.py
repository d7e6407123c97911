"""Every method with every adapter type: it trains, and whoever loads what it saved computes the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from tiny_training import OPTIONS, Job, contents, row

from evalsuite.models.checkpoints.base import find_base
from evalsuite.models.hf.hf_model import HfModel
from evalsuite.plugins import find
from evalsuite.records import Adapter, Prompt
from evalsuite.train.loop.training_options import AdapterType
from evalsuite.train.methods.sft import Sft

Make = Callable[..., Job]

TYPES = [kind.model_fields["type"].annotation.__args__[0] for kind in get_args(get_args(AdapterType)[0])]
# A few steps at a rate at which each type moves.
RATES = {"ia3": 0.05, "prefix": 0.05, "prompt": 0.1, "full": 1e-3}
FEW: dict[str, Any] = {"epochs": 1, "evaluations": 2}
WORDS = ("elm", "oak", "In field")


def trained(name: str) -> bool:
    """Whether the method trains weights on our rows, as all of ours with an adapter type do."""
    return "adapter" in find("methods")[name].model_fields


METHODS = [name for name in find("methods") if trained(name)]


def options(method: str, kind: str, **more: Any) -> dict[str, Any]:
    """A short training of this method and adapter type."""
    whom = {"teacher": {}} if method == "distill" else {}
    return {**FEW, **whom, "method": method, "adapter": {"type": kind}, "learning_rate": RATES.get(kind, 1e-2), **more}


def by_peft(base: Path, folder: Path, rows: list[tuple[list[int], list[int]]]) -> list[float]:
    """The log-likelihoods of continuations by plain PEFT, one row at a time."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), folder).eval()
    found = []
    for context, option in rows:
        with torch.inference_mode():
            logits = model(torch.tensor([context + option])).logits[0, -len(option) - 1 : -1]
        chosen = logits.log_softmax(-1)[range(len(option)), option]
        found.append(float(chosen.sum()))
    return found


def continuations(base: Path, prompts: list[Prompt]) -> list[tuple[list[int], list[int]]]:
    """Prompt and option as the model is asked them."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    asked = [f"<|user|>{prompt.shown}<|end|><|assistant|>" for prompt in prompts]
    return [(tokenizer(text)["input_ids"], tokenizer(word)["input_ids"]) for text in asked for word in WORDS]


def answers(model: HfModel, prompts: list[Prompt], adapter: Adapter | None) -> list[float]:
    """The log-likelihoods of the same continuations by evalsuite's own backend."""
    return [each.value for found in model.choices(prompts, [WORDS] * len(prompts), adapter=adapter) for each in found]


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_what_is_saved_answers_alike_everywhere(job: Make, base: Path, tmp_path: Path, method: str) -> None:
    model = HfModel(find_base(str(base), revision=None, dtype="float32"))
    prompts = [row(3).prompt, row(40).prompt]
    plain, sizes = answers(model, prompts, None), {}
    for kind in TYPES:
        if kind == "qlora" and find_spec("bitsandbytes") is None:
            continue
        made = replace(job(options=options(method, kind), rows=8), output=str(tmp_path / kind))
        training = made.run()
        swapped = answers(model, prompts, training.adapter)
        assert sorted(contents(made.output)) == ["README.md", "adapter_config.json", "adapter_model.safetensors"]
        assert swapped == pytest.approx(by_peft(base, Path(made.output), continuations(base, prompts)), abs=1e-5), kind
        assert max(abs(ours - base) for ours, base in zip(swapped, plain, strict=True)) > 1e-3, kind
        assert training.tokens_seen > 0 < training.trained_parameters < training.total_parameters, kind
        assert training.held_out_loss is not None, kind
        # An adapter trained over a 4-bit base is scored on the base as the spec gives it, and says so.
        assert ("held in 4 bits (nf4, double" in (Path(made.output) / "README.md").read_text()) == (kind == "qlora")
        sizes[kind] = (training.trained_parameters, training.total_parameters)
        # Every type's bytes once, every method's bytes once; all pairs would only take longer.
        if method != "sft" and kind != "lora":
            continue
        again = replace(made, output=str(tmp_path / f"{kind}-again")).run()
        assert contents(again.adapter.path) == contents(made.output), kind
    assert answers(model, prompts, None) == plain
    assert sizes.get("qlora", sizes["lora"]) == sizes["lora"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "kind"), [("dpo", "lora"), ("orpo", "prefix"), ("kto", "qlora"), ("simpo", "dora"), ("distill", "ia3")]
)
def test_a_killed_training_ends_as_if_nothing_had_happened(job: Make, tmp_path: Path, method: str, kind: str) -> None:
    if kind == "qlora":
        pytest.importorskip("bitsandbytes")
    short = options(method, kind, epochs=2, evaluations=3)
    killed = job(options=short, kill_at="step 9/12")
    worker = killed.start()
    worker.communicate()
    assert worker.returncode == -9
    assert not Path(killed.output).exists()
    said: list[str] = []
    resumed = replace(killed, kill_at=None).run(said)
    undisturbed = replace(killed, kill_at=None, output=str(tmp_path / "other")).run()
    assert "going on from checkpoint-8" in said
    assert resumed.curve == undisturbed.curve
    assert resumed.tokens_seen == undisturbed.tokens_seen
    assert contents(resumed.adapter.path) == contents(undisturbed.adapter.path)


@pytest.mark.slow
def test_the_options_of_every_method_are_known_without_loading_torch() -> None:
    code = (
        "import sys; from evalsuite.plugins import find; find('methods');"
        "sys.exit(any(m in sys.modules for m in ('torch', 'transformers', 'peft', 'trl', 'datasets')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", TYPES)
def test_every_pair_of_method_and_adapter_type_is_admitted(method: str, kind: str) -> None:
    made = find("methods")[method].model_validate_json(json.dumps({**OPTIONS, **options(method, kind)}))
    assert (made.method, made.adapter.type) == (method, kind)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"method": "sft", "packing": True, "adapter": {"type": "prefix"}}, "prefix stands before the whole of it"),
        ({"method": "sft", "packing": True, "adapter": {"type": "prompt"}}, "prompt stands before the whole of it"),
        ({"method": "sft", "adapter": {"type": "lora", "target_modules": ["lm_head"]}}, "remove lm_head from"),
        ({"method": "dpo", "adapter": {"type": "dora", "target_modules": ["lm_head"]}}, "remove lm_head from"),
        ({"method": "kto", "adapter": {"type": "ia3", "target_modules": ["q_proj", "lm_head"]}}, "remove lm_head from"),
        ({"method": "distill"}, "teacher\n  Field required"),
        ({"method": "distill", "teacher": {}, "packing": True, "adapter": {"type": "prompt"}}, "prompt stands before"),
        (
            {"method": "distill", "teacher": {}, "data": [{"path": "a", "format": "yaml"}]},
            "a teacher is asked in a conversation; remove `format`",
        ),
        (
            {"method": "distill", "teacher": {}, "data": [{"path": "a", "filter": {"by": "ifd"}}]},
            "the rows have no answers yet, so they cannot be filtered by ifd",
        ),
        ({"method": "kto", "batch_size": 1}, "set batch_size to 2 or more"),
        ({"adapter": {"type": "ia3", "feedforward_modules": ["up_proj"]}}, "must be among target_modules"),
        ({"adapter": {"type": "loar"}}, "does not match any of the expected tags"),
        ({"adapter": {"type": "prefix", "r": 8}}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_work_is_refused_before_any_training(change: dict[str, Any], sentence: str) -> None:
    given = {**OPTIONS, **change}
    with pytest.raises(ValidationError, match=sentence):
        find("methods")[given["method"]].model_validate_json(json.dumps(given))


def test_qlora_without_bitsandbytes_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from evalsuite.errors import TrainingError

    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    adapter = Sft.model_validate_json(json.dumps({**OPTIONS, "adapter": {"type": "qlora"}})).adapter
    with pytest.raises(TrainingError, match=r"pip install 'evalsuite\[quant\]'"):
        adapter.quantisation("float32")
