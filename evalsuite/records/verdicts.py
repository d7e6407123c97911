"""What the gate looks at and what it decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from evalsuite.records.metrics import Metric
from evalsuite.records.results import Results
from evalsuite.records.training import TrainingPoint

Answer = Literal["pass", "fail", "undecided", "invalid"]


Severity = Literal["block", "warn"]


Outlook = Literal["can be settled", "only a larger gap", "too few samples", "counted", "cannot be foreseen"]


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What one rule of a policy found, with a sentence that a person can act on.

    `p_value` belongs to "the rule is kept": below 1 - confidence exactly when the rule fails. `needed` is about how
    many samples in all would settle an undecided rule, `money` what the missing ones would cost.
    """

    rule: str
    metric: str
    answer: Answer
    sentence: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    severity: Severity = "block"
    p_value: float | None = None
    needed: int | None = None
    money: float | None = None

    @property
    def word(self) -> str:
        """The answer; `warn` where a rule that only warns did not pass."""
        return "warn" if self.severity == "warn" and self.answer != "pass" else self.answer

    @property
    def blocks(self) -> bool:
        """Whether this outcome stands in the way of a release."""
        return self.severity == "block" and self.answer != "pass"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's decision about one candidate against one policy."""

    answer: Answer
    policy: str
    outcomes: tuple[RuleOutcome, ...]
    baseline: str = "base"

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences of the rules that did not pass; empty when all passed."""
        return tuple(outcome.sentence for outcome in self.outcomes if outcome.answer != "pass")


@dataclass(frozen=True)
class Facts:
    """What is known of a subject besides its scores; None is what nobody recorded.

    `money` is what scoring it costs in all, `prices` what one more sample of an entry costs, in dollars.
    """

    train_seconds: float | None = None
    trained_parameters: int | None = None
    adapter_bytes: int | None = None
    curve: tuple[TrainingPoint, ...] = ()
    money: float | None = None
    prices: Mapping[str, float] = field(default_factory=dict)

    def read_by(self, metrics: Iterable[str]) -> Facts:
        """The facts that rules on these metrics look at, and the prices, which every undecided rule tells.

        What nobody looks at is left out, so that no verdict rests on it: a second that a training took longer is no
        other verdict where no rule asks for the time.
        """
        patterns = tuple(metrics)
        size, cost, loss = (any(fnmatchcase(name, pattern) for pattern in patterns) for name in FACTS)
        return Facts(
            train_seconds=self.train_seconds if cost else None,
            trained_parameters=self.trained_parameters if size else None,
            adapter_bytes=self.adapter_bytes if size else None,
            curve=self.curve if loss else (),
            money=self.money if cost else None,
            prices=self.prices,
        )


# The facts that rules look at, by the names that they have in sentences; none has an end above.
FACT_METRICS = tuple(
    Metric(name, direction="lower", high=None, unit=unit, place="detail", about=about)
    for name, unit, about in (
        ("adapter.size", "bytes", "What the adapter's files take on disk."),
        ("training.cost", "seconds", "The training's wall time, and beside it the money for scoring."),
        ("training.held_out_loss", "nats", "The mean loss per token on the training's own held-out rows."),
    )
)
FACTS = tuple(metric.name for metric in FACT_METRICS)


@dataclass(frozen=True)
class Evidence:
    """All that a policy's rules may look at: the candidate, what it is compared with, and the facts about it.

    `seed` gives the order in which samples were judged where a rule is sequential; `partial` says that judging goes on.
    """

    candidate: Results
    baseline: Results
    base: Results = field(default_factory=lambda: Results("base"))
    author: Results = field(default_factory=lambda: Results("author"))
    facts: Facts = Facts()
    seed: int = 0
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What a policy asks of every rule that does not say otherwise; `rivals` counts its blocking rules.

    `corrected` says that failures are adjusted for their number.
    """

    confidence: float = 0.95
    minimum_n: int = 20
    rivals: int = 1
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Suppose:
    """What is supposed of the truth: its distance from a limit, and the share of answers that training changes."""

    gap: float = 0.1
    flips: float = 0.1


@dataclass(frozen=True, slots=True)
class Supposed:
    """What a rule makes of it: the gap to be shown, the variance of one sample, whether its interval has two sides."""

    gap: float
    variance: float
    two_sided: bool


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One rule's outlook: the suite's n, the gap supposed, the n it needs, and the smallest gap that n settles."""

    rule: str
    metric: str
    severity: Severity
    outlook: Outlook
    n: int | None = None
    gap: float | None = None
    needed: int | None = None
    settles: float | None = None
