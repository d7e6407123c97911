"""The values that travel between stages: prompts in, completions and scores out, a verdict at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Answer = Literal["pass", "fail", "undecided", "invalid"]


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
class TokenChances:
    """One token of a reply and the natural log-probabilities of the likeliest tokens in its place."""

    token: str
    top: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's reply, with the tokens it cost and why it ended.

    A `refused` reply was declined by the model or its server; a `failed` one never came, `reason` says why.
    """

    text: str
    tokens: int
    prompt_tokens: int
    finish: Literal["stop", "length", "refused", "failed"]
    reason: str | None = None
    chances: tuple[TokenChances, ...] = ()


@dataclass(frozen=True, slots=True)
class LogLikelihood:
    """The natural log-probability of a continuation after its prompt, summed over `tokens` tokens."""

    value: float
    tokens: int


@dataclass(frozen=True, slots=True)
class TextDrift:
    """How a text fares with a model, summed over the `tokens` tokens that are predicted.

    `nll` is the negative log-likelihood in nats, `kl` the divergence KL(base || asked) over the whole vocabulary.
    """

    nll: float
    kl: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Recited:
    """What greedy decoding says after the first tokens of a text, and what truly follows there, as token ids."""

    said: tuple[int, ...]
    truth: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One item of a task: what is asked, and what a right answer is."""

    id: str
    prompt: Prompt
    target: str
    choices: tuple[str, ...] = ()
    group: str | None = None


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


Row = Example | ChosenRejected | Rated


@dataclass(frozen=True, slots=True)
class Canary:
    """A made-up secret planted in the training data `repeats` times; `others` are as likely and were never planted."""

    id: str
    prompt: Prompt
    secret: str
    repeats: int
    others: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class Score:
    """A number for one sample; `value` is None with a `reason` where nothing could be scored.

    `weight` says for how much the sample counts (tokens of a text, say); None where all samples count alike.
    """

    sample_id: str
    metric: str
    value: float | None
    reason: str | None = None
    weight: float | None = None


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
    """All that one step of scoring yields: replies, scores per sample, aggregates, paired differences."""

    replies: tuple[Reply, ...] = ()
    scores: tuple[Score, ...] = ()
    results: tuple[Result, ...] = ()
    comparisons: tuple[Comparison, ...] = ()


@dataclass(frozen=True)
class Results:
    """The evidence about one subject: aggregates, and scores, clusters and weights by metric and sample."""

    subject: str
    by_metric: Mapping[str, Result] = field(default_factory=dict)
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What one rule of a policy found, with a sentence that a person can act on."""

    rule: str
    metric: str
    answer: Answer
    sentence: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's decision about one candidate against one policy."""

    answer: Answer
    policy: str
    outcomes: tuple[RuleOutcome, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences of the rules that did not pass; empty when all passed."""
        return tuple(outcome.sentence for outcome in self.outcomes if outcome.answer != "pass")


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


def clusters_of(groups: Mapping[str, str], sample_ids: Sequence[str]) -> list[str] | None:
    """The cluster of each sample, one without a group being its own; None when no two samples share a cluster."""
    clusters = [f"group {groups[key]}" if key in groups else f"sample {key}" for key in sample_ids]
    return clusters if len(set(clusters)) < len(clusters) else None
