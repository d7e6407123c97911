"""The proof that an adapter was applied, and the scripted model that lets it be told without weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalsuite.errors import AdapterNotApplied, ModelError
from evalsuite.models.hf.hf_model import HfModel
from evalsuite.models.protocol import Model
from evalsuite.models.scripted import ScriptedModel
from evalsuite.models.subject import Proof, applied_proof
from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Sampling

PROMPTS = [Prompt.user("who sells bread?"), Prompt.user("what is blue?")]
ADAPTER = Adapter("tuned", Path("out/tuned"), "d" * 64)


def test_a_trained_adapter_passes_and_one_with_zero_weights_does_not(
    model: HfModel, lora: Adapter, make_adapter: Callable[..., Adapter]
) -> None:
    proof = applied_proof(model, lora, PROMPTS)
    assert proof.prompts == 2
    assert proof.max_difference > 0.01
    with pytest.raises(AdapterNotApplied, match=r"fixed replies to 2 prompts.*allow_no_effect: true"):
        applied_proof(model, make_adapter(seed=8, scale=0), PROMPTS)


def test_the_proof_is_the_largest_difference() -> None:
    def likelihood(prompt: Prompt, option: str, adapter: Adapter | None) -> float:
        return -3.0 if adapter is None else -3.0 + 0.25 * (prompt is PROMPTS[1])

    model = ScriptedModel(lambda prompt, adapter: "", likelihood)
    assert applied_proof(model, ADAPTER, PROMPTS) == Proof(0.25, 2)
    assert model.asked == 4


def test_a_proof_needs_prompts_and_numbers() -> None:
    with pytest.raises(ModelError, match="at least one"):
        applied_proof(ScriptedModel(lambda prompt, adapter: ""), ADAPTER, [])
    broken = ScriptedModel(lambda prompt, adapter: "", lambda prompt, option, adapter: float("nan"))
    with pytest.raises(ModelError, match="not numbers"):
        applied_proof(broken, ADAPTER, PROMPTS)


def test_a_scripted_model_answers_from_its_function() -> None:
    scripted = ScriptedModel(lambda prompt, adapter: f"{prompt.shown} {'yes' if adapter else 'no'} END x", digest="abc")
    model: Model = scripted
    sampling = Sampling(max_tokens=4, stop=(" END",))
    assert model.generate(PROMPTS, sampling=sampling, adapter=ADAPTER) == [
        Completion("who sells bread? yes", 4, 3, "stop"),
        Completion("what is blue? yes", 4, 3, "stop"),
    ]
    assert model.generate(PROMPTS[:1], sampling=Sampling(max_tokens=2))[0] == Completion("who sells", 2, 3, "length")
    assert (model.digest, scripted.asked) == ("abc", 3)


def test_a_scripted_model_prefers_the_option_it_would_answer() -> None:
    model = ScriptedModel(lambda prompt, adapter: "the baker")
    assert model.choices(PROMPTS[:1], [["the baker", "no one"]]) == [(LogLikelihood(-1.0, 2), LogLikelihood(-10.0, 2))]
