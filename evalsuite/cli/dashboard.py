"""`evalsuite dashboard`: the leaderboard in a browser."""

from __future__ import annotations

import click

from evalsuite.cli import options
from evalsuite.store import Store


@click.command()
@options.store
@click.option("--port", default=8501, show_default=True, type=click.IntRange(1, 65535), help="Port on this machine.")
def dashboard(store: Store, port: int) -> None:
    """Open the Streamlit leaderboard on 127.0.0.1; nothing is sent anywhere."""
    import os
    import subprocess
    import sys

    from evalsuite import bundled

    script = bundled.folder("dashboard") / "app.py"
    choices = {
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        "server.fileWatcherType": "none",
    }
    flags = [flag for key, value in choices.items() for flag in (f"--{key}", value)]
    click.echo(f"dashboard of {store.folder} on http://127.0.0.1:{port}  (Ctrl-C ends it)", err=True)
    environment = {**os.environ, "EVALSUITE_STORE": str(store.folder.resolve())}
    command = [sys.executable, "-m", "streamlit", "run", str(script), *flags]
    raise SystemExit(subprocess.run(command, env=environment, check=False).returncode)
