"""What both contestants score: MMLU subjects from CSV, a random Llama of 20 M parameters, LoRA adapters for it.

Everything is made from the data and fixed seeds, in a folder of its own; nothing is fetched.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

LETTERS = "ABCD"
VOCABULARY = 8192
TASK = """\
task: local_mmlu_{subject}
dataset_path: json
dataset_kwargs:
  data_files: {{test: {folder}/{subject}.test.jsonl, dev: {folder}/{subject}.dev.jsonl}}
test_split: test
fewshot_split: dev
num_fewshot: 5
fewshot_config: {{sampler: first_n}}
output_type: multiple_choice
description: "{description}"
doc_to_text: "{{{{question.strip()}}}}\\nA. {{{{choices[0]}}}}\\nB. {{{{choices[1]}}}}\\nC. {{{{choices[2]}}}}\\n\
D. {{{{choices[3]}}}}\\nAnswer:"
doc_to_choice: ["A", "B", "C", "D"]
doc_to_target: answer
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
metadata: {{version: 1.0}}
"""  # the harness's own MMLU template, its data on this disk


def subjects(data: Path, *, count: int) -> list[str]:
    """The first so many subjects of the folder, by name."""
    return sorted(file.name.removesuffix("_test.csv") for file in (data / "test").glob("*_test.csv"))[:count]


def rows(file: Path) -> list[dict[str, object]]:
    """Questions of a CSV file: question, four choices, the right one's number."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            {"question": r["question"], "choices": [r[f"choice{n}"] for n in range(4)], "answer": int(r["answer"])}
            for r in csv.DictReader(lines)
        ]


def description(subject: str) -> str:
    """The first line of every prompt."""
    return f"The following are multiple choice questions (with answers) about {subject.replace('_', ' ')}.\n\n"


def shown(row: dict[str, object]) -> str:
    """A question up to where its answer begins."""
    lines = [f"{letter}. {choice}" for letter, choice in zip(LETTERS, row["choices"], strict=True)]
    return "\n".join([str(row["question"]).strip(), *lines, "Answer:"])


def prompts(data: Path, subject: str) -> list[str]:
    """The subject's questions after its five examples, as the harness renders them."""
    examples = rows(data / "dev" / f"{subject}_dev.csv")[:5]
    head = description(subject) + "".join(f"{shown(row)} {LETTERS[row['answer']]}\n\n" for row in examples)
    return [head + shown(row) for row in rows(data / "test" / f"{subject}_test.csv")]


def write_tasks(data: Path, names: list[str], folder: Path) -> None:
    """The subjects as the harness reads them: JSON lines and a task document each."""
    folder.mkdir(parents=True, exist_ok=True)
    for subject in names:
        for split in ("dev", "test"):
            lines = [json.dumps(row) for row in rows(data / split / f"{subject}_{split}.csv")]
            (folder / f"{subject}.{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        text = TASK.format(subject=subject, folder=folder, description=description(subject).replace("\n", "\\n"))
        (folder / f"{subject}.yaml").write_text(text, encoding="utf-8")


def write_model(folder: Path, texts: list[str]) -> None:
    """A random Llama of 20 M parameters with a byte-level vocabulary of 8192 learned from the texts."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<end>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    ))  # fmt: skip
    end = "<end>"
    PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token=end, pad_token=end).save_pretrained(folder)
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=384, intermediate_size=1024, num_hidden_layers=8, num_attention_heads=6,
        num_key_value_heads=6, max_position_embeddings=4096, bos_token_id=None, eos_token_id=0, pad_token_id=0,
    )).save_pretrained(folder)  # fmt: skip


def write_adapter(folder: Path, model: Path, *, seed: int) -> None:
    """A random LoRA of rank 16 on all linear layers."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    config = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    wrapped = get_peft_model(AutoModelForCausalLM.from_pretrained(model), config)
    torch.manual_seed(seed)
    for parameter in wrapped.parameters():
        if parameter.requires_grad:
            parameter.data = torch.randn_like(parameter) * 0.02
    wrapped.save_pretrained(str(folder))


def make(folder: Path, data: Path, *, count: int, adapters: int) -> list[str]:
    """Make all of it where it is not there yet; the subjects' names."""
    names = subjects(data, count=count)
    write_tasks(data, names, folder / "tasks")
    if not (folder / "model" / "model.safetensors").is_file():
        every = subjects(data, count=1000)
        write_model(folder / "model", [text for subject in every for text in prompts(data, subject)])
    for seed in range(1, adapters + 1):
        if not (folder / f"adapter-{seed}" / "adapter_model.safetensors").is_file():
            write_adapter(folder / f"adapter-{seed}", folder / "model", seed=seed)
    return names
