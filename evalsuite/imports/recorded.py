"""Imported systems as the store keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalsuite.data.digest import digest
from evalsuite.imports import Imported
from evalsuite.imports.length_files import LengthAid
from evalsuite.records import Measurement
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
