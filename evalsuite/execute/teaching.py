"""Teachers behind the reply cache: no prompt is put to one twice, in this run or a later one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evalsuite.execute.cached import CachedModel
from evalsuite.models import Model
from evalsuite.models.in_context import InContextModel
from evalsuite.models.remote.meter import Meter
from evalsuite.models.teacher import FoundTeacher
from evalsuite.plugins import Asking
from evalsuite.records import Completion, Prompt, Sampling
from evalsuite.store.replies import ReplyCache


def asking(
    teacher: FoundTeacher,
    cache: ReplyCache,
    progress: Callable[[int, int], None],
    *,
    make: Callable[[], Model] | None = None,
) -> Asking:
    """The teacher, ready to be asked; its model is in memory only while it writes. `make` makes another model."""

    def ask(prompts: Sequence[Prompt], sampling: Sampling) -> Sequence[Completion]:
        loaded: list[Model] = []

        def load() -> Model:
            if not loaded:
                loaded.append(make() if make is not None else teacher.model(Meter()))
            return loaded[0]

        model = InContextModel(CachedModel(teacher.model_digest, load, cache=cache, progress=progress))
        return model.generate(prompts, sampling=sampling, adapter=teacher.adapter)

    return Asking(teacher.id, teacher.digest, ask)
