"""What a page says of the store as a whole: how to tell that it has changed, its newest run, and its troubles."""

from __future__ import annotations

from evalsuite.errors import StoreBusy, StoreError
from evalsuite.store import Store, read
from evalsuite.store.read import RunRow


def version(store: Store) -> tuple[int, ...]:
    """Times and sizes of the files with results: another value after every write, empty before the first."""
    # Commits stand in the log beside the file until it is closed, or for good when the writer was killed.
    files = (store.results, store.results.with_name(f"{store.results.name}.wal"))
    found = [file.stat() for file in files if file.exists()]
    return tuple(number for stat in found for number in (stat.st_mtime_ns, stat.st_size))


def newest_run(store: Store) -> RunRow | None:
    """The newest run; waits for one that is writing and raises StoreError when that takes too long."""
    return next(iter(read.runs(store)), None) if store.results.exists() else None


def trouble(error: StoreError) -> tuple[str, str]:
    """A headline for a store that could not be read, and the reason."""
    busy = isinstance(error, StoreBusy)
    headline = "A run is writing, or another program holds the results open" if busy else "The results cannot be read"
    return headline, str(error)
