"""Runs a command that must not outlive its parent: `python -m evalsuite.models.vllm.guard COMMAND...`.

The parent holds the other end of this process's input. However the parent ends, killed included, that end is closed,
and then the command and all its workers are ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading


def main(command: list[str]) -> int:
    """Run the command until it ends or the parent does."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def watch() -> None:
        # Not through sys.stdin, whose lock would still be held when the interpreter ends.
        while os.read(0, 4096):
            continue
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)

    threading.Thread(target=watch, daemon=True).start()
    return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
