"""A real LoRA whose B matrices are zero: caught before any score counts, or, if that is intended, no change at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from silent import Silent

from evalsuite.pipeline import flow as pipeline
from evalsuite.report.forgetting.forgetting import forgetting
from evalsuite.spec.loading.lookup import quickstart_base
from evalsuite.store import Store

pytestmark = pytest.mark.slow

SHIPPED = Path(__file__).parents[2]
SUITE = """\
schema_version: 1
name: changes
seed: 5
benchmarks:
  - {{name: facts, data: {shipped}/data/facts.jsonl, limit: 24, task: {{kind: multiple_choice}}}}
  - {{name: sums, data: {shipped}/data/sums.jsonl, limit: 12, task: {{kind: generate}}}}
probes:
  - {{probe: flips, of: [facts, sums]}}
  - {{probe: drift, data: {shipped}/data/general_text.jsonl, limit: 12}}
"""
SPEC = """\
schema_version: 1
name: unchanged
base_model: {id: quickstart}
adapter: {path: ../fresh}
suite: changes
"""


def fresh_lora(folder: Path) -> None:
    """An adapter as PEFT begins it, before any training: A is random, and B is zero."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(quickstart_base())
    config = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")
    get_peft_model(base, config).save_pretrained(folder)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The spec of such an adapter."""
    fresh_lora(tmp_path / "fresh")
    for part, name, text in (("suites", "changes", SUITE.format(shipped=SHIPPED)), ("specs", "unchanged", SPEC)):
        (tmp_path / part).mkdir()
        (tmp_path / part / f"{name}.yaml").write_text(text)
    return tmp_path / "specs" / "unchanged.yaml"


def test_a_lora_of_zeros_is_caught_and_on_purpose_it_changes_exactly_nothing(spec: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / ".evalsuite")
    ((name, problem),) = pipeline.run([spec], store, Silent()).errors
    assert name == "unchanged"
    assert "changes nothing: the log-likelihoods of 2 fixed replies to" in problem
    assert "differ by 0 at most" in problem
    assert "or set `allow_no_effect: true` if that is intended" in problem

    assert pipeline.run([spec], store, Silent(), settings=("allow_no_effect=true",)).errors == ()
    found = pipeline.candidate_results("unchanged", store).by_metric
    for entry, n in (("facts", 24), ("sums", 12)):
        flips = found[f"flips.{entry}"], found[f"flips.{entry}.gained"], found[f"flips.{entry}.kept"]
        assert [(figure.value, figure.n) for figure in flips] == [(0.0, n)] * 3
    divergence = found["drift.kl"]
    assert (divergence.value, divergence.low, divergence.high, divergence.n) == (0.0, 0.0, 0.0, 12)
    page = forgetting("unchanged", store)
    assert {change.comparison.difference for change in page.changes} == {0.0}
    assert page.lost == page.gained == ()
