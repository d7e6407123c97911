"""Judgments made elsewhere into the store, as a run whose specs are the systems that were judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalsuite.data.digest import digest
from evalsuite.errors import DataError
from evalsuite.imports.alpaca_eval import LengthAid
from evalsuite.imports.imported import DEFAULT_SEED, Imported
from evalsuite.pipeline.run import recording
from evalsuite.records import Measurement, Outcome
from evalsuite.store import Store, read, write
from evalsuite.store.read import PlannedStep
from evalsuite.store.write import SpecRow, StepRow

IMPORTED = "imported"
VERSION = 1


def imported_row(
    imported: Imported, system: str, earlier: Sequence[PlannedStep], *, aid: LengthAid | None, seed: int
) -> SpecRow:
    """One system as a spec: its new step first, then what was imported of it under other names before."""
    sources = [*imported.sources, *(aid.sources if aid else ())]
    step = StepRow(digest(IMPORTED, VERSION, imported.name, system, sources, seed), "score", imported.name, "candidate")
    # Whoever imports says by the name what was measured: the same judge on the same questions.
    measured = Measurement(digest(IMPORTED, imported.name), (f"imported as {imported.name}",))
    step = replace(step, measured=(measured,))
    kept = [StepRow(old.digest, old.kind, old.entry, old.role) for old in earlier if old.entry != imported.name]
    steps = (step, *kept)
    document = {"name": system, "imported": imported.name, "sources": sources}
    return SpecRow(
        name=system,
        plan_digest=digest(document, [one.digest for one in steps]),
        document=document,
        base_model=f"{IMPORTED} {imported.name}",
        base_digest="",
        adapter_digest=None,
        method=IMPORTED,
        adapter_type=None,
        steps=steps,
    )


def record_import(
    imported: Imported, store: Store, *, aid: LengthAid | None = None, seed: int = DEFAULT_SEED
) -> dict[str, Outcome]:
    """Keep judgments made elsewhere as a run: each system is a spec of the method `imported`.

    What was imported of a system before stays beside it. Raises DataError when a system has the name of a spec
    of this project.
    """
    from evalsuite.imports.figures import outcomes

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
