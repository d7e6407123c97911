"""Where steps find their models: one loaded base, every model behind the reply cache, one meter for what is paid."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evalsuite.errors import NotFound
from evalsuite.execute.cached import CachedModel
from evalsuite.execute.judges import Judges
from evalsuite.execute.teaching import asking
from evalsuite.models import Closing, Model
from evalsuite.models.base import Base, BaseCheckpoint, ServedBase
from evalsuite.models.endpoint import EndpointModel, endpoint_digest
from evalsuite.models.in_context import InContextModel
from evalsuite.models.remote.meter import Meter
from evalsuite.models.remote.pace import Pace
from evalsuite.models.teacher import FoundTeacher
from evalsuite.plan import Plan, Role
from evalsuite.plugins import Asking
from evalsuite.records import Adapter, Usage
from evalsuite.spec.endpoint import Endpoint
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.teacher import ServedTeacher
from evalsuite.store.replies import ReplyCache


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
        self._load_base = load or _load
        self._loaded: tuple[str, Model] | None = None
        self._paces: dict[str, Pace] = {}
        self.judges = Judges(cache, progress, served=self.served, load=load_judge)

    @property
    def paid(self) -> Usage:
        """What endpoints have billed so far."""
        meter = self.meter
        return Usage(meter.calls, meter.prompt_tokens, meter.completion_tokens, meter.spent)

    def served(self, endpoint: Endpoint) -> Model:
        """The model of an endpoint behind the reply cache; all of a run's share one meter."""
        make = partial(self._asked, endpoint)
        return CachedModel(endpoint_digest(endpoint), make, cache=self.cache, progress=self.progress)

    def _asked(self, endpoint: Endpoint) -> EndpointModel:
        # Limits per minute hold for all together who ask one model of one server.
        fresh = Pace(endpoint.requests_per_minute, endpoint.tokens_per_minute)
        pace = self._paces.setdefault(endpoint_digest(endpoint), fresh)
        return EndpointModel(endpoint, meter=self.meter, pace=pace)

    def model(self, base: Base) -> Model:
        """The base model behind the reply cache; it is loaded when the first reply is missing."""
        if isinstance(base, ServedBase):
            return self.served(base.endpoint)
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
        if isinstance(found.document, ServedTeacher):
            return self._asked(found.document)
        assert found.base is not None
        return self._load_base(found.base)

    def _load(self, base: BaseCheckpoint) -> Model:
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


def _load(base: BaseCheckpoint) -> Model:
    if base.backend == "vllm":
        from evalsuite.models.vllm.model import VllmModel

        return VllmModel(base, url=base.server)
    from evalsuite.models.hf import HfModel

    return HfModel(base)
