"""A vLLM server of our own on this machine: started when it is needed, ended with the process that wanted it."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.base import BaseCheckpoint

# vLLM needs its own versions of torch and transformers; this names the Python of an environment that has it.
PYTHON = "EVALSUITE_VLLM_PYTHON"

# Any other set of modules kills the engine when it is asked for prompt log-probabilities (vllm issues 29955, 51594).
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

_STARTED_WITHIN = 600.0
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
_LAST_WORDS = 2_000


class ServerProcess:
    """`vllm serve` for one checkpoint, with room for adapters of up to a rank."""

    def __init__(self, checkpoint: BaseCheckpoint, *, rank: int) -> None:
        self.rank = next((fitting for fitting in _RANKS if fitting >= rank), rank)
        self._checkpoint = checkpoint
        self._log = tempfile.NamedTemporaryFile(prefix="evalsuite-vllm-", suffix=".log")  # noqa: SIM115
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        server = [_python(), "-m", "vllm.entrypoints.openai.api_server", *self._flags(port)]
        command = [sys.executable, "-m", "evalsuite.models.vllm.guard", *server]
        self._process = subprocess.Popen(
            command, env=_environment(), stdin=subprocess.PIPE, stdout=self._log, stderr=subprocess.STDOUT
        )
        atexit.register(self.stop)
        self._wait()

    def stop(self) -> None:
        """End the server and its workers; safe to call twice."""
        atexit.unregister(self.stop)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _flags(self, port: int) -> list[str]:
        given = {
            "--model": str(self._checkpoint.folder),
            "--served-model-name": "base",
            "--dtype": self._checkpoint.dtype,
            "--host": "127.0.0.1",
            "--port": str(port),
            # With all slots taken, a request to the base can silently get an adapter (vllm pull request 48421):
            # one slot more than the one adapter that is ever asked at a time.
            "--max-loras": "2",
            "--max-lora-rank": str(self.rank),
            "--max-logprobs": "64",
        }
        flags = [word for pair in given.items() for word in pair]
        return [*flags, "--enable-lora", "--lora-target-modules", *LINEAR]

    def _wait(self) -> None:
        deadline = time.monotonic() + _STARTED_WITHIN
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ModelError(f"{self._where}: the vLLM server ended while it started; it said:\n{self._said()}")
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"{self.url}/health", timeout=5).close()  # noqa: S310
                return
            time.sleep(0.5)
        self.stop()
        raise ModelError(f"{self._where}: the vLLM server was not ready within {_STARTED_WITHIN:.0f} s")

    @property
    def _where(self) -> str:
        return f"base model {self._checkpoint.id!r}"

    def _said(self) -> str:
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")[-_LAST_WORDS:].strip()


def _python() -> str:
    from importlib.util import find_spec

    given = os.environ.get(PYTHON)
    if given:
        return given
    if find_spec("vllm") is None:
        raise ModelError(
            "backend vllm: vLLM is not installed here; `pip install 'evalsuite[vllm]'`, or install it into an "
            f"environment of its own and name that one's Python in {PYTHON} (see docs/vllm.md)"
        )
    return sys.executable


def _environment() -> dict[str, str]:
    ours = {
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True",
    }
    return {"VLLM_CPU_KVCACHE_SPACE": "1", **os.environ, **ours}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
