"""Generation and choice with the in-process backend, on a tiny random model."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.base import BaseCheckpoint, find_base
from evalsuite.models.hf.chat_template import Chat
from evalsuite.models.hf.decoding import Decoder, Request
from evalsuite.models.hf.hf_model import HfModel
from evalsuite.models.hf.network import load_network
from evalsuite.records import LogLikelihood, Message, Prompt, Sampling

TEXT = "what does the baker of the town say to the children who throw stones into the river at night?"
QUESTIONS = [Prompt.user(TEXT[: 9 + 11 * number]) for number in range(8)] + [Prompt.raw(TEXT[9:])]
SaveBase = Callable[..., Path]
GREEDY = Sampling(max_tokens=24)


def test_a_batch_answers_as_one_by_one(model: HfModel) -> None:
    together = model.generate(QUESTIONS, sampling=GREEDY)
    assert together == [model.generate([prompt], sampling=GREEDY)[0] for prompt in QUESTIONS]


def test_answers_keep_the_order_of_the_prompts(model: HfModel) -> None:
    forward = model.generate(QUESTIONS, sampling=GREEDY)
    assert model.generate(QUESTIONS[::-1], sampling=GREEDY) == forward[::-1]
    assert len({reply.text for reply in forward}) > len(forward) / 2


def test_greedy_decoding_is_what_transformers_generates(model: HfModel, base_folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    reference = AutoModelForCausalLM.from_pretrained(base_folder)
    for prompt, reply in zip(QUESTIONS[:3], model.generate(QUESTIONS[:3], sampling=GREEDY), strict=True):
        rendered = tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt.shown}],
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
        tokens = reference.generate(**rendered, max_new_tokens=24, do_sample=False)[0, rendered["input_ids"].shape[1] :]
        assert reply.text == tokenizer.decode(tokens, skip_special_tokens=True)
        assert (reply.tokens, reply.prompt_tokens) == (len(tokens), rendered["input_ids"].shape[1])


def test_sampling_repeats_for_a_seed_whatever_the_batch(model: HfModel) -> None:
    drawn = Sampling(max_tokens=16, temperature=1.0, seed=5)
    together = model.generate(QUESTIONS, sampling=drawn)
    assert together == [model.generate([prompt], sampling=drawn)[0] for prompt in QUESTIONS]
    other = model.generate(QUESTIONS, sampling=Sampling(max_tokens=16, temperature=1.0, seed=6))
    assert [reply.text for reply in other] != [reply.text for reply in together]


def test_sampling_follows_the_models_distribution(model: HfModel, checkpoint: BaseCheckpoint) -> None:
    prompt, draws = Prompt.user("what"), 400
    network = load_network(checkpoint)
    chat = Chat(network.tokenizer, label="tiny")
    decoder = Decoder(network, chat, sampling=Sampling(max_tokens=1, temperature=1.0))
    tokens = tuple(chat.encode([prompt])[0])
    drawn = [reply.text for reply in decoder.complete([Request(tokens, seed) for seed in range(draws)])]
    common = sorted({text for text in drawn if text.isascii() and drawn.count(text) > draws / 25})
    likely = [math.exp(score.value) for score in model.choices([prompt], [common])[0]]
    assert [drawn.count(text) / draws for text in common] == pytest.approx(likely, abs=0.07)


def test_a_reply_ends_before_its_stop_string(model: HfModel) -> None:
    whole = model.generate(QUESTIONS[:1], sampling=GREEDY)[0]
    stop = whole.text[8:11]
    cut = model.generate(QUESTIONS[:1], sampling=Sampling(max_tokens=24, stop=("never", stop)))[0]
    assert cut.text == whole.text[: whole.text.find(stop)]
    assert cut.finish == "stop"
    assert cut.tokens < whole.tokens


def test_a_reply_ends_at_the_end_token_without_showing_it(
    model: HfModel, base_folder: Path, tmp_path: Path, edit_json: Callable[..., None]
) -> None:
    folder = Path(shutil.copytree(base_folder, tmp_path / "base"))
    edit_json(folder / "generation_config.json", eos_token_id=list(range(2, 380, 2)))
    ending = HfModel(_checkpoint(folder)).generate(QUESTIONS, sampling=GREEDY)
    for reply, whole in zip(ending, model.generate(QUESTIONS, sampling=GREEDY), strict=True):
        assert whole.text.startswith(reply.text)
        assert (reply.finish, reply.tokens < whole.tokens) == ("stop", True)


def test_a_prompt_beyond_the_context_is_refused_with_its_length(model: HfModel) -> None:
    with pytest.raises(ModelError, match=r"a prompt of \d+ tokens .* and a reply of 250 exceed its context of 256"):
        model.generate([Prompt.user("a long story")], sampling=Sampling(max_tokens=250))


OPTIONS = (" blue", " black and white", "b", " the baker of the town")


CONTEXTS = [Prompt.user("what is the colour?"), Prompt.raw("the sky is"), Prompt.raw("the sky is ")]


@pytest.mark.parametrize("prompt", CONTEXTS)
def test_choices_equal_one_full_forward_per_option(model: HfModel, base_folder: Path, prompt: Prompt) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_folder)
    reference = AutoModelForCausalLM.from_pretrained(base_folder)
    text = prompt.text if prompt.text is not None else f"<s><user>{prompt.shown}<end><assistant>"
    context = tokenizer(text, add_special_tokens=False)["input_ids"]
    wholes = [tokenizer(text + option, add_special_tokens=False)["input_ids"] for option in OPTIONS]
    start = len(context)
    while any(whole[:start] != context[:start] for whole in wholes):
        start -= 1
    expected = []
    for whole in wholes:
        with torch.inference_mode():
            logs = reference(torch.tensor([whole])).logits[0].log_softmax(-1)
        expected.append(sum(float(logs[place - 1, whole[place]]) for place in range(start, len(whole))))
    others = [(QUESTIONS[0], ["x", "yz"]), (prompt, OPTIONS), (QUESTIONS[5], ["some other reply"])]
    found = model.choices([one for one, _ in others], [options for _, options in others])[1]
    assert [score.value for score in found] == pytest.approx(expected, abs=1e-4)
    assert [score.tokens for score in found] == [len(whole) - start for whole in wholes]


def test_letters_share_one_row_and_score_as_each_alone(model: HfModel) -> None:
    prompt = Prompt.user("which letter?")
    together = model.choices([prompt], [["A", "B", "C"]])[0]
    alone = [model.choices([prompt], [[letter]])[0][0] for letter in "ABC"]
    assert [score.value for score in together] == pytest.approx([score.value for score in alone], abs=1e-5)
    assert all(isinstance(score, LogLikelihood) and score.tokens == 1 for score in together)


def test_an_empty_option_is_refused(model: HfModel) -> None:
    with pytest.raises(ModelError, match="is empty"):
        model.choices([Prompt.user("what?")], [["yes", ""]])


def test_no_prompts_have_no_answers(model: HfModel) -> None:
    assert model.generate([], sampling=GREEDY) == []
    assert model.choices([], []) == []


def test_a_second_bos_is_refused(model: HfModel, tmp_path: Path, save_base: SaveBase) -> None:
    with pytest.raises(ModelError, match="two BOS"):
        model.generate([Prompt.raw("<s><s>the sky")], sampling=GREEDY)
    template = "{{ bos_token }}{{ bos_token }}{{ messages[0]['content'] }}"
    doubled = HfModel(_checkpoint(save_base(tmp_path, template=template)))
    with pytest.raises(ModelError, match="two BOS"):
        doubled.choices([Prompt.user("the sky")], [["blue"]])


def test_conversations_need_a_chat_template_and_raw_text_does_not(tmp_path: Path, save_base: SaveBase) -> None:
    bare = HfModel(_checkpoint(save_base(tmp_path, template=None)))
    with pytest.raises(ModelError, match=r"no chat template.*chat_template.jinja"):
        bare.generate([Prompt.user("hello")], sampling=GREEDY)
    assert bare.generate([Prompt.raw("hello")], sampling=GREEDY)[0].tokens > 0


def test_a_conversation_the_template_refuses_is_a_plain_error(tmp_path: Path, save_base: SaveBase) -> None:
    refusing = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    picky = HfModel(_checkpoint(save_base(tmp_path, template=refusing)))
    with pytest.raises(ModelError, match="no system role"):
        picky.generate([Prompt(messages=(Message("system", "be kind"),))], sampling=GREEDY)


def test_a_checkpoint_without_all_its_weights_is_refused(tmp_path: Path, save_base: SaveBase) -> None:
    from safetensors.torch import load_file, save_file

    folder = save_base(tmp_path)
    weights = load_file(folder / "model.safetensors")
    weights.pop("model.layers.1.mlp.up_proj.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks weights.*up_proj"):
        HfModel(_checkpoint(folder)).generate(QUESTIONS, sampling=GREEDY)


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path, save_base: SaveBase) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    folder = save_base(tmp_path)
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"] = torch.full_like(weights["model.norm.weight"], float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    broken = HfModel(_checkpoint(folder))
    with pytest.raises(ModelError, match="not numbers"):
        broken.generate(QUESTIONS, sampling=GREEDY)
    with pytest.raises(ModelError, match="not numbers"):
        broken.choices(QUESTIONS[:1], [["yes"]])


def test_half_precision_answers_too(base_folder: Path) -> None:
    half = HfModel(find_base(str(base_folder), revision=None, dtype="bfloat16"))
    assert len(half.generate(QUESTIONS, sampling=GREEDY)) == len(QUESTIONS)


def test_an_unknown_kind_of_model_is_a_plain_error(
    tmp_path: Path, save_base: SaveBase, edit_json: Callable[..., None]
) -> None:
    folder = save_base(tmp_path)
    edit_json(folder / "config.json", model_type="no-such-kind")
    with pytest.raises(ModelError, match="cannot be loaded"):
        HfModel(_checkpoint(folder)).generate(QUESTIONS, sampling=GREEDY)


def _checkpoint(folder: Path) -> BaseCheckpoint:
    return find_base(str(folder), revision=None, dtype="float32")
