"""Tasks of lm-evaluation-harness through our scorer: its figures, from our models, adapters and store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from asking import LETTERS, NUMBER_FILTERS, Noting, assert_close, local, rows_of, write_rows, write_tasks
from silent import Silent

from evalsuite.evaluate.lm_eval import score as score_harness
from evalsuite.models.checkpoints.adapter import adapter_digest
from evalsuite.pipeline import flow as pipeline
from evalsuite.records import Adapter
from evalsuite.report.answers import prompt_of
from evalsuite.spec.suite import HarnessTasks
from evalsuite.store import Store

pytestmark = [pytest.mark.peer, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def test_the_harness_through_our_scorer_is_the_harness(
    mmlu: Path, ours: Noting, run_theirs: Any, tmp_path: Path
) -> None:
    task = local(
        "own_anatomy", mmlu / "anatomy", output_type="multiple_choice", metrics=["acc"], fewshot_split="dev",
        fewshot_config={"sampler": "first_n"}, doc_to_text=LETTERS, doc_to_choice=["A", "B", "C", "D"],
        doc_to_target="answer",
    )  # fmt: skip
    for chat in (False, True):
        samples = sorted(run_theirs(task, shots=2, chat=chat)["own_anatomy"], key=lambda s: s["doc_id"])
        folder = write_tasks(tmp_path / "again", task)
        options = HarnessTasks(tasks=("own_anatomy",), num_fewshot=2, apply_chat_template=chat)
        outcome = score_harness("own_anatomy", options, folder, model=ours, adapter=None)
        assert [score.value for score in outcome.scores] == [sample["acc"] for sample in samples]
        assert_close(ours, samples)
        assert [result.metric for result in outcome.results] == ["own_anatomy.acc"]
        assert outcome.results[0].n == len(samples) == 135
        assert [(m.name, m.direction, m.bounds) for m in outcome.metrics] == [("own_anatomy.acc", "higher", (0.0, 1.0))]


def test_generative_and_rolling_tasks(shared_data: Path, ours: Noting, run_theirs: Any, tmp_path: Path) -> None:
    questions = rows_of(shared_data / "gsm8k" / "test.jsonl", 30)
    write_rows(tmp_path / "sums" / "test.jsonl", questions)
    write_rows(tmp_path / "texts" / "test.jsonl", [{"text": row["answer"] * 9} for row in questions])
    sums = local(
        "own_sums", tmp_path / "sums", output_type="generate_until", doc_to_text="Question: {{question}}\nAnswer:",
        doc_to_target="{{answer}}", filter_list=NUMBER_FILTERS, metrics=["exact_match"],
        generation_kwargs={"until": ["Question:"], "do_sample": False, "max_gen_toks": 32},
    )  # fmt: skip
    texts = local(
        "own_texts", tmp_path / "texts", output_type="loglikelihood_rolling", doc_to_text="", doc_to_target="{{text}}"
    )
    texts["metric_list"] = [{"metric": "bits_per_byte"}]
    theirs = run_theirs(sums, texts)
    folder = write_tasks(tmp_path / "again", sums, texts)

    said = score_harness("own_sums", HarnessTasks(tasks=("own_sums",)), folder, model=ours, adapter=None)
    first = sorted((s for s in theirs["own_sums"] if s["filter"] == "strict-match"), key=lambda s: s["doc_id"])
    assert [reply.text for reply in said.replies] == [sample["resps"][0][0] for sample in first]
    assert {result.metric: result.n for result in said.results} == {
        "own_sums.exact_match.strict-match": 30, "own_sums.exact_match.flexible-extract": 30,
    }  # fmt: skip

    read = score_harness("own_texts", HarnessTasks(tasks=("own_texts",)), folder, model=ours, adapter=None)
    values = [sample["bits_per_byte"] for sample in theirs["own_texts"]]
    bits = -sum(value for value, _ in values) / sum(size for _, size in values) / 0.6931471805599453
    (found,) = read.results
    assert (found.metric, found.n) == ("own_texts.bits_per_byte", 30)
    assert found.value == pytest.approx(bits, rel=1e-6)
    assert [(m.direction, m.bounds) for m in read.metrics] == [("lower", None)]


def test_an_adapter_is_the_same_model_on_both_sides(
    mmlu: Path, llama: Path, ours: Noting, harness: Any, tmp_path: Path
) -> None:
    import torch
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(7)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(AutoModelForCausalLM.from_pretrained(llama), config).save_pretrained(str(tmp_path / "adapter"))
    task = local(
        "own_anatomy", mmlu / "anatomy", output_type="multiple_choice", metrics=["acc"], doc_to_text=LETTERS,
        doc_to_choice=["A", "B", "C", "D"], doc_to_target="answer",
    )  # fmt: skip
    folder = write_tasks(tmp_path / "tasks", task)
    adapted = HFLM(pretrained=str(llama), peft=str(tmp_path / "adapter"), device="cpu", dtype="float32", batch_size=8)
    manager = TaskManager(include_path=str(folder))
    found = simple_evaluate(model=adapted, tasks=["own_anatomy"], task_manager=manager, bootstrap_iters=0)
    assert found is not None
    samples = sorted(found["samples"]["own_anatomy"], key=lambda s: s["doc_id"])

    options = HarnessTasks(tasks=("own_anatomy",))
    adapter = Adapter("own", tmp_path / "adapter", adapter_digest(tmp_path / "adapter"))
    base = score_harness("own_anatomy", options, folder, model=ours, adapter=None)
    outcome = score_harness("own_anatomy", options, folder, model=ours, adapter=adapter)
    assert_close(ours, samples)
    assert [score.value for score in outcome.scores] == [sample["acc"] for sample in samples]
    assert [reply.note for reply in outcome.replies] != [reply.note for reply in base.replies]


def test_a_suite_runs_harness_tasks_from_spec_to_store(mmlu: Path, llama: Path, harness: Any, tmp_path: Path) -> None:
    """A group of two subjects, base model only: results by subject, replies and prompts in the store."""
    fields = {"output_type": "multiple_choice", "metrics": ["acc"], "doc_to_text": LETTERS,
              "doc_to_choice": ["A", "B", "C", "D"], "doc_to_target": "answer"}  # fmt: skip
    tasks = [local(f"own_{name}", mmlu / name, **fields) for name in ("anatomy", "econometrics")]
    group = {"group": "own_pair", "task": [task["task"] for task in tasks],
             "aggregate_metric_list": [{"metric": "acc", "weight_by_size": True}]}  # fmt: skip
    write_tasks(tmp_path / "tasks", *tasks)
    (tmp_path / "tasks" / "own_pair.yaml").write_text(json.dumps(group), encoding="utf-8")
    suite = {
        "schema_version": 1,
        "name": "pair",
        "lm_eval": {"tasks": ["own_pair"], "include_path": "tasks", "limit": 5},
    }
    spec = {"schema_version": 1, "name": "plain", "base_model": {"id": str(llama)}, "suite": "pair"}
    for name, document in (("pair", suite), ("spec", spec)):
        (tmp_path / f"{name}.yaml").write_text(json.dumps(document), encoding="utf-8")
    store = Store(tmp_path / "store")
    report = pipeline.run([tmp_path / "spec.yaml"], store, Silent())
    assert report.errors == ()
    found = pipeline.candidate_results("plain", store)
    assert {metric: result.n for metric, result in found.by_metric.items()} == {
        "own_pair.acc": 10, "own_pair.acc.macro": 10, "own_pair.acc.own_anatomy": 5, "own_pair.acc.own_econometrics": 5,
    }  # fmt: skip
    assert len(found.scores["own_pair.acc"]) == 10
    asked = prompt_of("own_pair", "own_anatomy/0", store)
    (first,) = rows_of(mmlu / "anatomy" / "test.jsonl", 1)
    assert asked.prompt.text.startswith(f"{first['question'].strip()}\nA. {first['choices'][0]}\nB. ")
    assert pipeline.run([tmp_path / "spec.yaml"], store, Silent()).steps_run == 0
