"""What a training learns from: the rows of its sources, mixed by weight, without those that are held out."""

from __future__ import annotations

from evalsuite.data.mixture import mix
from evalsuite.data.rows import training_rows
from evalsuite.data.split import hold_out
from evalsuite.records import Row
from evalsuite.spec.resolved import ResolvedSpec


def learned(resolved: ResolvedSpec) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows that a spec's training learns from, before canaries are planted, and the held-out ones; none without.

    Raises DataError as `training_rows` and `mix`.
    """
    recipe, sources = resolved.spec.recipe, training_rows(resolved)
    mixed = mix([found.rows for found in sources], [found.source.weight for found in sources], seed=recipe.seed)
    return hold_out(mixed, recipe.held_out, seed=recipe.seed)
