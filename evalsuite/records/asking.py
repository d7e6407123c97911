"""What a model is asked and what it says: prompts, sampling, completions, likelihoods, the samples of a task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


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
    are those it took; of a batch that was answered together, each completion's share. One that is `cached` came from
    the reply cache, and nobody was asked.
    """

    text: str
    tokens: int
    prompt_tokens: int
    finish: Literal["stop", "length", "refused", "failed"]
    reason: str | None = None
    chances: tuple[TokenChances, ...] = ()
    seconds: float | None = None
    cached: bool = field(default=False, compare=False)


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
