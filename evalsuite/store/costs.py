"""What judging took, and what runs paid to endpoints."""

from __future__ import annotations

from evalsuite.records import Usage
from evalsuite.store import Store
from evalsuite.store.connect import reading, writing
from evalsuite.store.rows import rows


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
