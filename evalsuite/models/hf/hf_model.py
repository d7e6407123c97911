"""The model of the hf backend: transformers and PEFT in this process, on the GPU where there is one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from threading import Lock

from evalsuite.data.digest import digest
from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.base import BaseCheckpoint
from evalsuite.models.hf.adapters import Adapters
from evalsuite.models.hf.chat_template import Chat, load_chat
from evalsuite.models.hf.decoding import Decoder, Request
from evalsuite.models.hf.drift import measure, recited
from evalsuite.models.hf.network import Network, load_network
from evalsuite.models.hf.option_scoring import AskedOptions, score, sorted_out
from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Recited, Rendered, Sampling, TextDrift

TOKENS_PER_BATCH = 16_384
# On a processor a batch is fast while its activations stay in the caches; on a GPU it must fill the device.
_TOKENS_ON_CPU = 1_024
# What is remembered of earlier questions, for the next adapter: some 100 MB at most.
_KNOWN_TOKENS = 16_000_000


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
        self._known: OrderedDict[str, tuple[AskedOptions, ...]] = OrderedDict()
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
            decoder = Decoder(parts.network, parts.chat, sampling=sampling, budget=TOKENS_PER_BATCH)
            with parts.network.running():
                return decoder.complete(requests)

    def choices(
        self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]], *, adapter: Adapter | None = None
    ) -> list[tuple[LogLikelihood, ...]]:
        """For each prompt, the log-likelihood of each of its options as the reply, in nats; raises as `generate`."""
        if not prompts:
            return []
        with self._lock:
            parts = self._through(adapter)
            asked = self._asked(parts.chat, prompts, options)
            for family in asked:
                longest = max(family.questions, key=lambda question: question.longest)
                self._check_length(
                    len(family.beginning) + len(longest.row.stem),
                    max(map(len, longest.options)),
                    prompt=prompts[family.numbers[family.questions.index(longest)]],
                )
            with parts.network.running():
                return score(parts.network, asked, budget=_budget(parts.network))

    def _asked(
        self, chat: Chat, prompts: Sequence[Prompt], options: Sequence[Sequence[str]]
    ) -> tuple[AskedOptions, ...]:
        """The prompts and options as tokens, in families; what was asked before is known, for whichever adapter."""
        key = digest("asked", [[*map(asdict, prompts)], [list(texts) for texts in options]])
        if key not in self._known:
            pairs = list(zip(prompts, options, strict=True))
            if any(not texts for _, texts in pairs):
                raise ModelError(f"base model {self._checkpoint.id!r}: a prompt has no options to choose from")
            self._known[key] = sorted_out([chat.continuations(prompt, texts) for prompt, texts in pairs])
            while sum(map(_size, self._known.values())) > _KNOWN_TOKENS and len(self._known) > 1:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def load(self) -> None:
        """Brings the weights into memory now; raises ModelError when they cannot be loaded."""
        with self._lock:
            self._through(None)

    def loglikelihood(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[LogLikelihood]:
        """The log-likelihood of each whole text in nats, read in windows of the context, every token predicted once."""
        if not texts:
            return []
        with self._lock:
            parts = self._through(adapter)
            windows = [parts.chat.windows(text, context=parts.network.context) for text in texts]
            items = [window for of in windows for window in of]
            with parts.network.running():
                scores = score(parts.network, sorted_out(items), budget=_budget(parts.network))
        found = iter(score for (score,) in scores)
        sums = [[next(found) for _ in of] for of in windows]
        return [LogLikelihood(sum(s.value for s in of), sum(s.tokens for s in of)) for of in sums]

    def render(self, prompts: Sequence[Prompt], *, adapter: Adapter | None = None) -> list[Rendered]:
        """Each prompt as text, token ids and pieces; only the tokenizer is loaded for it."""
        chat = self._parts.chat if self._parts is not None else load_chat(self._checkpoint)
        return chat.render(prompts)

    def drift(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[TextDrift]:
        """For each text its likelihood and the divergence KL(base || adapter), in nats; raises as `generate`."""
        if not texts:
            return []
        with self._lock:
            parts = self._through(adapter)
            with parts.network.running():
                return measure(parts.network, parts.chat, texts, use=parts.adapters.use, adapter=adapter)

    def recite(
        self, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int, adapter: Adapter | None = None
    ) -> list[Recited | None]:
        """The `length` tokens after the first `context` of prompt and answer, greedily; None for shorter ones."""
        with self._lock:
            parts = self._through(adapter)
            with parts.network.running():
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


def _budget(network: Network) -> int:
    return _TOKENS_ON_CPU if network.device == "cpu" else TOKENS_PER_BATCH


def _size(asked: tuple[AskedOptions, ...]) -> int:
    return sum(len(family.beginning) + sum(len(q.row.tokens) for q in family.questions) for family in asked)
