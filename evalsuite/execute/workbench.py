"""Where steps find their models: one loaded base, all behind the reply cache, one meter for what is paid."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evalsuite.data.digest import digest
from evalsuite.errors import ModelError, NotFound
from evalsuite.execute.cached import CachedModel
from evalsuite.execute.teaching import asking
from evalsuite.models.checkpoints.base import Base, BaseCheckpoint, find_model
from evalsuite.models.checkpoints.teacher import FoundTeacher
from evalsuite.models.in_context import InContextModel
from evalsuite.models.openai.calls import Meter
from evalsuite.models.protocol import Closing, Model, way_to
from evalsuite.plan.steps import Plan, Role
from evalsuite.plugins import Ask, Asking, Grader
from evalsuite.records import Adapter, Usage
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


class Workbench:
    """One process's place of work: loaded base, reply cache, who is told of progress, what endpoints have cost."""

    def __init__(
        self,
        cache: ReplyCache,
        progress: Callable[[int, int], None],
        load: Callable[[BaseCheckpoint], Model] | None = None,
        *,
        meter: Meter | None = None,
        load_judge: Callable[[ResolvedJudge], Model] | None = None,
    ) -> None:
        self.cache = cache
        self.progress = progress
        self.meter = meter or Meter()
        self._load_base = load or (lambda base: base.load(self.meter))
        self._loaded: tuple[str, Model] | None = None
        self.judges = Judges(cache, progress, meter=self.meter, load=load_judge)

    @property
    def paid(self) -> Usage:
        """What endpoints have billed so far."""
        meter = self.meter
        return Usage(meter.calls, meter.prompt_tokens, meter.completion_tokens, meter.spent)

    def model(self, base: Base) -> Model:
        """The base model behind the reply cache; it is loaded when the first reply is missing."""
        cached = CachedModel(base.answers, lambda: self._load(base), cache=self.cache, progress=self.progress)
        return InContextModel(cached)

    def subject(self, plan: Plan, role: Role | None) -> tuple[Model, Adapter | None]:
        """The model that answers for a role, and through which adapter; raises NotFound for one only on record."""
        if role != "base":
            return self.model(plan.base), plan.adapter if role == "candidate" else None
        if plan.reference.base is None:
            why = plan.reference.missing or f"the reference {plan.reference.name} has not been scored; run its spec"
            raise NotFound(f"{plan.resolved.file}  {plan.name}: {why}")
        return self.model(plan.reference.base), None

    def teacher(self, plan: Plan) -> Asking | None:
        """Whom the plan's training may ask, behind the reply cache; None where it has no teacher."""
        found = plan.built_on.teacher
        if found is None:
            return None
        return asking(found, self.cache, self.progress, make=partial(self._teachers_model, found))

    def _teachers_model(self, found: FoundTeacher) -> Model:
        if isinstance(found.base, BaseCheckpoint):
            return self._load_base(found.base)
        return found.model(self.meter)

    def _load(self, base: Base) -> Model:
        if not isinstance(base, BaseCheckpoint):
            return base.load(self.meter)
        # One base at a time: two large ones would not fit into memory together.
        if self._loaded is None or self._loaded[0] != base.answers:
            if self._loaded is not None and isinstance(self._loaded[1], Closing):
                self._loaded[1].close()
            self._loaded = None
            self._loaded = (base.answers, self._load_base(base))
        return self._loaded[1]


def with_cost(
    progress: Callable[[int, int], None], say: Callable[[str], None], meter: Meter
) -> Callable[[int, int], None]:
    """Progress that is told in figures, and with the cost so far once there is any."""

    def told(done: int, total: int) -> None:
        if meter.calls:
            say(f"{done}/{total}  {meter}")
        else:
            progress(done, total)

    return told
