"""Public data that this repository does not carry: where it lies, and a reason to skip where it does not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ.get("EVALSUITE_SHARED_DATA", "../shared/data"))


def shared(path: str) -> Any:
    """The JSON of a file of the shared data; skips the test where the file is absent."""
    file = FOLDER / path
    if not file.is_file():
        pytest.skip(f"{file} is not there; it holds public data that the repository does not carry")
    return json.loads(file.read_text(encoding="utf-8"))
