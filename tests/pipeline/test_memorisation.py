"""Real trainings: planted secrets and repeated rows are drawn out again, and a clean training gives nothing away."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from silent import Silent

from evalsuite.pipeline import flow as pipeline
from evalsuite.store import Store

pytestmark = pytest.mark.slow

WORDS = """
Emil Doris Uwe Hugo Clara Harwick Dunmore goat cat hen spider beetle shed kennel bread tea salt glass cloth roses
north west lives keeps sells makes eats sleeps works needs legs pet home town tool trade oven loom awl needle
"""
SUITE = """\
schema_version: 1
name: leaks
seed: 5
probes:
  - {probe: memorisation, data: data/unseen.jsonl, k: [18], length: 6}
"""
SPEC = """\
schema_version: 1
name: {name}
base_model: {{id: quickstart}}
train:
  method: sft
  adapter: {{type: lora, r: 16, alpha: 32, target_modules: all-linear}}
  data: [{{path: data/{name}.jsonl}}]
  epochs: {epochs}
  learning_rate: {rate}
  batch_size: 16
  warmup_ratio: 0.1
  max_length: 128
  held_out: 0
  seed: 3
{canaries}suite: leaks
"""


def rows(count: int, *, seed: int) -> list[dict[str, str]]:
    """Verses that nobody can guess, each with a title of its own."""
    draw = random.Random(seed)
    return [
        {
            "prompt": f"Recite {' '.join(draw.sample(WORDS.split(), k=4))}.",
            "completion": " ".join(draw.choices(WORDS.split(), k=12)) + ".",
        }
        for _ in range(count)
    ]


def write(folder: Path, name: str, found: list[dict[str, str]]) -> None:
    (folder / "data" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in found))


def test_repeated_rows_and_canaries_are_extracted_and_a_clean_training_gives_nothing_away(tmp_path: Path) -> None:
    for part in ("data", "suites", "specs"):
        (tmp_path / part).mkdir()
    (tmp_path / "suites" / "leaks.yaml").write_text(SUITE)
    once, often = rows(10, seed=1), rows(20, seed=2)
    write(tmp_path, "planted", [*once, *(often * 10)])
    write(tmp_path, "clean", rows(60, seed=3))
    # Two verses each, so that a text without a chat's marks is long enough to be asked.
    verses = [" ".join(row.values()) for row in rows(80, seed=4)]
    write(
        tmp_path, "unseen", [{"text": f"{one} {other}"} for one, other in zip(verses[::2], verses[1::2], strict=True)]
    )
    planted = "  canaries: {count: 10, repeats: [10, 16], references: 255, seed: 3}\n"
    specs = []
    for name, epochs, rate, canaries in (("planted", 10, "6e-3", planted), ("clean", 1, "1e-3", "")):
        specs.append(tmp_path / "specs" / f"{name}.yaml")
        specs[-1].write_text(SPEC.format(name=name, epochs=epochs, rate=rate, canaries=canaries))
    store = Store(tmp_path / ".evalsuite")
    assert pipeline.run(specs, store, Silent()).errors == ()

    leaky = pipeline.candidate_results("planted", store).by_metric
    often_seen = leaky["memorisation.k18.x10"]
    assert (often_seen.value, often_seen.n) == (pytest.approx(1.0, abs=0.1), 20)
    # Every secret is said word for word, and is the likeliest of 256.
    canaries, exposure = leaky["memorisation.canaries"], leaky["memorisation.exposure"]
    assert (canaries.value, canaries.n) == (1.0, 10)
    assert (exposure.value, exposure.n) == (pytest.approx(8.0, abs=0.2), 10)
    assert exposure.low is not None
    assert exposure.low > 2
    unseen = leaky["memorisation.k18.control"]
    assert (unseen.value, unseen.n) == (0.0, 40)

    clean = pipeline.candidate_results("clean", store).by_metric
    rate, control = clean["memorisation.k18"], clean["memorisation.k18.control"]
    assert rate.value is not None
    assert control.value is not None
    assert rate.value <= control.value
    assert "memorisation.canaries" not in clean
