"""The options that rules share, and what a rule answers where it has nothing of its own to say."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from evalsuite.records import Metric, Outlook, Severity, Suppose, Supposed, Terms
from evalsuite.spec.document import Document


class RuleOptions(Document):
    """How much a rule weighs, and where it differs from its policy's confidence and smallest sample.

    Every rule is one of these; what it does not override of `plugins.Rule` is answered here.
    """

    version: ClassVar[int] = 0
    severity: Annotated[Severity, Field(description="block: it must pass; warn: it is only told")] = "block"
    confidence: Annotated[float | None, Field(gt=0.5, lt=1, description="the policy's unless given")] = None
    minimum_n: Annotated[int | None, Field(ge=1, description="the policy's unless given")] = None

    @property
    def by_slice(self) -> bool:
        """False: the rule is about its metric as a whole."""
        return False

    @property
    def looks_every(self) -> int | None:
        """None: every sample is to be measured before the rule is looked at."""
        return None

    def asked(self, terms: Terms) -> tuple[float, int]:
        """The confidence and the smallest n that count for this rule."""
        return self.confidence or terms.confidence, self.minimum_n or terms.minimum_n

    def problems(self, metric: Metric) -> list[str]:
        """Nothing speaks against holding the rule against any metric."""
        return []

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """Nobody knows how many samples would settle the rule."""
        return "cannot be foreseen"


class Counted(RuleOptions):
    """A rule about what is counted and not sampled: nothing of it is left to chance."""

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """No number of samples makes it surer."""
        return "counted"


class Sliced(RuleOptions):
    """A rule that can be held against each slice of its metric."""

    every: Annotated[
        Literal["subject", "slice"] | None,
        Field(description="hold the rule against each slice of its metric (a subject, say); all of them must keep it"),
    ] = None

    @property
    def by_slice(self) -> bool:
        """Whether `every` is given."""
        return self.every is not None

    def of(self, metric: str) -> Self:
        """The same rule about one slice."""
        return self.model_copy(update={"metric": metric, "every": None})


class Sequential(RuleOptions):
    """A rule that may be settled before every sample is judged."""

    sequential: Annotated[
        bool, Field(description="judge in random order and stop as soon as an anytime-valid bound settles the rule")
    ] = False
    batch: Annotated[int, Field(ge=1, description="how many samples are judged between two looks")] = 10

    @property
    def looks_every(self) -> int | None:
        """After how many samples it wants to be looked at again, to be settled early; None without `sequential`."""
        return self.batch if self.sequential else None
