"""The values that travel between stages: prompts in, completions and scores out, a verdict at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Answer = Literal["pass", "fail", "undecided", "invalid"]
Severity = Literal["block", "warn"]
Outlook = Literal["can be settled", "only a larger gap", "too few samples", "counted"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked: chat messages, rendered by the model's own template, or raw text as it stands."""

    messages: tuple[Message, ...] = ()
    text: str | None = None

    @staticmethod
    def user(content: str) -> Prompt:
        """A conversation of one user message."""
        return Prompt(messages=(Message("user", content),))

    @staticmethod
    def raw(text: str) -> Prompt:
        """Text that is continued without a chat template."""
        return Prompt(text=text)

    @property
    def shown(self) -> str:
        """The prompt as a person reads it."""
        if self.text is not None:
            return self.text
        if len(self.messages) == 1:
            return self.messages[0].content
        return "\n".join(f"{message.role}: {message.content}" for message in self.messages)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a completion is drawn; temperature 0 is greedy decoding.

    `response_schema` is the text of a JSON Schema that the reply must follow, where the backend can hold it to one;
    `top_logprobs` asks for the chances of so many alternatives of every token.
    """

    max_tokens: int = 256
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    response_schema: str | None = None
    top_logprobs: int = 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt as the model saw it: its text, and each token's id and piece; no tokens where a server keeps them."""

    text: str
    tokens: tuple[int, ...] = ()
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenChances:
    """One token of a reply and the natural log-probabilities of the likeliest tokens in its place."""

    token: str
    top: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's reply, with the tokens it cost and why it ended.

    A `refused` reply was declined by the model or its server; a `failed` one never came, `reason` says why. `seconds`
    are those it took; of a batch that was answered together, each completion's share.
    """

    text: str
    tokens: int
    prompt_tokens: int
    finish: Literal["stop", "length", "refused", "failed"]
    reason: str | None = None
    chances: tuple[TokenChances, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class LogLikelihood:
    """The natural log-probability of a continuation after its prompt, summed over `tokens` tokens."""

    value: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One item of a task: what is asked, and what a right answer is.

    `choices` are the options, or all answers that count as right where the reply is generated; `right` are the
    positions of the right options. `pairs` says for each option after which prompt which text is scored, where that is
    not simply the option after the prompt. Samples of one `group` share a passage, those of one `subject` a subject.
    `question` is the item alone, where its prompt shows examples as well.
    """

    id: str
    prompt: Prompt
    target: str
    choices: tuple[str, ...] = ()
    group: str | None = None
    subject: str | None = None
    right: tuple[int, ...] = ()
    pairs: tuple[tuple[Prompt, str], ...] = ()
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A training row that shows: what is asked and the answer to learn; `document` names where it was taken from."""

    prompt: Prompt
    completion: str
    document: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """The texts that follow the prompt."""
        return (self.completion,)


@dataclass(frozen=True, slots=True)
class ChosenRejected:
    """A training row that prefers: of two answers, the chosen and the rejected one."""

    prompt: Prompt
    chosen: str
    rejected: str
    document: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """The texts that follow the prompt."""
        return self.chosen, self.rejected


@dataclass(frozen=True, slots=True)
class Rated:
    """A training row that rates: an answer and whether it is a good one."""

    prompt: Prompt
    completion: str
    good: bool
    document: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """The texts that follow the prompt."""
        return (self.completion,)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A training row without an answer: a teacher is asked for it."""

    prompt: Prompt
    document: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """None yet."""
        return ()


Row = Example | ChosenRejected | Rated | Unanswered


@dataclass(frozen=True, slots=True)
class Adapter:
    """Trained weights on disk: a PEFT folder and the digest of what it holds."""

    name: str
    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What one model said to one sample, kept so that a person can read it."""

    sample_id: str
    prompt: str
    text: str
    target: str
    group: str | None = None
    note: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A number for one sample; `value` is None with a `reason` where nothing could be scored.

    `weight` is what the sample counts in the metric's mean where that is a ratio of sums, such as loss per token.
    """

    sample_id: str
    metric: str
    value: float | None
    reason: str | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Result:
    """An aggregate over samples: value with its interval, how many counted, how many could not be scored."""

    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    unscored: int = 0
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A paired difference, candidate minus baseline, over the samples both have."""

    metric: str
    baseline: str
    difference: float
    low: float
    high: float
    p_value: float | None
    n: int
    gained: int | None = None
    lost: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that one step of scoring yields: replies, scores per sample, aggregates, paired differences.

    `rendered` has the prompts, by sample, as the model saw them.
    """

    replies: tuple[Reply, ...] = ()
    scores: tuple[Score, ...] = ()
    results: tuple[Result, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    rendered: Mapping[str, Rendered] = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """The evidence about one subject: aggregates and scores and clusters by metric and sample."""

    subject: str
    by_metric: Mapping[str, Result] = field(default_factory=dict)
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def results_of(subject: str, outcome: Outcome) -> Results:
    """An outcome as evidence: aggregates and scores by metric, unscored samples left out."""
    groups = {reply.sample_id: reply.group for reply in outcome.replies if reply.group is not None}
    scores: dict[str, dict[str, float]] = {}
    for score in outcome.scores:
        if score.value is not None:
            scores.setdefault(score.metric, {})[score.sample_id] = score.value
    by_metric = {result.metric: result for result in outcome.results}
    return Results(subject, by_metric, scores, dict.fromkeys(scores, groups) if groups else {})


@dataclass(frozen=True, slots=True)
class TrainingPoint:
    """One point of a training curve."""

    step: int
    loss: float | None
    held_out_loss: float | None


@dataclass(frozen=True, slots=True)
class LayerNorm:
    """The Frobenius norms of one layer's update and of its base weight."""

    layer: str
    update: float
    base: float

    @property
    def relative(self) -> float | None:
        """The update's norm as a share of the base weight's; None where that is zero."""
        return self.update / self.base if self.base else None


@dataclass(frozen=True, slots=True)
class Training:
    """What a training left behind: the adapter and the facts worth keeping about how it was made."""

    adapter: Adapter
    curve: tuple[TrainingPoint, ...]
    tokens_seen: int
    tokens_per_second: float
    wall_seconds: float
    peak_memory_mb: float
    trained_parameters: int
    total_parameters: int
    held_out_loss: float | None
    norms: tuple[LayerNorm, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What a training was made of and with; `data` has the digest of each source, `built_on` that of an adapter.

    Money and energy are None where the spec gives no price and no power.
    """

    seed: int | None
    base_digest: str
    built_on: str | None
    data: Mapping[str, str]
    versions: Mapping[str, str | int | None]
    money: float | None = None
    watt_hours: float | None = None


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


# The facts that rules look at, by the names that they have in sentences.
FACTS = ("adapter.size", "training.cost", "training.held_out_loss")


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


def clusters_of(groups: Mapping[str, str], sample_ids: Sequence[str]) -> list[str] | None:
    """The cluster of each sample, one without a group being its own; None when no two samples share a cluster."""
    clusters = [f"group {groups[key]}" if key in groups else f"sample {key}" for key in sample_ids]
    return clusters if len(set(clusters)) < len(clusters) else None
