"""Adapter norms against a worked example, and against the full product."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.errors import TrainingError
from evalsuite.records import LayerNorm
from evalsuite.train.loop.save import layer_norms, scale_of, update_norm

B = np.array([[1, 2], [3, 4], [5, 6]], dtype=float)
A = np.array([[1, 0, -1, 2], [0, 1, 1, -1]], dtype=float)


def test_the_worked_example() -> None:
    assert update_norm(B, A) == pytest.approx(10.6770783, abs=1e-7)
    assert update_norm(B, A, scale=scale_of(16, 2, rank_stabilised=False)) == pytest.approx(85.4166260, abs=1e-6)
    assert update_norm(B, A, scale=scale_of(16, 2, rank_stabilised=True)) == pytest.approx(120.7973510, abs=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 9), st.integers(1, 9))
def test_the_trace_identity_is_the_norm_of_the_product(seed: int, rank: int, rows: int, columns: int) -> None:
    draw = np.random.default_rng(seed)
    b, a = draw.normal(size=(rows, rank)), draw.normal(size=(rank, columns))
    assert update_norm(b, a) == pytest.approx(float(np.linalg.norm(b @ a)), rel=1e-9, abs=1e-9)


def _write(folder: Path, **tensors: np.ndarray) -> Path:
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file({name.replace("__", "."): np.ascontiguousarray(value) for name, value in tensors.items()}, folder / "w")
    return folder / "w"


def _adapter(folder: Path, **config: object) -> Path:
    named = {"base_model__model__model__q__lora_A__weight": A, "base_model__model__model__q__lora_B__weight": B}
    _write(folder, **named).rename(folder / "adapter_model.safetensors")
    settings = {"peft_type": "LORA", "lora_alpha": 16, "r": 2, **config}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    return folder


def test_every_layer_is_measured_against_its_base_weight(tmp_path: Path) -> None:
    _write(tmp_path / "base", model__q__weight=np.full((3, 4), 2.0)).rename(tmp_path / "base" / "model.safetensors")
    (plain,) = layer_norms(_adapter(tmp_path / "plain"), tmp_path / "base")
    (stable,) = layer_norms(_adapter(tmp_path / "stable", use_rslora=True), tmp_path / "base")
    assert plain == LayerNorm("model.q", pytest.approx(85.4166260), pytest.approx(48**0.5))
    assert plain.relative == pytest.approx(85.4166260 / 48**0.5)
    assert stable.update == pytest.approx(120.7973510)
    assert layer_norms(_adapter(tmp_path / "other", peft_type="IA3"), tmp_path / "base") == ()
    assert LayerNorm("dead", 1.0, 0.0).relative is None


def test_another_base_is_refused(tmp_path: Path) -> None:
    _write(tmp_path / "base", model__k__weight=np.ones((3, 4))).rename(tmp_path / "base" / "model.safetensors")
    with pytest.raises(TrainingError, match=r"has no weight model\.q\.weight"):
        layer_norms(_adapter(tmp_path / "plain"), tmp_path / "base")
