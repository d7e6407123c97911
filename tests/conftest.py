"""What all tests share: no network, only built-in plug-ins, the same drawn examples every time, a small project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings
from small_project import Project

os.environ["EVALSUITE_PLUGINS"] = "builtin"
os.environ["HF_HUB_OFFLINE"] = "1"
# Models of a few thousand parameters: several threads wait for one another more than they compute.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The first example may wait for an import on a busy machine; a failure must be the same for everybody.
settings.register_profile("evalsuite", deadline=None, derandomize=True)
settings.load_profile("evalsuite")


# What trains, serves, draws pages or installs: the fast tier leaves whole folders of it out.
SLOW = {"contract", "dashboard", "install", "models", "peer", "pipeline", "quickstart", "train"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of slow folders, so that `make test-fast` is over within a minute."""
    for item in items:
        if SLOW & {*item.path.relative_to(Path(__file__).parent).parts}:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A valid project of one spec."""
    return Project(tmp_path / "project")
