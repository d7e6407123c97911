"""Likelihood and divergence of plain text, against transformers asked directly."""

from __future__ import annotations

import math

import pytest

from evalsuite.errors import ModelError
from evalsuite.models.hf.hf_model import HfModel
from evalsuite.models.subject import ModelSubject
from evalsuite.records import Completion, Prompt

TEXTS = [
    "the baker of the town sells bread and cakes to all who come in the morning",
    "two and two are four",
    "a river runs under the old bridge",
]


def reference(base_folder, text, adapter=None):
    """Log-probabilities of every next token, and the tokens, with a start token before them."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    model = AutoModelForCausalLM.from_pretrained(base_folder)
    if adapter is not None:
        model = PeftModel.from_pretrained(model, str(adapter.path))
    ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False)["input_ids"]]])
    with torch.inference_mode():
        return model(input_ids=ids).logits[0, :-1].log_softmax(-1), ids[0, 1:]


def test_the_loss_is_what_transformers_says(model: HfModel, base_folder) -> None:
    for text, found in zip(TEXTS, model.drift(TEXTS), strict=True):
        chances, ids = reference(base_folder, text)
        assert found.tokens == len(ids)
        assert found.nll == pytest.approx(float(-chances.gather(1, ids[:, None]).sum()), rel=1e-5)
        assert found.kl == 0.0


def test_the_divergence_is_of_base_from_adapter_in_this_direction(model: HfModel, base_folder, lora) -> None:
    for text, found in zip(TEXTS, model.drift(TEXTS, adapter=lora), strict=True):
        base, _ = reference(base_folder, text)
        ours, ids = reference(base_folder, text, lora)
        assert found.kl == pytest.approx(float((base.exp() * (base - ours)).sum()), rel=1e-4)
        assert found.kl != pytest.approx(float((ours.exp() * (ours - base)).sum()), rel=1e-3)
        assert found.nll == pytest.approx(float(-ours.gather(1, ids[:, None]).sum()), rel=1e-5)


def test_an_adapter_whose_b_is_zero_has_no_divergence_at_all(model: HfModel, make_adapter) -> None:
    untouched = make_adapter(seed=3, scale=0.0)
    assert [found.kl for found in model.drift(TEXTS, adapter=untouched)] == [0.0, 0.0, 0.0]
    assert model.drift(TEXTS, adapter=untouched) == model.drift(TEXTS)


def test_a_text_longer_than_the_context_is_measured_in_parts(model: HfModel) -> None:
    long = " ".join(TEXTS * 30)
    (found,) = model.drift([long])
    assert found.tokens > 256
    assert math.isfinite(found.nll)


def test_the_base_answers_as_before_after_an_adapter_was_measured(model: HfModel, lora) -> None:
    before = model.drift(TEXTS)
    model.drift(TEXTS, adapter=lora)
    assert model.drift(TEXTS) == before


def test_what_is_recited_is_what_greedy_decoding_says(model: HfModel, base_folder) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    (found, short) = model.recite([(Prompt.raw(""), TEXTS[0]), (Prompt.raw(""), "two")], context=6, length=5)
    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    ids = [tokenizer.bos_token_id, *tokenizer(TEXTS[0], add_special_tokens=False)["input_ids"]]
    reference = AutoModelForCausalLM.from_pretrained(base_folder)
    said = reference.generate(torch.tensor([ids[:6]]), max_new_tokens=5, min_new_tokens=5, do_sample=False)
    assert short is None
    assert found is not None
    assert found.truth == tuple(ids[6:11])
    assert found.said == tuple(said[0, 6:].tolist())


class Remote:
    """A model behind a network: it generates, and shows no predictions."""

    digest = "remote"

    def generate(self, prompts, *, sampling, adapter=None):
        return [Completion("yes", 1, 1, "stop") for _ in prompts]

    def choices(self, prompts, options, *, adapter=None):
        raise NotImplementedError


def test_a_model_that_cannot_show_its_predictions_says_so() -> None:
    with pytest.raises(ModelError, match="drift needs a model in this process"):
        ModelSubject(Remote(), None).drift(["text"])
    with pytest.raises(ModelError, match="memorisation needs a model in this process"):
        ModelSubject(Remote(), None).recite([(Prompt.raw(""), "text")], context=1, length=1)
