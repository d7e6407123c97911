"""`evalsuite dashboard`: the leaderboard in a browser."""

from __future__ import annotations

import click

from evalsuite.cli import options
from evalsuite.store import Store

_HOST = "127.0.0.1"
_MOST_PORTS_TRIED = 50


@click.command(short_help="Open the leaderboard in a browser.")
@options.store
@click.option("--port", default=8501, show_default=True, type=click.IntRange(1, 65535), help="Port on this machine.")
def dashboard(store: Store, port: int) -> None:
    """Open the Streamlit leaderboard on 127.0.0.1; nothing is sent anywhere."""
    import os
    import sys

    from evalsuite import bundled
    from evalsuite.errors import EvalsuiteError

    script = bundled.folder("dashboard") / "app.py"
    reason = _unusable(port)
    if reason:
        others = range(port + 1, min(port + _MOST_PORTS_TRIED, 65536))
        other = next((other for other in others if not _unusable(other)), None)
        raise EvalsuiteError(f"port {port}  {reason}; choose another with --port{f' {other}' if other else ''}")
    click.echo(f"dashboard of {store.folder} on http://{_HOST}:{port}  (Ctrl-C ends it)", err=True)
    environment = {**os.environ, "EVALSUITE_STORE": str(store.folder.resolve())}
    command = [sys.executable, "-m", "streamlit", "run", str(script), *_flags(port)]
    # The server takes this process's place, so that Ctrl-C and kill reach it and leave nothing behind.
    os.execve(sys.executable, command, environment)  # noqa: S606


def _flags(port: int) -> list[str]:
    # As flags these win over any config.toml or variable of the user; looks stand in dashboard/.streamlit/config.toml.
    choices = {
        "server.address": _HOST,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": _HOST,
    }
    return [flag for key, value in choices.items() for flag in (f"--{key}", value)]


def _unusable(port: int) -> str | None:
    import errno
    import socket

    with socket.socket() as probe:
        # Without this a port stays closed for a minute after a dashboard on it has ended.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            return "is in use by another program" if taken else f"cannot be opened: {error.strerror}"
    return None
