"""The judges of a run: each that is a model stands behind the reply cache, made when a reply is missing."""

from __future__ import annotations

from collections.abc import Callable

from evalsuite.data.digest import digest
from evalsuite.evaluate.graders import grader
from evalsuite.evaluate.judge import Grader
from evalsuite.execute.cached import CachedModel
from evalsuite.models import Model
from evalsuite.plan.judging import base_of
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
        return grader(resolved, rubric, model_of=self._model, repeat=repeat)

    def _model(self, resolved: ResolvedJudge) -> Model:
        if isinstance(resolved.judge, Endpoint) and self._load is None:
            return self._served(resolved.judge)
        key = _digest(resolved)

        def make() -> Model:
            if key not in self._made:
                self._made[key] = (self._load or _load_hf)(resolved)
            return self._made[key]

        return CachedModel(key, make, cache=self._cache, progress=self._progress)


def _digest(resolved: ResolvedJudge) -> str:
    if isinstance(resolved.judge, Endpoint):
        from evalsuite.models.endpoint import endpoint_digest

        return endpoint_digest(resolved.judge)
    return digest("judge model", base_of(resolved, download=True).digest)


def _load_hf(resolved: ResolvedJudge) -> Model:
    from evalsuite.models.hf import HfModel

    return HfModel(base_of(resolved, download=True))
