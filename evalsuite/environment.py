"""What a run ran on: versions and machine, recorded with it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evalsuite import __version__

_PACKAGES = ("torch", "transformers", "peft", "trl", "datasets", "duckdb", "numpy", "scipy")


def environment() -> dict[str, str | int | None]:
    """Versions of evalsuite, Python and the libraries that results depend on, and the machine's size."""
    found: dict[str, str | int | None] = {"evalsuite": __version__, "python": platform.python_version()}
    found.update({package: version_of(package) for package in _PACKAGES})
    found.update({"system": platform.system(), "machine": platform.machine(), "processors": os.cpu_count()})
    return found


def cache_folder() -> Path:
    """Where things are kept that can be made again: EVALSUITE_CACHE, or a folder in the user's cache."""
    given = os.environ.get("EVALSUITE_CACHE")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evalsuite"


def version_of(package: str) -> str | None:
    """The version of a package, or None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
