"""Plans as values: steps with digest and cost, what they are compared with, and their rows in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evalsuite.data.digest import digest, file_digest
from evalsuite.environment import environment
from evalsuite.models.checkpoints.base import Base, BaseCheckpoint
from evalsuite.models.checkpoints.found_teacher import FoundTeacher
from evalsuite.records import Adapter, Facts, Measurement, Reply, StepKind, TrainingRecord
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.source import sources_of
from evalsuite.store.write import SpecRow, StepRow

Role = Literal["base", "candidate", "author"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step will ask for, estimated before anything runs."""

    samples: int = 0
    tokens: int = 0
    judge_calls: int = 0
    teacher_calls: int = 0
    money: float = 0.0


@dataclass(frozen=True, slots=True)
class Judging:
    """Who judges by what: names for people, digests for everything else."""

    judge: str
    judge_digest: str
    rubric: str
    rubric_digest: str

    @property
    def digests(self) -> list[str]:
        """Judge and rubric, as other digests hold them."""
        return [self.judge_digest, self.rubric_digest]


@dataclass(frozen=True, slots=True)
class Opponent:
    """Someone whom candidates are compared with: the replies on record, or the reason why there are none.

    `name` is what the suite calls them, `player` what ratings call them; `weights` tell two states of one spec apart.
    """

    name: str
    player: str
    replies: tuple[Reply, ...] = ()
    weights: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """Whom a pair step compares the candidate with, over which judged set, and the metric of the outcomes."""

    name: str
    player: str
    weights: str | None
    judged: str
    metric: str


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of work; without a digest while it depends on an adapter that is not trained yet.

    `measured` says what it measures, whoever is measured: once, or by entry where it is about several.
    """

    kind: StepKind
    digest: str | None
    entry: str | None = None
    role: Role | None = None
    cost: Cost = Cost()
    judging: Judging | None = None
    meeting: Meeting | None = None
    measured: tuple[Measurement, ...] = ()

    @property
    def label(self) -> str:
        """The step as a person reads it."""
        against = f"against {self.meeting.name}" if self.meeting and self.meeting.name != "base" else None
        return " ".join(part for part in (self.kind, self.role, self.entry, against) if part)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a policy compares with besides the base: its name there, and the steps that its results come from."""

    name: str
    digests: tuple[str, ...]


# In place of figures that compare, where a spec names nothing to compare with.
NO_REFERENCE = (
    "there is no reference: a model that is no adapter is not compared with itself; "
    "write `reference:` in its spec, such as `reference: {id: THE BASE}`"
)


@dataclass(frozen=True)
class Reference:
    """The model that a candidate is compared with: a base that is asked, or what a name has on record.

    `weights` are the digests of its base and of its adapter, None before that is trained. Of a name there are `steps`,
    as steps of role base, and its `replies` to each judged set. `own` says that it is the base that the candidate
    adapts, `missing` why there is no reference at all: then nothing is compared.
    """

    name: str
    weights: tuple[str, str | None] | None
    base: Base | None = None
    own: bool = False
    steps: tuple[Step, ...] = ()
    replies: Mapping[str, tuple[Reply, ...]] = field(default_factory=dict)
    missing: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether all that it said is known, or can be asked for."""
        return all(step.digest is not None for step in self.steps)


@dataclass(frozen=True)
class BuiltOn:
    """What a training builds on besides base and data; `waits_for` names a spec whose adapter is not trained yet."""

    adapter: Adapter | None = None
    teacher: FoundTeacher | None = None
    waits_for: str | None = None

    @property
    def digest(self) -> str | None:
        """The digest of what it builds on; None for nothing."""
        if self.teacher is not None:
            return self.teacher.digest
        return None if self.adapter is None else self.adapter.digest


@dataclass(frozen=True)
class Plan:
    """The steps of one spec in order, on a known base and, once trained, a known adapter.

    `facts` are what its policy's rules read besides results; they are in the digest of its `decide` step.
    """

    resolved: ResolvedSpec
    base: Base
    adapter: Adapter | None
    steps: tuple[Step, ...]
    built_on: BuiltOn = BuiltOn()
    opponents: Mapping[tuple[str, str], Opponent] = field(default_factory=dict)
    baseline: Baseline | None = None
    facts: Facts = field(default_factory=Facts)
    reference: Reference = Reference("", None, missing=NO_REFERENCE)

    @property
    def name(self) -> str:
        """The spec's name."""
        return self.resolved.spec.name

    @property
    def checkpoint(self) -> BaseCheckpoint:
        """The base on this disk, which every spec has that trains or adapts something."""
        assert isinstance(self.base, BaseCheckpoint)
        return self.base

    def step(self, kind: StepKind, entry: str | None = None, role: Role | None = None) -> Step | None:
        """The step of that kind, entry and role, or None."""
        wanted = (kind, entry, role)
        return next((step for step in self.steps if (step.kind, step.entry, step.role) == wanted), None)

    def digests(self, *kinds: StepKind, roles: tuple[Role | None, ...]) -> list[str]:
        """The known digests of the steps of these kinds and roles."""
        return [
            step.digest for step in self.steps if step.kind in kinds and step.role in roles and step.digest is not None
        ]


def step_row(step: Step) -> StepRow:
    """A step as a row; one whose digest is not known yet has an empty one."""
    its = step.judging
    judging = (its.judge, its.judge_digest, its.rubric, its.rubric_digest) if its else None
    met = step.meeting
    opponent = (met.metric, met.judged, met.player, met.weights) if met else None
    meets = met.name if met else None
    return StepRow(step.digest or "", step.kind, step.entry, step.role, judging, opponent, step.measured, meets)


def training_record(plan: Plan, *, seconds: float) -> TrainingRecord:
    """What a training of so many seconds was made of and with."""
    spec = plan.resolved.spec
    sources = zip(sources_of(spec.train), plan.resolved.training_data, strict=True)
    return TrainingRecord(
        seed=None if spec.train is None else spec.recipe.seed,
        base_digest=plan.base.digest,
        built_on=plan.built_on.digest,
        data={source.place: file_digest(file) for source, file in sources},
        versions=environment(),
        money=spec.machine.money(seconds),
        watt_hours=spec.machine.watt_hours(seconds),
    )


def spec_row(plan: Plan) -> SpecRow:
    """A plan as a row with its steps."""
    spec = plan.resolved.spec
    document = spec.model_dump(mode="json", exclude_none=True)
    untrained = "adapter" if spec.adapter else "base"
    steps = tuple(step_row(step) for step in plan.steps)
    return SpecRow(
        name=spec.name,
        plan_digest=digest(document, [step.digest for step in steps]),
        document=document,
        base_model=spec.base_model.id,
        base_digest=plan.base.digest,
        adapter_digest=plan.adapter.digest if plan.adapter else None,
        method=untrained if spec.train is None else spec.train.method,
        adapter_type=spec.recipe.adapter_type,
        steps=steps,
        reference=None if plan.reference.missing is not None else plan.reference.name,
    )
