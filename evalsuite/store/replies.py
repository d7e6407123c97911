"""The reply cache: every reply ever asked for, by what was asked of whom; also the journal of a killed run."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from evalsuite.errors import StoreError

_MOST_PARAMETERS = 500


class ReplyCache:
    """Replies as text by key, in SQLite in WAL mode; each `put` is durable against a killed process."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(file, timeout=60, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{file}  cannot be written: {error}; name another folder with --store") from None

    def get(self, keys: Sequence[str]) -> dict[str, str]:
        """The known replies among the keys."""
        known: dict[str, str] = {}
        for start in range(0, len(keys), _MOST_PARAMETERS):
            part = keys[start : start + _MOST_PARAMETERS]
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(f"SELECT key, value FROM replies WHERE key IN ({marks})", part)
            known.update(rows.fetchall())
        return known

    def put(self, replies: Mapping[str, str]) -> None:
        """Keep replies; raises StoreError when they cannot be written."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR IGNORE INTO replies VALUES (?, ?)", replies.items())
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise StoreError(f"{self.file}  cannot be written: {error}; is the disk full?") from None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
