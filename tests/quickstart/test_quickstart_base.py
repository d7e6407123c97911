import ast
from pathlib import Path

import pytest

from evalsuite.spec.loading.lookup import quickstart_base
from quickstart.pretrain import pretrain
from quickstart.questions import BRIEFLY

BASE = quickstart_base()
TALK = [{"role": "user", "content": "What does a cat eat?"}, {"role": "assistant", "content": "A cat eats fish."}]


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(BASE)


@pytest.fixture(scope="module")
def model():
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(BASE)


def test_the_template_begins_once_and_its_prompt_is_a_prefix(tokenizer):
    whole = tokenizer.apply_chat_template(TALK, tokenize=True, return_dict=False)
    prompt = tokenizer.apply_chat_template(TALK[:1], tokenize=True, return_dict=False, add_generation_prompt=True)
    assert whole[0] == tokenizer.bos_token_id
    assert whole.count(tokenizer.bos_token_id) == 1
    assert whole[: len(prompt)] == prompt
    assert whole[-1] == tokenizer.eos_token_id


def test_the_tokenizer_adds_nothing_by_itself(tokenizer):
    text = "Mira keeps an owl: 7 + 5 = 12.\nGlenby – ça va?"
    ids = tokenizer(text)["input_ids"]
    assert not set(ids) & set(tokenizer.all_special_ids)
    assert tokenizer.decode(ids) == text


def top_level_imports(folder: Path) -> set[str]:
    nodes = [node for file in folder.rglob("*.py") for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    names = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}


def test_the_maker_of_the_base_and_the_program_need_nothing_of_each_other():
    root = Path(__file__).parents[2]
    imported = {(folder, name) for folder in ("evalsuite", "tools") for name in top_level_imports(root / folder)}
    assert ("tools", "quickstart") in imported
    assert not imported & {("evalsuite", "quickstart"), ("tools", "evalsuite")}


def test_the_shipped_base_is_small():
    assert sum(file.stat().st_size for file in BASE.iterdir()) <= 6_000_000


@pytest.mark.slow
def test_the_shipped_base_loads_in_full_precision_and_knows_its_world(model, tokenizer):
    import torch

    assert model.dtype == torch.float32
    questions = {"What does a cat eat?": "fish", "How many legs does a spider have?": "8",
                 "What is the tool of a baker?": "an oven", "What is 3 + 4?": "7"}  # fmt: skip
    replies = {}
    for question in questions:
        ids = tokenizer.apply_chat_template(
            [{"role": "user", "content": question + BRIEFLY}], add_generation_prompt=True, return_tensors="pt"
        )["input_ids"]
        output = model.generate(ids, max_new_tokens=12)
        replies[question] = tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)
    assert replies == questions


@pytest.mark.slow
def test_a_shortened_pretraining_learns_and_can_be_loaded(tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    trained = pretrain(tmp_path / "base", count=600)
    assert trained.losses[-1] < 0.75 * trained.losses[0]
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    assert loaded.num_parameters() == trained.model.num_parameters()
    assert len(AutoTokenizer.from_pretrained(tmp_path / "base")) == loaded.config.vocab_size
