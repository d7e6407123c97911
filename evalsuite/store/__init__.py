"""Where results and replies are kept: one DuckDB file, one SQLite file and the adapters, in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Where the store is unless somebody says otherwise: in the folder where the command runs.
DEFAULT_FOLDER = ".evalsuite"


@dataclass(frozen=True)
class Store:
    """The folder that holds everything evalsuite knows of a project."""

    folder: Path
    # Seconds to wait for another process that holds the results open; a person before a page has less than a run.
    patience: float = 60.0

    @property
    def results(self) -> Path:
        """The DuckDB file with runs, scores, results and verdicts."""
        return self.folder / "results.duckdb"

    @property
    def replies(self) -> Path:
        """The SQLite file with every reply that was ever asked for."""
        return self.folder / "replies.sqlite"

    @property
    def adapters(self) -> Path:
        """The folder with the trained adapters."""
        return self.folder / "adapters"

    @property
    def verdicts(self) -> Path:
        """The folder with `verdict.json` and Markdown of each spec."""
        return self.folder / "verdicts"

    @property
    def logs(self) -> Path:
        """The folder with a log of each run."""
        return self.folder / "logs"
