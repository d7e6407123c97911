"""What a spec stands on that is made already: its base model, and its adapter if there is one."""

from __future__ import annotations

from evalsuite.errors import EvalsuiteError
from evalsuite.models.adapter import adapter_digest, check_fits
from evalsuite.models.base import Base, BaseCheckpoint, find_model
from evalsuite.records import Adapter
from evalsuite.spec.resolved import ResolvedSpec
from evalsuite.store import Store, read


def base_of(resolved: ResolvedSpec, *, download: bool) -> Base:
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
