"""Both sides asked the same: local files as tasks of the harness and of ours, and how their answers are compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isclose
from pathlib import Path
from typing import Any

from evalsuite.data.files import read_rows
from evalsuite.evaluate.scoring import benchmark
from evalsuite.models.hf.hf_model import HfModel
from evalsuite.records import LogLikelihood, Outcome, Prompt
from evalsuite.spec.suite import Benchmark

SUBJECTS = (
    "abstract_algebra", "anatomy", "college_computer_science", "econometrics", "formal_logic", "high_school_physics",
    "logical_fallacies", "us_foreign_policy",
)  # fmt: skip
LETTERS = "{{question.strip()}}\nA. {{choices[0]}}\nB. {{choices[1]}}\nC. {{choices[2]}}\nD. {{choices[3]}}\nAnswer:"
NUMBER_FILTERS = [
    {"name": "strict-match", "filter": [
        {"function": "regex", "regex_pattern": "#### (\\-?[0-9\\.\\,]+)"}, {"function": "take_first"}]},
    {"name": "flexible-extract", "filter": [
        {"function": "regex", "group_select": -1, "regex_pattern": "(-?[$0-9.,]{2,})|(-?[0-9]+)"},
        {"function": "take_first"}]},
]  # fmt: skip


class Noting(HfModel):
    """The hf backend, with what it was last asked and the unrounded log-likelihoods that it gave."""

    last: list[tuple[LogLikelihood, ...]]
    prompts: list[Prompt]

    def choices(self, *given: Any, **options: Any) -> list[tuple[LogLikelihood, ...]]:
        self.last = super().choices(*given, **options)
        return self.last

    def generate(self, prompts: Any, **options: Any) -> Any:
        self.prompts = list(prompts)
        return super().generate(prompts, **options)

    def smallest_lead(self, prompt: Prompt, *, steps: int) -> float:
        """How far the likeliest token is ahead of the next, where it is least so, decoding greedily in float64."""
        import torch
        from transformers import AutoModelForCausalLM

        exact = AutoModelForCausalLM.from_pretrained(self._checkpoint.folder, dtype=torch.float64)
        (shown,) = self.render([prompt])
        tokens, leads = torch.tensor([shown.tokens]), []
        with torch.inference_mode():
            for _ in range(steps):
                top = exact(tokens).logits[0, -1].topk(2)
                leads.append(float(top.values[0] - top.values[1]))
                tokens = torch.cat([tokens, top.indices[None, :1]], dim=1)
        return min(leads)


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
    """Every log-likelihood of the last request equals the harness's to 1e-4; its float32 sums round at 1e-6 of them."""
    them = [value for options in their_likelihoods(samples) for value in options]
    own = [found.value for options in ours.last for found in options]
    assert len(own) == len(them)
    far = [pair for pair in zip(own, them, strict=True) if not isclose(*pair, abs_tol=1e-4, rel_tol=1e-6)]
    assert far == []


def assert_same_replies(ours: Noting, outcome: Outcome, samples: list[dict[str, Any]], *, most: int) -> None:
    """Every reply of at most so many tokens equals the harness's, but for two tokens that float32 cannot tell apart."""
    said = [sample["resps"][0][0] for sample in samples]
    assert len(outcome.replies) == len(said) == len(ours.prompts)
    other = [n for n, (reply, text) in enumerate(zip(outcome.replies, said, strict=True)) if reply.text != text]
    assert len(other) <= len(said) / 100
    leads = {n: ours.smallest_lead(ours.prompts[n], steps=most) for n in other}
    assert [n for n, lead in leads.items() if lead > 1e-5] == []
