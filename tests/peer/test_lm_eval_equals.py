"""Native benchmarks against lm-evaluation-harness: same model, same items, same figures, item by item."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from evalsuite import pipeline
from evalsuite.data.files import read_rows
from evalsuite.evaluate import benchmark
from evalsuite.evaluate.harness import score as score_harness
from evalsuite.evaluate.prompting import Prompting
from evalsuite.evaluate.tasks.arc import Arc
from evalsuite.evaluate.tasks.bbh import Bbh
from evalsuite.evaluate.tasks.gsm8k import Gsm8k
from evalsuite.evaluate.tasks.mmlu import Mmlu
from evalsuite.evaluate.tasks.perplexity import Perplexity
from evalsuite.evaluate.tasks.winogrande import WinoGrande
from evalsuite.models.base import find_base
from evalsuite.models.hf import HfModel
from evalsuite.records import LogLikelihood, Outcome, Prompt
from evalsuite.report.prompt import prompt_of
from evalsuite.spec.suite import Benchmark, HarnessTasks
from evalsuite.store import Store

pytestmark = [pytest.mark.peer, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

SUBJECTS = (
    "abstract_algebra", "anatomy", "college_computer_science", "econometrics", "formal_logic", "high_school_physics",
    "logical_fallacies", "us_foreign_policy",
)  # fmt: skip
ITEMS = 25
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
LETTERS = "{{question.strip()}}\nA. {{choices[0]}}\nB. {{choices[1]}}\nC. {{choices[2]}}\nD. {{choices[3]}}\nAnswer:"
NUMBER_FILTERS = [
    {"name": "strict-match", "filter": [
        {"function": "regex", "regex_pattern": "#### (\\-?[0-9\\.\\,]+)"}, {"function": "take_first"}]},
    {"name": "flexible-extract", "filter": [
        {"function": "regex", "group_select": -1, "regex_pattern": "(-?[$0-9.,]{2,})|(-?[0-9]+)"},
        {"function": "take_first"}]},
]  # fmt: skip


class Noting(HfModel):
    """The hf backend, with the unrounded log-likelihoods of the last request kept."""

    last: list[tuple[LogLikelihood, ...]]

    def choices(self, *given: Any, **options: Any) -> list[tuple[LogLikelihood, ...]]:
        self.last = super().choices(*given, **options)
        return self.last


@pytest.fixture(scope="session")
def ours(llama: Path) -> Noting:
    return Noting(find_base(str(llama), revision=None, dtype="float32"))


@pytest.fixture
def run_theirs(theirs: Any, tmp_path: Path) -> Callable[..., dict[str, list[dict[str, Any]]]]:
    """Runs task documents on local files through the harness; gives its samples by task, in order."""

    def run(*tasks: Mapping[str, Any], shots: int = 0, chat: bool = False, turns: bool = False) -> Any:
        from lm_eval import simple_evaluate
        from lm_eval.tasks import TaskManager

        folder = write_tasks(tmp_path / "tasks", *tasks)
        found = simple_evaluate(
            model=theirs, tasks=[task["task"] for task in tasks], task_manager=TaskManager(include_path=str(folder)),
            num_fewshot=shots, apply_chat_template=chat, fewshot_as_multiturn=turns, bootstrap_iters=0,
        )  # fmt: skip
        assert found is not None
        return found["samples"]

    return run


class Silent:
    """A watcher that is told and says nothing."""

    def begin(self, plan: Any, step: Any) -> None: ...

    def progress(self, done: int, total: int) -> None: ...

    def say(self, text: str) -> None: ...

    def end(self, seconds: float) -> None: ...


def write_tasks(folder: Path, *tasks: Mapping[str, Any]) -> Path:
    # JSON is YAML, and the harness reads *.yaml.
    folder.mkdir(exist_ok=True)
    for task in tasks:
        (folder / f"{task['task']}.yaml").write_text(json.dumps(task), encoding="utf-8")
    return folder


def local(task: str, folder: Path, **fields: Any) -> dict[str, Any]:
    """A task on JSONL files of a folder, one per split, with its metrics' means."""
    files = {file.stem: str(file) for file in folder.glob("*.jsonl")}
    metrics = [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in fields.pop("metrics", [])]
    own = {"metric_list": metrics} if metrics else {}
    return {"task": task, "dataset_path": "json", "dataset_kwargs": {"data_files": files}, "test_split": "test",
            "metadata": {"version": 1}, **own, **fields}  # fmt: skip


