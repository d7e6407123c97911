"""`evalsuite dashboard`: the leaderboard in a browser."""

from __future__ import annotations

import click

from evalsuite.cli.terminal import arguments
from evalsuite.store import Store

_HOST = "127.0.0.1"
_MOST_PORTS_TRIED = 50
_NOT_HERE = "is no address of this machine"
_WARNING = (
    "evalsuite: warning: {host} can be reached from other machines: whoever reaches it reads every prompt, reply and "
    "verdict of this store and can label on the review page; nobody is asked to log in. docs/dashboard.md says how to "
    "put a login before it."
)


@click.command(short_help="Open the leaderboard in a browser.")
@arguments.store
@click.option("--port", default=8501, show_default=True, type=click.IntRange(1, 65535), help="Port on this machine.")
@click.option(
    "--host",
    default=_HOST,
    show_default=True,
    metavar="ADDRESS",
    help="Address to answer on; any but this machine's own shows all results to whoever reaches it.",
)
def dashboard(store: Store, port: int, host: str) -> None:
    """Open the Streamlit leaderboard on 127.0.0.1; nothing is sent anywhere."""
    import os
    import sys

    from evalsuite.errors import EvalsuiteError
    from evalsuite.spec.loading.lookup import bundled_folder

    script = bundled_folder("dashboard") / "app.py"
    reason = _unusable(host, port)
    if reason:
        others = range(port + 1, min(port + _MOST_PORTS_TRIED, 65536))
        other = next((other for other in others if not _unusable(host, other)), None)
        if reason == _NOT_HERE:
            raise EvalsuiteError(f"--host {host}  {reason}; give one of this machine's addresses, or 0.0.0.0 for all")
        raise EvalsuiteError(f"port {port}  {reason}; choose another with --port{f' {other}' if other else ''}")
    if not _own(host):
        click.echo(_WARNING.format(host=host), err=True)
    click.echo(f"dashboard of {store.folder} on http://{host}:{port}  (Ctrl-C ends it)", err=True)
    environment = {**os.environ, "EVALSUITE_STORE": str(store.folder.resolve())}
    command = [sys.executable, "-m", "streamlit", "run", str(script), *_flags(host, port)]
    # The server takes this process's place, so that Ctrl-C and kill reach it and leave nothing behind.
    os.execve(sys.executable, command, environment)  # noqa: S606


def _flags(host: str, port: int) -> list[str]:
    # As flags these win over any config.toml or variable of the user; looks stand in dashboard/.streamlit/config.toml.
    choices = {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": host,
    }
    if not _own(host):
        # Others come by a name that only they know; which they may use is the proxy's to say.
        choices["server.allowedHosts"] = "*"
    return [flag for key, value in choices.items() for flag in (f"--{key}", value)]


def _own(host: str) -> bool:
    """Whether only programs of this machine reach the address."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unusable(host: str, port: int) -> str | None:
    import errno
    import socket

    with socket.socket() as probe:
        # Without this a port stays closed for a minute after a dashboard on it has ended.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                return _NOT_HERE
            taken = error.errno == errno.EADDRINUSE
            return "is in use by another program" if taken else f"cannot be opened: {error.strerror}"
    return None
