"""The judges of a run: each that is a model stands behind the reply cache, made when a reply is missing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evalsuite.data.digest import digest
from evalsuite.errors import ModelError
from evalsuite.execute.cached import CachedModel
from evalsuite.models import Model, way_to
from evalsuite.models.base import BaseCheckpoint, base_of
from evalsuite.models.endpoint import endpoint_digest
from evalsuite.plugins import Ask, Grader
from evalsuite.spec.endpoint import Endpoint
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.rubric import Rubric
from evalsuite.store.replies import ReplyCache

Load = Callable[[ResolvedJudge], Model]


class Judges:
    """Makes judges; `served` gives the model behind an endpoint, `load` takes the place of every model."""

    def __init__(
        self,
        cache: ReplyCache,
        progress: Callable[[int, int], None],
        *,
        served: Callable[[Endpoint], Model],
        load: Load | None = None,
    ) -> None:
        self._cache = cache
        self._progress = progress
        self._served = served
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
        if isinstance(ref, Endpoint):
            return self._served(ref) if load is None else self._cached(endpoint_digest(ref), partial(load, resolved))
        base = base_of(ref, beside=resolved.file, download=True)
        make = partial(_load_hf, base) if load is None else partial(load, resolved)
        return self._cached(digest("judge model", base.digest), make)

    def _cached(self, key: str, make: Callable[[], Model]) -> Model:
        def once() -> Model:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]

        return CachedModel(key, once, cache=self._cache, progress=self._progress)


def _load_hf(base: BaseCheckpoint) -> Model:
    from evalsuite.models.hf import HfModel

    return HfModel(base)
