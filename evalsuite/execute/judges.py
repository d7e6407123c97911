"""The judges of a run: each that is a model stands behind the reply cache, made when a reply is missing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evalsuite.data.digest import digest
from evalsuite.errors import ModelError
from evalsuite.execute.cached import CachedModel
from evalsuite.models import Model, way_to
from evalsuite.models.base import BaseCheckpoint, find_model
from evalsuite.models.remote.meter import Meter
from evalsuite.plugins import Ask, Grader
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.rubric import Rubric
from evalsuite.store.replies import ReplyCache

Load = Callable[[ResolvedJudge], Model]


class Judges:
    """Makes judges; `meter` counts what is paid for them, `load` takes the place of every model."""

    def __init__(
        self,
        cache: ReplyCache,
        progress: Callable[[int, int], None],
        *,
        meter: Meter,
        load: Load | None = None,
    ) -> None:
        self._cache = cache
        self._progress = progress
        self._meter = meter
        self._load = load
        self._made: dict[str, Model] = {}

    def grader(self, resolved: ResolvedJudge, rubric: Rubric, *, repeat: int = 0) -> Grader:
        """The judge, ready to grade by a rubric."""
        return resolved.judge.grader(resolved, rubric, ask_of=self._ask_of, repeat=repeat)

    def _ask_of(self, resolved: ResolvedJudge) -> Ask:
        return way_to(self._model(resolved))

    def _model(self, resolved: ResolvedJudge) -> Model:
        ref, load = resolved.judge.base_model, self._load
        if ref is None:
            raise ModelError(f"{resolved.file}  a judge of kind {resolved.judge.kind!r} asks a model and names none")
        base = find_model(ref, beside=resolved.file, download=True)
        # Replies of a judge's checkpoint have always been kept apart from those of the same base under test.
        key = digest("judge model", base.answers) if isinstance(base, BaseCheckpoint) else base.answers
        return self._cached(key, partial(base.load, self._meter) if load is None else partial(load, resolved))

    def _cached(self, key: str, make: Callable[[], Model]) -> Model:
        def once() -> Model:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]

        return CachedModel(key, once, cache=self._cache, progress=self._progress)
