"""Short connections to DuckDB, and the numbered migrations that bring a store up to date."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from evalsuite.errors import StoreBusy, StoreError
from evalsuite.store import Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


_FOLDER = Path(__file__).parent / "migrations"


@cache
def migrations() -> tuple[tuple[int, str, str], ...]:
    """Number, name and SQL of every migration, in order."""
    files = sorted(_FOLDER.glob("*.sql"))
    return tuple((int(file.stem.split("_", 1)[0]), file.stem, file.read_text(encoding="utf-8")) for file in files)


def applied_migrations(connection: DuckDBPyConnection) -> set[int]:
    """The numbers of the migrations that a store has had; none for a file that is no store of ours."""
    import duckdb

    try:
        return {row[0] for row in connection.execute("SELECT number FROM migrations").fetchall()}
    except duckdb.CatalogException:
        return set()


def migrate(connection: DuckDBPyConnection) -> None:
    """Bring the store up to date; raises StoreError when a newer evalsuite made it."""
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    done = applied_migrations(connection)
    if done - {number for number, _, _ in migrations()}:
        raise StoreError("this store was made by a newer evalsuite; upgrade evalsuite or name another --store")
    for number, name, sql in migrations():
        if number not in done:
            connection.begin()
            connection.execute(sql)
            connection.execute("INSERT INTO migrations VALUES (?, ?)", [number, name])
            connection.commit()


_BUSY = ("could not set lock", "different configuration", "conflicting lock", "already attached")

# The threads of one process write one after the other: inside a process DuckDB lets two in, and the second one fails.
_TURN = threading.RLock()


@dataclass(frozen=True)
class OpenStore(Store):
    """A store held open to be read: all that is asked of it is answered by one connection, as of one moment."""

    connection: DuckDBPyConnection | None = field(default=None, compare=False, repr=False)


@contextmanager
def writing(store: Store) -> Iterator[DuckDBPyConnection]:
    """A connection in one transaction, committed at the end; raises StoreError when it cannot be written."""
    import duckdb

    assert not isinstance(store, OpenStore), "who writes while reading would wait for itself"
    try:
        store.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{store.folder}  cannot be made: {error.strerror}; name another folder with --store"
        ) from None
    if not _TURN.acquire(timeout=store.patience):
        raise StoreBusy(f"{store.results}  is being written by another page or step; try again later")
    try:
        connection = _open(store, read_only=False)
        try:
            migrate(connection)
            connection.begin()
            yield connection
            connection.commit()
        except duckdb.Error as error:
            raise StoreError(_explained(store, error)) from error
        finally:
            connection.close()
    finally:
        _TURN.release()


@contextmanager
def reading(store: Store) -> Iterator[DuckDBPyConnection]:
    """A read-only connection, a cursor of its own where the store is open; raises StoreError when it cannot be read."""
    import duckdb

    outer = store.connection if isinstance(store, OpenStore) else None
    if outer is None and not store.results.exists():
        raise StoreError(f"{store.folder}  has no results yet; `evalsuite run specs/*.yaml` makes some")
    connection = _open(store, read_only=True) if outer is None else outer.cursor()
    try:
        yield connection
    except duckdb.Error as error:
        raise StoreError(_of_another_age(store, connection) or _explained(store, error)) from error
    finally:
        connection.close()


@contextmanager
def open_for_reads(store: Store) -> Iterator[OpenStore]:
    """The store, opened once for several reads, for opening costs more than most queries; nothing is written meanwhile.

    Raises StoreError when there is no store yet or it cannot be read.
    """
    with reading(store) as connection:
        yield OpenStore(store.folder, store.patience, connection)


def bring_up_to_date(store: Store) -> None:
    """Give a store of an older evalsuite the tables of this one; nothing where there is none or it has them."""
    if not store.results.exists():
        return
    with reading(store) as connection:
        known = {number for number, _, _ in migrations()}
        old = bool(known - applied_migrations(connection))
    if old:
        with writing(store):
            pass  # whoever writes migrates first


def _of_another_age(store: Store, connection: DuckDBPyConnection) -> str | None:
    """What to do with a store that has not this evalsuite's tables, or None for one that has."""
    done, known = applied_migrations(connection), {number for number, _, _ in migrations()}
    if done - known:
        return f"{store.results}  was made by a newer evalsuite; upgrade evalsuite or name another --store"
    if known - done:
        return f"{store.results}  was made by an older evalsuite; the next `evalsuite run` brings it up to date"
    return None


def _open(store: Store, *, read_only: bool) -> DuckDBPyConnection:
    import duckdb

    if store.results.is_dir():
        raise StoreError(f"{store.results}  is a folder; move it away or name another store with --store")
    deadline = time.monotonic() + store.patience
    pause = 0.005
    while True:
        try:
            return duckdb.connect(str(store.results), read_only=read_only)
        except duckdb.Error as error:
            busy = any(words in str(error).lower() for words in _BUSY)
            if not busy:
                raise StoreError(_explained(store, error)) from error
            if time.monotonic() > deadline:
                raise StoreBusy(f"{store.results}  is held open by another program; try again later") from error
        # Jitter keeps several waiting processes from knocking in step.
        time.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(pause * 1.5, 0.25)


def _explained(store: Store, error: Exception) -> str:
    first = str(error).strip().splitlines()[0]
    if "not a valid" in first:
        return f"{store.results}  is no DuckDB file; move it away or name another folder with --store"
    return f"{store.results}  {first}; check that the disk has room and the file may be read and written"