def write_rows(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def rows_of(file: Path, limit: int | None = None) -> list[dict[str, Any]]:
    rows = [row for _, row in read_rows(file) if isinstance(row, dict)]
    return rows[:limit]


def asked(task: Any, data: Path, model: HfModel, examples: Path | None = None) -> Outcome:
    entry = Benchmark(name="own", task=task, data=str(data), examples=None if examples is None else str(examples))
    samples = benchmark.samples_of(entry, data, seed=0, examples=examples)
    return benchmark.score(entry, samples, model=model, adapter=None)


def values(outcome: Outcome, metric: str) -> list[float | None]:
    return [score.value for score in outcome.scores if score.metric == f"own.{metric}"]


def their_likelihoods(samples: list[dict[str, Any]]) -> list[list[float]]:
    return [[float(found[0]) for found in sample["filtered_resps"]] for sample in samples]


def assert_close(ours: Noting, samples: list[dict[str, Any]]) -> None:
    """Every log-likelihood of the last request equals the harness's to 1e-4."""
    them = their_likelihoods(samples)
    own = [[found.value for found in options] for options in ours.last]
    assert [len(row) for row in own] == [len(row) for row in them]
    pairs = [pair for one, other in zip(own, them, strict=True) for pair in zip(one, other, strict=True)]
    assert max(abs(one - other) for one, other in pairs) < 1e-4


@pytest.fixture(scope="session")
def mmlu(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The eight subjects' first items, in folders test/ and dev/ and, for the harness, one folder per subject."""
    folder = tmp_path_factory.mktemp("mmlu")
    for subject in SUBJECTS:
        for split, limit in (("test", ITEMS), ("dev", None)):
            rows = [
                {
                    "question": row["question"],
                    "choices": [row[f"choice{n}"] for n in range(4)],
                    "answer": int(row["answer"]),
                }
                for row in rows_of(shared_data / "mmlu" / split / f"{subject}_{split}.csv", limit)
            ]
            write_rows(folder / split / f"{subject}.jsonl", rows)
            write_rows(folder / subject / f"{split}.jsonl", rows)
    return folder


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
    assert len(them) == ITEMS * len(SUBJECTS)
    assert_close(ours, them)
    assert values(outcome, "accuracy") == [sample["acc"] for sample in them]


@pytest.fixture(scope="session")
def gsm8k(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gsm8k")
    for split, limit in (("test", ITEMS), ("train", 200)):
        write_rows(folder / f"{split}.jsonl", rows_of(shared_data / "gsm8k" / f"{split}.jsonl", limit))
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
        assert [reply.text for reply in outcome.replies] == [sample["resps"][0][0] for sample in them]
        assert values(outcome, f"exact_match_{way}") == [sample["exact_match"] for sample in them]


@pytest.mark.parametrize(("shots", "chat", "turns"), [(0, False, False), (3, False, False), (3, True, True)])
@pytest.mark.parametrize("style", ["direct", "reasoned"])
def test_bbh(
    style: Any, shots: int, chat: bool, turns: bool, shared_data: Path, tmp_path: Path, ours: Noting, run_theirs: Any
) -> None:
    tasks = []
    for name in ("boolean_expressions", "navigate", "snarks"):
        rows = rows_of(shared_data / "bbh" / f"{name}.json")
        for split, some in (("test", rows[3 : 3 + ITEMS]), ("shots", rows[:3])):
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
    assert [reply.text for reply in outcome.replies] == [sample["resps"][0][0] for sample in them]
    assert values(outcome, "exact_match_strict") == [sample["exact_match"] for sample in them]


def test_arc_and_its_normalised_accuracy(tmp_path: Path, ours: Noting, run_theirs: Any, mmlu: Path) -> None:
    labels = ["A", "B", "C", "D"]
    rows = [
        {"id": str(number), "question": row["question"], "answerKey": labels[row["answer"]],
         "choices": {"text": row["choices"], "label": labels}}
        for number, row in enumerate(rows_of(mmlu / "test" / "anatomy.jsonl"))
    ]  # fmt: skip
    write_rows(tmp_path / "test.jsonl", rows[10:])
    write_rows(tmp_path / "train.jsonl", rows[:10])
    task = local(
        "own_arc", tmp_path, output_type="multiple_choice", metrics=["acc", "acc_norm"], training_split="train",
        doc_to_text="Question: {{question}}\nAnswer:", doc_to_target="{{choices.label.index(answerKey)}}",
        doc_to_choice="{{choices.text}}",
    )  # fmt: skip
    samples = sorted(run_theirs(task, shots=3)["own_arc"], key=lambda s: s["doc_id"])
    outcome = asked(Arc(kind="arc", prompt=Prompting(shots=3)), tmp_path / "test.jsonl", ours, tmp_path / "train.jsonl")
    assert_close(ours, samples)
    assert values(outcome, "accuracy") == [sample["acc"] for sample in samples]
    assert values(outcome, "accuracy_norm") == [sample["acc_norm"] for sample in samples]


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
        assert outcome.results[0].n == ITEMS


def test_winogrande(tmp_path: Path, ours: Noting, harness: Any) -> None:
    """The harness's own three functions, on rows made here."""
    rows = [
        {"sentence": "The trophy does not fit into the case because the _ is too big.", "option1": "trophy",
         "option2": "case", "answer": "1"},
        {"sentence": "Sarah was a better surgeon than Maria so _ always got the easier cases.", "option1": "Sarah",
         "option2": "Maria", "answer": "2"},
    ]  # fmt: skip
    from lm_eval.tasks.winogrande import preprocess_winogrande as functions

    outcome = asked(WinoGrande(kind="winogrande"), write_rows(tmp_path / "test.jsonl", rows), ours)
    kept = [found[0].value for found in ours.last]
    pairs = [
        (Prompt.raw(text), f" {functions.doc_to_target(row)}") for row in rows for text in functions.doc_to_choice(row)
    ]
    direct = [ours.choices([prompt], [[ending]])[0][0].value for prompt, ending in pairs]
    assert kept == pytest.approx(direct, abs=1e-4)
    right = [functions.doc_to_text(row) for row in rows]
    chosen = [int(two[1] > two[0]) for two in (direct[:2], direct[2:])]
    assert values(outcome, "accuracy") == [float(one == other) for one, other in zip(chosen, right, strict=True)]


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
