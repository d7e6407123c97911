"""Digests of bases and adapters: what changes them, and what must not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.adapter import adapter_digest, check_fits
from evalsuite.models.checkpoints.base import BaseCheckpoint, find_base
from evalsuite.records import Adapter

Edit = Callable[..., None]


def base_digest(folder: Path, dtype: str = "float32") -> str:
    return find_base(str(folder), revision=None, dtype=dtype).digest


@pytest.fixture
def base_copy(base_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(base_folder, tmp_path / "elsewhere"))


@pytest.fixture
def adapter_copy(lora: Adapter, tmp_path: Path) -> Path:
    return Path(shutil.copytree(lora.path, tmp_path / "adapter"))


def flip_last_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def test_a_base_is_its_content_and_not_its_path(base_folder: Path, base_copy: Path) -> None:
    (base_copy / "README.md").write_text("a better readme")
    (base_copy / "training_args.bin").write_bytes(b"x")
    assert base_digest(base_copy) == base_digest(base_folder)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"])
def test_one_byte_of_weights_tokenizer_or_template_makes_another_base(
    base_folder: Path, base_copy: Path, name: str
) -> None:
    flip_last_byte(base_copy / name)
    assert base_digest(base_copy) != base_digest(base_folder)


def test_another_number_format_makes_another_base(base_folder: Path) -> None:
    assert base_digest(base_folder) != base_digest(base_folder, "bfloat16")


@pytest.mark.parametrize("missing", ["model.safetensors", "config.json", "tokenizer.json"])
def test_an_incomplete_base_is_refused_naming_what_it_lacks(base_copy: Path, missing: str) -> None:
    (base_copy / missing).unlink()
    with pytest.raises(ModelError, match=rf"lacks .*{missing.removeprefix('model').split('.')[-1]}"):
        base_digest(base_copy)


def test_a_missing_shard_is_named(base_copy: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (base_copy / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match=r"model-00002-of-00002\.safetensors"):
        base_digest(base_copy)


def test_an_adapter_folder_is_no_base_and_a_base_no_adapter(lora: Adapter, base_folder: Path) -> None:
    with pytest.raises(ModelError, match="holds a PEFT adapter"):
        base_digest(lora.path)
    with pytest.raises(
        ModelError, match=r"no PEFT adapter.*full model.*base_model: \{id: .*`reference: \{id: THE BASE\}`"
    ):
        adapter_digest(base_folder)


@pytest.mark.parametrize(
    ("id", "revision", "dtype", "message"),
    [
        ("no-one/no-such-model", None, "float32", "no-one/no-such-model.*hf download no-one/no-such-model"),
        ("no-one/no-such-model", "abc", "float32", "at revision 'abc'"),
        ("./nowhere/at/all", None, "float32", "no such folder"),
        ("no-such-model", None, "float64", "use one of float32, bfloat16, float16"),
        (".", "main", "float32", "a revision belongs to a hub id"),
    ],
)
def test_a_base_that_cannot_be_found_says_what_to_do(
    id: str, revision: str | None, dtype: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    started = time.monotonic()
    with pytest.raises(ModelError, match=message) as caught:
        find_base(id, revision=revision, dtype=dtype)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - started < 3


def test_a_cached_hub_model_is_found_by_branch_commit_or_short_commit(
    base_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    commit, cached = "1234567" + "0" * 33, tmp_path / "models--someone--tiny"
    shutil.copytree(base_folder, cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    for revision in (None, commit, "1234567"):
        found = find_base("someone/tiny", revision=revision, dtype="float32")
        assert (found.folder.name, found.digest) == (commit, base_digest(base_folder))
    with pytest.raises(ModelError, match="hf download someone/tiny --revision v2"):
        find_base("someone/tiny", revision="v2", dtype="float32")


def test_a_file_is_no_base(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"x")
    with pytest.raises(ModelError, match="is a file"):
        base_digest(tmp_path / "model.gguf")


def test_an_adapter_is_what_it_does_and_not_how_it_was_written(
    adapter_copy: Path, lora: Adapter, edit_json: Edit
) -> None:
    config = json.loads((adapter_copy / "adapter_config.json").read_text())
    shuffled = dict(reversed(config.items())) | {"target_modules": sorted(config["target_modules"], reverse=True)}
    shuffled |= {"base_model_name_or_path": "somewhere/else", "peft_version": "9.9", "a_new_option": None}
    (adapter_copy / "adapter_config.json").write_text(json.dumps(shuffled))
    (adapter_copy / "README.md").write_text("another readme")
    assert adapter_digest(adapter_copy) == lora.digest


def test_one_weight_or_one_setting_makes_another_adapter(adapter_copy: Path, lora: Adapter, edit_json: Edit) -> None:
    edit_json(adapter_copy / "adapter_config.json", lora_alpha=9)
    rescaled = adapter_digest(adapter_copy)
    flip_last_byte(adapter_copy / "adapter_model.safetensors")
    assert len({lora.digest, rescaled, adapter_digest(adapter_copy)}) == 3


def test_an_incomplete_adapter_is_refused(adapter_copy: Path, tmp_path: Path) -> None:
    (adapter_copy / "adapter_model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"lacks adapter_model\.safetensors"):
        adapter_digest(adapter_copy)
    (adapter_copy / "adapter_config.json").write_text("{")
    with pytest.raises(ModelError, match="not a readable JSON"):
        adapter_digest(adapter_copy)
    with pytest.raises(ModelError, match="no PEFT adapter"):
        adapter_digest(tmp_path / "nowhere")


def test_a_cut_off_weights_file_is_a_plain_error(adapter_copy: Path, checkpoint: BaseCheckpoint) -> None:
    (adapter_copy / "adapter_model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    with pytest.raises(ModelError, match="not a readable safetensors"):
        check_fits(adapter_copy, checkpoint)


def test_the_right_adapter_fits(lora: Adapter, checkpoint: BaseCheckpoint) -> None:
    check_fits(lora.path, checkpoint)


def test_digests_and_checks_need_no_torch(lora: Adapter, base_folder: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from evalsuite.models import protocol, scripted, subject
from evalsuite.models.checkpoints import adapter, base
from evalsuite.models.hf import adapters, chat_template, decoding, hf_model, network, option_scoring
checkpoint = base.find_base({str(base_folder)!r}, revision=None, dtype="float32")
adapter.check_fits(Path({str(lora.path)!r}), checkpoint)
heavy = {{"torch", "transformers", "peft", "huggingface_hub"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
