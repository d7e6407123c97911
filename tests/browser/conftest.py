"""A served dashboard and a headless Chromium, once for all tests of this folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hostile import hostile_registry, hostile_store
from watched import Watched

READY_SECONDS = 60


@contextmanager
def served(store: Path, registry: Path, log: Path) -> Iterator[str]:
    """`evalsuite dashboard` as a process; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "evalsuite", "dashboard", "--store", str(store), "--port", str(port)]
    environment = {**os.environ, "EVALSUITE_REGISTRY": str(registry)}
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env=environment) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(f"{address}/_stcore/health", server)
            yield address
        finally:
            server.send_signal(signal.SIGINT)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the dashboard did not come up")


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Serves a store while a `with` lasts; what the server logged stands in `log`."""

    def serve(store: Path, registry: Path | None = None):
        folder = tmp_path_factory.mktemp("served")
        return served(store, registry or folder / "none", folder / "log")

    return serve


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory, serve) -> Iterator[tuple[str, Path]]:
    """The address of a dashboard on hostile results, and the store's folder."""
    folder = tmp_path_factory.mktemp("hostile")
    store = hostile_store(folder / "store")
    with serve(store.folder, hostile_registry(folder / "registry")) as address:
        yield address, store.folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, headless."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "these tests drive Chromium; on Debian: apt-get install chromium"
    # A container has no user namespaces and little shared memory.
    flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium) -> Iterator[Watched]:
    """A new window that keeps a record of all it asks for and of all that goes wrong in it."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    yield Watched(context)
    context.close()
