"""Native benchmarks against lm-evaluation-harness: same model, same items, same figures, item by item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asking import (
    LETTERS,
    NUMBER_FILTERS,
    SUBJECTS,
    Noting,
    asked,
    assert_close,
    assert_same_replies,
    local,
    rows_of,
    values,
    write_rows,
)

from evalsuite.evaluate.scoring.prompting import Prompting
from evalsuite.evaluate.tasks.bbh import Bbh
from evalsuite.evaluate.tasks.gsm8k import Gsm8k
from evalsuite.evaluate.tasks.mmlu import Mmlu
from evalsuite.evaluate.tasks.perplexity import Perplexity

pytestmark = [pytest.mark.peer, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

WAYS = [
    pytest.param(shots, chat, turns, id=f"{shots}-shot{' chat' if chat else ''}{' turns' if turns else ''}")
    for shots, chat, turns in [
        (0, False, False),
        (5, False, False),
        (0, True, False),
        (5, True, False),
        (5, True, True),
    ]
]


@pytest.mark.parametrize("style", ["letters", "cloze"])
@pytest.mark.parametrize(("shots", "chat", "turns"), WAYS)
def test_mmlu(style: Any, shots: int, chat: bool, turns: bool, mmlu: Path, ours: Noting, run_theirs: Any) -> None:
    shown = {"fewshot_split": "dev", "fewshot_config": {"sampler": "first_n"}, "output_type": "multiple_choice",
             "metrics": ["acc"], "doc_to_target": "answer"}  # fmt: skip
    tasks = []
    for subject in SUBJECTS:
        about = f"The following are multiple choice questions (with answers) about {subject.replace('_', ' ')}.\n\n"
        own = {"doc_to_text": LETTERS, "doc_to_choice": ["A", "B", "C", "D"], "description": about}
        if style == "cloze":
            own = {"doc_to_text": "Question: {{question.strip()}}\nAnswer:", "doc_to_choice": "{{choices}}"}
        tasks.append(local(f"own_{subject}", mmlu / subject, **shown, **own))
    samples = run_theirs(*tasks, shots=shots, chat=chat, turns=turns)
    task = Mmlu(kind="mmlu", style=style, prompt=Prompting(shots=shots, chat=chat, turns=turns))
    outcome = asked(task, mmlu / "test", ours, mmlu / "dev")
    them = [sample for subject in SUBJECTS for sample in sorted(samples[f"own_{subject}"], key=lambda s: s["doc_id"])]
    assert len(them) == len(outcome.replies) == sum(len(rows_of(mmlu / "test" / f"{name}.jsonl")) for name in SUBJECTS)
    assert_close(ours, them)
    assert values(outcome, "accuracy") == [sample["acc"] for sample in them]


@pytest.fixture(scope="session")
def gsm8k(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gsm8k")
    for split in ("test", "train"):
        write_rows(folder / f"{split}.jsonl", rows_of(shared_data / "gsm8k" / f"{split}.jsonl"))
    return folder


@pytest.mark.parametrize(("shots", "chat", "turns"), WAYS)
def test_gsm8k(shots: int, chat: bool, turns: bool, gsm8k: Path, ours: Noting, run_theirs: Any) -> None:
    ignored = [",", "\\$", "(?s).*#### ", "\\.$"]
    task = local(
        "own_gsm8k", gsm8k, training_split="train", fewshot_split="train", output_type="generate_until",
        doc_to_text="Question: {{question}}\nAnswer:", doc_to_target="{{answer}}", filter_list=NUMBER_FILTERS,
        generation_kwargs={"until": ["Question:", "</s>", "<|im_end|>"], "do_sample": False, "max_gen_toks": 48},
    )  # fmt: skip
    task["metric_list"] = [
        {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True, "ignore_case": True,
         "ignore_punctuation": False, "regexes_to_ignore": ignored},
    ]  # fmt: skip
    samples = run_theirs(task, shots=shots, chat=chat, turns=turns)["own_gsm8k"]
    own = Gsm8k(kind="gsm8k", max_tokens=48, prompt=Prompting(shots=shots, chat=chat, turns=turns))
    outcome = asked(own, gsm8k / "test.jsonl", ours, gsm8k / "train.jsonl")
    for way, name in (("strict", "strict-match"), ("flexible", "flexible-extract")):
        them = sorted((s for s in samples if s["filter"] == name), key=lambda s: s["doc_id"])
        assert_same_replies(ours, outcome, them, most=48)
        assert values(outcome, f"exact_match_{way}") == [sample["exact_match"] for sample in them]


@pytest.mark.parametrize(("shots", "chat", "turns"), WAYS)
@pytest.mark.parametrize("style", ["direct", "reasoned"])
def test_bbh(
    style: Any, shots: int, chat: bool, turns: bool, shared_data: Path, tmp_path: Path, ours: Noting, run_theirs: Any
) -> None:
    tasks = []
    for name in ("boolean_expressions", "navigate", "snarks"):
        rows = rows_of(shared_data / "bbh" / f"{name}.json")
        for split, some in (("test", rows[5:]), ("shots", rows[:5])):
            write_rows(tmp_path / split / f"{name}.jsonl", some)
            write_rows(tmp_path / name / f"{split}.jsonl", some)
        steps = " Let's think step by step.\n" if style == "reasoned" else ""
        got = [{"function": "regex", "regex_pattern": "(?<=the answer is )(.*)(?=.)"}, {"function": "take_first"}]
        tasks.append(local(
            f"own_{name}", tmp_path / name, output_type="generate_until", metrics=["exact_match"],
            fewshot_split="shots", fewshot_config={"sampler": "first_n"}, doc_to_text="Q: {{input}}\nA:" + steps,
            doc_to_target="{{target}}", target_delimiter="" if style == "reasoned" else " ",
            generation_kwargs={"until": ["</s>", "Q", "\n\n"], "do_sample": False, "max_gen_toks": 24},
            **({"filter_list": [{"name": "get-answer", "filter": got}]} if style == "reasoned" else {}),
        ))  # fmt: skip
    samples = run_theirs(*tasks, shots=shots, chat=chat, turns=turns)
    own = Bbh(kind="bbh", style=style, max_tokens=24, prompt=Prompting(shots=shots, chat=chat, turns=turns))
    outcome = asked(own, tmp_path / "test", ours, tmp_path / "shots")
    them = [sample for task in tasks for sample in sorted(samples[task["task"]], key=lambda s: s["doc_id"])]
    assert_same_replies(ours, outcome, them, most=24)
    assert values(outcome, "exact_match_strict") == [sample["exact_match"] for sample in them]


def test_texts_in_windows(shared_data: Path, tmp_path: Path, ours: Noting, run_theirs: Any) -> None:
    novel = (shared_data / "author" / "austen_-_persuasion.txt").read_text(encoding="utf-8", errors="ignore")
    rows = [{"id": str(n), "text": novel[n * 30_000 : n * 30_000 + 20_000].strip()} for n in range(2)]
    file = write_rows(tmp_path / "test.jsonl", rows)
    task = local("own_text", tmp_path, output_type="loglikelihood_rolling", doc_to_text="", doc_to_target="{{text}}")
    task["metric_list"] = [{"metric": "bits_per_byte"}]
    samples = sorted(run_theirs(task)["own_text"], key=lambda s: s["doc_id"])
    outcome = asked(Perplexity(kind="perplexity"), file, ours)
    wanted = [-ll / size / 0.6931471805599453 for ll, size in (sample["bits_per_byte"] for sample in samples)]
    assert values(outcome, "bits_per_byte") == pytest.approx(wanted, rel=1e-6)
