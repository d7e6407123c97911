"""Judgments made elsewhere into the store, as a run whose specs are the systems that were judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalsuite.errors import DataError
from evalsuite.imports import DEFAULT_SEED, Imported
from evalsuite.records import Outcome
from evalsuite.running import recording
from evalsuite.store import Store, read, write

if TYPE_CHECKING:
    from evalsuite.imports.length_files import LengthAid


def record_import(
    imported: Imported, store: Store, *, aid: LengthAid | None = None, seed: int = DEFAULT_SEED
) -> dict[str, Outcome]:
    """Keep judgments made elsewhere as a run: each system is a spec of the method `imported`.

    What was imported of a system before stays beside it. Raises DataError when a system has the name of a spec
    of this project.
    """
    from evalsuite.imports.outcomes import outcomes
    from evalsuite.imports.recorded import IMPORTED, imported_row

    found = outcomes(imported, aid=aid, seed=seed)
    known = {spec.spec: spec for spec in read.latest_specs(store)} if store.results.exists() else {}
    taken = sorted(name for name in found if name in known and known[name].method != IMPORTED)
    if taken:
        raise DataError(
            f"{store.folder}  has a spec called {taken[0]!r} already; import it as --rename {taken[0]}=NAME"
        )
    earlier = {name: read.steps_of(store, known[name]) for name in found if name in known}
    rows = {name: imported_row(imported, name, earlier.get(name, []), aid=aid, seed=seed) for name in found}
    with recording(store) as run_id:
        write.save_plan(store, run_id, list(rows.values()))
        for name, outcome in found.items():
            write.save_outcome(store, rows[name].steps[0], outcome, seconds=0.0, seed=seed)
        write.finish_run(store, run_id, "finished")
    return found
