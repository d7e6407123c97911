"""What people install: the wheel, and the wheel made from the sdist, find all that ships with them."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(target: str, source: Path, out: Path) -> Path:
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out), cwd=source)
    [built] = out.iterdir()
    return built


def install(wheel: Path, place: Path) -> Path:
    options = ["--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", "--target", str(place)]
    run(sys.executable, "-m", "pip", "install", *options, str(wheel), cwd=place.parent)
    return place


def unpacked(sdist: Path, folder: Path) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    [source] = folder.iterdir()
    return source


@pytest.mark.slow
@pytest.mark.parametrize("origin", ["checkout", "sdist"])
def test_an_installed_wheel_makes_a_project_that_validates_and_plans(origin, tmp_path):
    source = ROOT if origin == "checkout" else unpacked(build("sdist", ROOT, tmp_path / "sdist"), tmp_path / "source")
    place = install(build("wheel", source, tmp_path / "wheel"), tmp_path / "site")
    command = (sys.executable, "-m", "evalsuite")
    where = run(
        sys.executable, "-c", "import evalsuite; print(evalsuite.__file__)", cwd=tmp_path, PYTHONPATH=str(place)
    )
    assert Path(where.strip()).is_relative_to(place)
    run(*command, "init", "project", cwd=tmp_path, PYTHONPATH=str(place))
    project = tmp_path / "project"
    specs = sorted(str(file.relative_to(project)) for file in project.glob("specs/*.yaml"))
    assert specs
    out = run(*command, "validate", *specs, cwd=project, PYTHONPATH=str(place))
    assert out.count("is valid") == len(specs)
    # The base model ships inside the package; a plan digests it.
    assert "to do:" in run(*command, "plan", *specs, cwd=project, PYTHONPATH=str(place))
    assert (place / "evalsuite" / "_bundled" / "dashboard" / "app.py").is_file()
    assert not (place / "rubrics").exists()


@pytest.mark.slow
def test_the_wheel_is_typed_small_and_free_of_stray_packages(tmp_path):
    wheel = build("wheel", ROOT, tmp_path / "wheel")
    place = install(wheel, tmp_path / "site")
    assert (place / "evalsuite" / "py.typed").is_file()
    assert {entry.name for entry in place.iterdir() if "dist-info" not in entry.name} == {"evalsuite", "bin"}
    base = place / "evalsuite" / "quickstart" / "base"
    assert [entry.name for entry in base.parent.iterdir()] == ["base"]
    assert sum(file.stat().st_size for file in base.iterdir()) <= 6_000_000
