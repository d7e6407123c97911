"""A disk that fills up: one clear message, and nothing that was stored is lost."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evalsuite.errors import StoreError
from evalsuite.pipeline import flow as pipeline


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of a few hundred kilobytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_one_message_and_the_run_goes_on_once_there_is_room(project, small_disk):
    project.place = small_disk
    with pytest.raises(StoreError, match="disk"):
        project.run()
    subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
    assert project.run().errors == ()
    assert pipeline.candidate_results("elsewhere", project.store).by_metric["facts.accuracy"].value == 1.0
