"""Numbered migrations: each is applied once, in a transaction together with its own record."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from evalsuite.errors import StoreError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FOLDER = Path(__file__).parent / "migrations"


@cache
def migrations() -> tuple[tuple[int, str, str], ...]:
    """Number, name and SQL of every migration, in order."""
    files = sorted(_FOLDER.glob("*.sql"))
    return tuple((int(file.stem.split("_", 1)[0]), file.stem, file.read_text(encoding="utf-8")) for file in files)


def applied(connection: DuckDBPyConnection) -> set[int]:
    """The numbers of the migrations that a store has had; none for a file that is no store of ours."""
    import duckdb

    try:
        return {row[0] for row in connection.execute("SELECT number FROM migrations").fetchall()}
    except duckdb.CatalogException:
        return set()


def migrate(connection: DuckDBPyConnection) -> None:
    """Bring the store up to date; raises StoreError when a newer evalsuite made it."""
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    done = applied(connection)
    if done - {number for number, _, _ in migrations()}:
        raise StoreError("this store was made by a newer evalsuite; upgrade evalsuite or name another --store")
    for number, name, sql in migrations():
        if number not in done:
            connection.begin()
            connection.execute(sql)
            connection.execute("INSERT INTO migrations VALUES (?, ?)", [number, name])
            connection.commit()
