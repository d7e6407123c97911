"""A run's log while it grows, and what runs and judged steps paid."""

from __future__ import annotations

import re
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from evalsuite.records import Usage
from evalsuite.store import Store
from evalsuite.store.connect import reading, writing
from evalsuite.store.query import rows

# What a terminal or a page could take for more than text.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST = 2_000


class RunLog:
    """Appends lines with their time, UTC; each is in the file once it is written."""

    def __init__(self, store: Store, run_id: str) -> None:
        store.logs.mkdir(parents=True, exist_ok=True)
        self._file = _path(store, run_id).open("a", encoding="utf-8", buffering=1)

    def write(self, text: str) -> None:
        """Add a line; line breaks and control characters become blanks, and what is very long is cut."""
        plain = _UNSEEN.sub(" ", text)
        plain = plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
        self._file.write(f"{datetime.now(UTC):%H:%M:%S}  {plain}\n")

    def __enter__(self) -> RunLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


def tail(store: Store, run_id: str, *, lines: int = 100) -> list[str]:
    """The last lines of a run's log, oldest first; none for a run that kept no log."""
    try:
        with _path(store, run_id).open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=lines)]
    except FileNotFoundError:
        return []


def _path(store: Store, run_id: str) -> Path:
    return store.logs / f"{run_id}.log"


def save_run_cost(store: Store, run_id: str, cost: Usage) -> None:
    """Keep what a run has paid so far."""
    with writing(store) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO run_costs VALUES (?, ?, ?, ?, ?)",
            [run_id, cost.calls, cost.prompt_tokens, cost.tokens, cost.money],
        )


def run_cost(store: Store, run_id: str) -> Usage | None:
    """What a run has paid to endpoints so far; None where it asked none."""
    found = rows(store, "run_costs", [run_id]) if _known(store) else []
    return Usage(**found[0]) if found else None


def judging_costs(store: Store) -> dict[tuple[str, str], Usage]:
    """By judge and rubric: what all its judgments take when nothing comes from the cache."""
    found = rows(store, "judging_costs") if _known(store) else []
    return {(row.pop("judge"), row.pop("rubric")): Usage(**row) for row in found}


def _known(store: Store) -> bool:
    # A page reads stores that no run of this version has brought up to date.
    if not store.results.exists():
        return False
    with reading(store) as connection:
        found = connection.execute("SELECT 1 FROM information_schema.tables WHERE table_name = 'run_costs'")
        return found.fetchone() is not None
