"""What the dashboard shows of a store, read in one go, and how to tell that the store has changed since."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.errors import StoreBusy, StoreError
from evalsuite.report.leaderboard import Leaderboard, leaderboard
from evalsuite.store import Store, read
from evalsuite.store.read import RunRow


@dataclass(frozen=True)
class Snapshot:
    """The leaderboard and the newest run; without rows where nothing has been run yet."""

    board: Leaderboard
    newest: RunRow | None


def version(store: Store) -> tuple[int, ...]:
    """Times and sizes of the files with results: another value after every write, empty before the first."""
    # Commits stand in the log beside the file until it is closed, or for good when the writer was killed.
    files = (store.results, store.results.with_name(f"{store.results.name}.wal"))
    found = [file.stat() for file in files if file.exists()]
    return tuple(number for stat in found for number in (stat.st_mtime_ns, stat.st_size))


def snapshot(store: Store) -> Snapshot:
    """What there is now; waits for a run that is writing and raises StoreError when that takes too long."""
    if not store.results.exists():
        return Snapshot(Leaderboard((), ()), None)
    return Snapshot(leaderboard(store), next(iter(read.runs(store)), None))


def trouble(error: StoreError) -> tuple[str, str]:
    """A headline for a store that could not be read, and the reason."""
    busy = isinstance(error, StoreBusy)
    headline = "A run is writing, or another program holds the results open" if busy else "The results cannot be read"
    return headline, str(error)
