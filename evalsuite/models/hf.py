"""The default backend: transformers and PEFT in this process, on the GPU where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from evalsuite.data.digest import digest
from evalsuite.errors import ModelError
from evalsuite.models.base import BaseCheckpoint
from evalsuite.models.batching import in_batches
from evalsuite.models.chat import Chat
from evalsuite.models.decoding import Decoder, Request
from evalsuite.models.drift import measure
from evalsuite.models.network import Network, load_network
from evalsuite.models.recite import recited
from evalsuite.models.scoring import cost, score
from evalsuite.models.swap import Adapters
from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Recited, Sampling, TextDrift

TOKENS_PER_BATCH = 16_384


@dataclass(frozen=True)
class _Parts:
    """What exists once the weights are in memory."""

    network: Network
    chat: Chat
    adapters: Adapters


class HfModel:
    """A checkpoint that answers through transformers; its weights are loaded when it is first asked."""

    def __init__(self, checkpoint: BaseCheckpoint) -> None:
        self._checkpoint = checkpoint
        self._parts: _Parts | None = None
        # Adapters are switched on the one network, so two threads must not ask at the same time.
        self._lock = Lock()

    @property
    def digest(self) -> str:
        """Digest of the base's weights, tokenizer, chat template and number format."""
        return self._checkpoint.digest

    def generate(
        self, prompts: Sequence[Prompt], *, sampling: Sampling, adapter: Adapter | None = None
    ) -> list[Completion]:
        """One completion per prompt; raises ModelError when a prompt does not fit or the model cannot be loaded."""
        if not prompts:
            return []
        with self._lock:
            parts = self._through(adapter)
            rows = parts.chat.encode(prompts)
            for row, prompt in zip(rows, prompts, strict=True):
                self._check_length(len(row), sampling.max_tokens, prompt=prompt)
            # A prompt's chance is its own: the same whatever else is asked, and in whatever order.
            requests = [Request(tuple(row), int(digest(sampling.seed, row)[:15], 16)) for row in rows]
            lengths = [len(row) + sampling.max_tokens for row in rows]
            decoder = Decoder(parts.network, parts.chat, sampling=sampling)
            with parts.network.threads():
                return in_batches(requests, lengths, budget=TOKENS_PER_BATCH, run=decoder.complete)

    def choices(
        self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]], *, adapter: Adapter | None = None
    ) -> list[tuple[LogLikelihood, ...]]:
        """For each prompt, the log-likelihood of each of its options as the reply; raises ModelError as `generate`."""
        if not prompts:
            return []
        with self._lock:
            parts = self._through(adapter)
            pairs = list(zip(prompts, options, strict=True))
            if any(not texts for _, texts in pairs):
                raise ModelError(f"base model {self._checkpoint.id!r}: a prompt has no options to choose from")
            items = [parts.chat.continuations(prompt, texts) for prompt, texts in pairs]
            for item, prompt in zip(items, prompts, strict=True):
                self._check_length(len(item.context), max(map(len, item.options)), prompt=prompt)
            lengths = [cost(item, vocabulary=parts.network.vocabulary) for item in items]
            with parts.network.threads():
                return in_batches(items, lengths, budget=TOKENS_PER_BATCH, run=lambda some: score(parts.network, some))

    def drift(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[TextDrift]:
        """For each text its likelihood, and the divergence KL(base || adapter); raises ModelError as `generate`."""
        if not texts:
            return []
        with self._lock:
            parts = self._through(adapter)
            with parts.network.threads():
                return measure(parts.network, parts.chat, texts, use=parts.adapters.use, adapter=adapter)

    def recite(
        self, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int, adapter: Adapter | None = None
    ) -> list[Recited | None]:
        """What follows the first `context` tokens of prompt and answer, greedily; None where they are too short."""
        with self._lock:
            parts = self._through(adapter)
            with parts.network.threads():
                return recited(parts.network, parts.chat, rows, context=context, length=length)

    def _through(self, adapter: Adapter | None) -> _Parts:
        if self._parts is None:
            network = load_network(self._checkpoint)
            chat = Chat(network.tokenizer, label=network.label)
            self._parts = _Parts(network, chat, Adapters(network, self._checkpoint))
        self._parts.adapters.use(adapter)
        return self._parts

    def _check_length(self, prompt_tokens: int, reply_tokens: int, *, prompt: Prompt) -> None:
        limit = None if self._parts is None else self._parts.network.context
        if limit is not None and prompt_tokens + reply_tokens > limit:
            raise ModelError(
                f"base model {self._checkpoint.id!r}: a prompt of {prompt_tokens} tokens ({prompt.shown[:40]!r}...) "
                f"and a reply of {reply_tokens} exceed its context of {limit}; shorten the prompt or lower max_tokens"
            )
