"""Whole texts and prompts as the in-process backend sees them, on a tiny random model."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.base import BaseCheckpoint
from evalsuite.models.hf.chat_template import Chat, load_chat
from evalsuite.models.hf.hf_model import HfModel
from evalsuite.records import Adapter, Message, Prompt

TEXT = "the baker of the town sells bread and cakes to all who come in the morning"


def test_a_texts_likelihood_is_what_transformers_computes(model: HfModel, base_folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer(TEXT, add_special_tokens=False)["input_ids"]]])
    with torch.inference_mode():
        logits = AutoModelForCausalLM.from_pretrained(base_folder)(ids).logits.double().log_softmax(-1)
    wanted = logits[0, :-1].gather(1, ids[0, 1:, None]).sum().item()
    (found,) = model.loglikelihood([TEXT])
    assert found.value == pytest.approx(wanted, abs=1e-4)
    assert found.tokens == ids.shape[1] - 1


def test_a_long_text_is_read_in_windows_that_predict_each_token_once(checkpoint: BaseCheckpoint) -> None:
    chat = load_chat(checkpoint)
    (whole,) = chat.windows(TEXT, context=None)
    (tokens,) = whole.options
    for context in range(2, len(tokens) + 3):
        parts = chat.windows(TEXT, context=context)
        assert [token for part in parts for token in part.options[0]] == list(tokens)
        assert all(len(part.context) + len(part.options[0]) - 1 <= context for part in parts)
        # The last part sees as much as fits.
        last = parts[-1]
        assert len(last.context) + len(last.options[0]) - 1 == min(context, len(tokens))
    assert whole.context == (1,), "a text begins after the BOS"


def test_texts_longer_than_the_context_have_a_likelihood(model: HfModel, lora: Adapter) -> None:
    long = " ".join([TEXT] * 20)
    (base,), (tuned,) = model.loglikelihood([long]), model.loglikelihood([long], adapter=lora)
    assert base.tokens == tuned.tokens > 256
    assert base.value != tuned.value
    assert model.loglikelihood([]) == []


def test_an_empty_text_is_refused(model: HfModel) -> None:
    with pytest.raises(ModelError, match="cannot be read: no BOS token, or an empty text"):
        model.loglikelihood([""])


def test_a_prompt_is_rendered_with_its_special_tokens_and_without_weights(checkpoint: BaseCheckpoint) -> None:
    model = HfModel(checkpoint)
    chat, raw = model.render([Prompt(messages=(Message("system", "Be"), Message("user", "the sky"))), Prompt.raw(TEXT)])
    assert chat.text == "<s><system>Be<end><user>the sky<end><assistant>"
    assert (chat.pieces[:2], chat.pieces[-1]) == (("<s>", "<system>"), "<assistant>")
    assert [list(chat.tokens)] == load_chat(checkpoint).encode(
        [Prompt(messages=(Message("system", "Be"), Message("user", "the sky")))]
    )
    assert raw.text == TEXT


def test_a_second_bos_is_an_error_when_rendered_too(base_folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    with pytest.raises(ModelError, match="begins with two BOS tokens"):
        Chat(tokenizer, label="base").render([Prompt.raw("<s><s>hello")])
    tokenizer.chat_template = None
    with pytest.raises(ModelError, match="has no chat template"):
        Chat(tokenizer, label="base").render([Prompt.user("hello")])
