"""What a spec stands on: its base, its adapter if it is made, and what its training builds on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from evalsuite.errors import DocumentError, EvalsuiteError, NotFound, Problem
from evalsuite.models.checkpoints.adapter import adapter_digest, check_fits
from evalsuite.models.checkpoints.base import Base, BaseCheckpoint, find_model
from evalsuite.models.checkpoints.found_teacher import FoundTeacher
from evalsuite.plan.steps import BuiltOn, Plan
from evalsuite.records import Adapter
from evalsuite.spec.loading.lookup import find_data
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.teacher import LocalTeacher, ServedTeacher, teacher_of
from evalsuite.store import Store, read


def base_of_spec(resolved: ResolvedSpec, *, download: bool) -> Base:
    """The base model that a spec names; raises ModelError when it is not there."""
    return find_model(resolved.spec.base_model, beside=resolved.file, download=download)


def known_adapter(resolved: ResolvedSpec, base: Base, training: str | None, store: Store) -> Adapter | None:
    """The spec's adapter where its weights are there and unchanged, otherwise None; `training` is its digest."""
    if not isinstance(base, BaseCheckpoint):
        return None
    if resolved.adapter_path is not None:
        check_fits(resolved.adapter_path, base)
        return Adapter(resolved.spec.name, resolved.adapter_path, adapter_digest(resolved.adapter_path))
    known = read.trained_adapter(store, training) if training is not None else None
    # Weights that were changed or removed since are not the ones the record speaks of: they are trained again.
    if known is None or not known.path.is_dir():
        return None
    try:
        return known if adapter_digest(known.path) == known.digest else None
    except EvalsuiteError:
        return None


def built_on(
    resolved: ResolvedSpec, base: Base, *, plans: Mapping[str, Plan], store: Store, download: bool = False
) -> BuiltOn:
    """The adapter and the teacher that a spec's method names; `plans` are those of the specs that stand before it.

    Raises NotFound for an adapter that nobody has trained or will train, and ModelError for one of another base.
    """
    if not isinstance(base, BaseCheckpoint):
        return BuiltOn()
    below, document = resolved.spec.recipe.builds_on, teacher_of(resolved.spec.train)
    name = None if below is None else below.name
    if isinstance(document, ServedTeacher):
        return BuiltOn(teacher=FoundTeacher(document))
    answers = base if document is None else _teachers_base(document, resolved, base, download=download)
    adapter = waits_for = None
    if name is not None:
        folder = find_data(name, beside=resolved.file).found
        if folder is not None:
            adapter = Adapter(folder.name, folder, adapter_digest(folder))
        elif name in plans:
            adapter = plans[name].adapter
            waits_for = name if adapter is None else None
            if waits_for and plans[name].step("train") is None:
                raise NotFound(f"{resolved.file}  {name!r} is the base as it is; there is no adapter to build on")
        else:
            adapter = _trained(name, resolved.file, store)
    if adapter is not None:
        check_fits(adapter.path, answers)
    if document is not None:
        return BuiltOn(teacher=FoundTeacher(document, answers, adapter), waits_for=waits_for)
    return BuiltOn(adapter=adapter, waits_for=waits_for)


def in_order(specs: Sequence[ResolvedSpec]) -> list[ResolvedSpec]:
    """The specs so that each stands after those whose adapter it builds on or whose results it is compared with.

    Raises DocumentError for a circle.
    """
    names = {resolved.spec.name: resolved for resolved in specs}
    ordered: dict[str, ResolvedSpec] = {}

    def place(resolved: ResolvedSpec, above: tuple[str, ...], *, key: str = "train") -> None:
        name = resolved.spec.name
        if name in above:
            circle = " -> ".join((*above[above.index(name) :], name))
            what = "builds on itself" if key == "train" else "is compared with itself"
            raise DocumentError([Problem(str(resolved.file), None, key, f"{what}: {circle}")])
        before = resolved.spec.recipe.builds_on
        if before and before.name in names and find_data(before.name, beside=resolved.file).found is None:
            place(names[before.name], (*above, name))
        compared = resolved.spec.reference
        if isinstance(compared, str) and compared in names:
            place(names[compared], (*above, name), key="reference")
        ordered.setdefault(name, resolved)

    for resolved in specs:
        place(resolved, ())
    return list(ordered.values())


def _teachers_base(document: LocalTeacher, resolved: ResolvedSpec, base: BaseCheckpoint, *, download: bool) -> Base:
    ref = document.base_model
    if ref is None or ref == resolved.spec.base_model:
        return base
    return find_model(ref, beside=resolved.file, download=download)


def _trained(name: str, file: Path, store: Store) -> Adapter:
    known = {found.spec: found for found in read.latest_specs(store)} if store.results.exists() else {}
    steps = read.steps_of(store, known[name]) if name in known else []
    digest = next((step.digest for step in steps if step.kind == "train"), None)
    adapter = read.trained_adapter(store, digest) if digest else None
    if adapter is None or not adapter.path.is_dir():
        raise NotFound(
            f"{file}  builds on {name!r}, which is no folder, no spec of this run and no trained spec of "
            f"{store.folder}; give the spec's file as well, or the adapter's folder"
        )
    return Adapter(adapter.name, adapter.path, adapter_digest(adapter.path))
