"""A checkpoint behind vLLM: prompts become tokens here, as with the hf backend, so that both see the same."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from evalsuite.data.digest import digest
from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.adapter import read_config
from evalsuite.models.checkpoints.base import BaseCheckpoint
from evalsuite.models.hf.chat_template import Chat, Continuations, load_chat
from evalsuite.models.openai.calls import Calls, Job, Meter, Pace
from evalsuite.models.openai.endpoint_model import Deliver, arriving
from evalsuite.models.openai.server import Server
from evalsuite.models.openai.wire import Call
from evalsuite.models.vllm import token_wire as wire
from evalsuite.models.vllm.own_server import LINEAR, ServerProcess
from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Rendered, Sampling
from evalsuite.spec.models import Endpoint

_SLOTS = ("bias", "modules_to_save", "trainable_token_indices", "lora_bias", "layer_replication", "alpha_pattern")


def rank_of(adapter: Adapter) -> int:
    """The largest rank of an adapter; raises ModelError when vLLM would drop or misread a part of it."""
    config = read_config(adapter.path)
    reason = _unservable(config)
    if reason is not None:
        raise ModelError(
            f"{adapter.path}  vLLM cannot serve this adapter as it is: {reason}; score it with `backend: hf`, or "
            "merge it into the base"
        )
    return max([int(config["r"]), *map(int, (config.get("rank_pattern") or {}).values())])


def _unservable(config: dict[str, object]) -> str | None:
    kind = config.get("peft_type")
    if kind != "LORA":
        return f"its type is {kind}, and only LoRA is served"
    if config.get("use_dora"):
        return "it is a DoRA"
    if config.get("bias", "none") != "none":
        return "it has biases"
    more = [slot for slot in _SLOTS[1:] if config.get(slot)]
    if more:
        return f"it has {', '.join(more)}"
    modules = config.get("target_modules")
    if not isinstance(modules, list):
        return f"its target_modules are {modules!r}"
    # vLLM drops what an adapter does to other modules, lm_head for one, without a word.
    others = sorted({str(module).rsplit(".", 1)[-1] for module in modules} - set(LINEAR))
    return f"it changes {', '.join(others)}, which vLLM would drop" if others else None


T = TypeVar("T")

_IN_FLIGHT = 128
_TIMEOUT = 600.0
_SMALLEST_RANK = 64


class VllmModel:
    """A checkpoint that answers through a vLLM server, its own or a given one with run-time LoRA loading allowed.

    Requests to the base and to each adapter never share a batch: one is answered before the next is asked.
    """

    def __init__(self, checkpoint: BaseCheckpoint, *, url: str | None = None) -> None:
        self._checkpoint = checkpoint
        self._url = url
        self._process: ServerProcess | None = None
        self._chat: Chat | None = None
        self._ends: Any = None
        self._loaded: set[str] = set()
        self._lock = Lock()

    @property
    def digest(self) -> str:
        """Digest of the base's weights, tokenizer, chat template and number format, as vLLM answers with them."""
        return self._checkpoint.answers

    def generate(
        self, prompts: Sequence[Prompt], *, sampling: Sampling, adapter: Adapter | None = None
    ) -> list[Completion]:
        """One completion per prompt; raises ModelError when the server or the adapter cannot be used."""
        if not prompts:
            return []
        with self._lock:
            model, chat = self._through(adapter)
            ends = chat.ends(self._ends, sampling.stop)
            calls = [
                wire.completion_call(model, row, sampling, ends=ends, seed=_seed(sampling, row))
                for row in chat.encode(prompts)
            ]
            return self._asked(calls, [wire.read_text] * len(calls))

    def choices(
        self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]], *, adapter: Adapter | None = None
    ) -> list[tuple[LogLikelihood, ...]]:
        """For each prompt, the log-likelihood of each of its options as the reply; raises ModelError as `generate`."""
        if not prompts:
            return []
        with self._lock:
            model, chat = self._through(adapter)
            items = [chat.continuations(prompt, texts) for prompt, texts in zip(prompts, options, strict=True)]
            letters = [item for item in items if _single(item)]
            wholes = [(item, option) for item in items if not _single(item) for option in item.options]
            by_letter = self._asked(
                [wire.letters_call(model, item.context, _firsts(item)) for item in letters],
                [partial(wire.read_letters, letters=_firsts(item)) for item in letters],
            )
            by_option = self._asked(
                [wire.likelihood_call(model, item.context, option) for item, option in wholes],
                [partial(wire.read_likelihood, option=option) for _, option in wholes],
            )
        found, rest = iter(by_letter), iter(by_option)
        return [next(found) if _single(item) else tuple(next(rest) for _ in item.options) for item in items]

    def loglikelihood(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[LogLikelihood]:
        """The log-likelihood of each whole text, read in windows of the context, every token predicted once."""
        if not texts:
            return []
        with self._lock:
            model, chat = self._through(adapter)
            context = _context(self._checkpoint.folder)
            windows = [chat.windows(text, context=context) for text in texts]
            flat = [(item, item.options[0]) for of in windows for item in of]
            calls = [wire.likelihood_call(model, item.context, option) for item, option in flat]
            found = iter(self._asked(calls, [partial(wire.read_likelihood, option=option) for _, option in flat]))
        sums = [[next(found) for _ in of] for of in windows]
        return [LogLikelihood(sum(s.value for s in of), sum(s.tokens for s in of)) for of in sums]

    def render(self, prompts: Sequence[Prompt], *, adapter: Adapter | None = None) -> list[Rendered]:
        """Each prompt as text, token ids and pieces; no server is started for it."""
        return load_chat(self._checkpoint).render(prompts)

    def close(self) -> None:
        """End the server, if it is our own."""
        if self._process is not None:
            self._process.stop()
            self._process = None
            self._loaded.clear()

    def _through(self, adapter: Adapter | None) -> tuple[str, Chat]:
        """The name under which the server knows what is asked, once it is there."""
        if self._chat is None:
            self._chat = load_chat(self._checkpoint)
            self._ends = _generation_config(self._checkpoint.folder)
        rank = _SMALLEST_RANK if adapter is None else rank_of(adapter)
        if self._url is None and (self._process is None or self._process.rank < rank):
            self.close()
            self._process = ServerProcess(self._checkpoint, rank=max(rank, _SMALLEST_RANK))
        if adapter is None:
            return self._served_name(), self._chat
        name = adapter.digest[:16]
        if name not in self._loaded:
            self._post("/v1/load_lora_adapter", {"lora_name": name, "lora_path": str(adapter.path.resolve())})
            self._loaded.add(name)
        return name, self._chat

    @property
    def _server(self) -> str:
        return self._url or (self._process.url if self._process else "")

    def _served_name(self) -> str:
        if self._url is None:
            return "base"
        with urllib.request.urlopen(f"{self._server}/v1/models", timeout=30) as reply:  # noqa: S310
            return str(json.load(reply)["data"][0]["id"])

    def _post(self, path: str, body: Mapping[str, str]) -> None:
        content, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._server}{path}", content, kind)  # noqa: S310
        try:
            urllib.request.urlopen(request, timeout=_TIMEOUT).close()  # noqa: S310
        except urllib.error.HTTPError as error:
            said = error.read().decode("utf-8", "replace")[:300]
            if "already" not in said:
                raise ModelError(f"vLLM at {self._server} does not take {body['lora_path']}: {said}") from None
        except OSError as error:
            raise ModelError(f"vLLM at {self._server} cannot be reached: {error}; is the server running?") from None

    def _asked(self, calls: Sequence[Call], reads: Sequence[Callable[[Mapping[str, Any]], T]]) -> list[T]:
        if not calls:
            return []
        endpoint = Endpoint(
            endpoint=f"{self._server}/v1", model="vllm", max_in_flight=_IN_FLIGHT, timeout=_TIMEOUT, parameters={}
        )
        jobs = [
            Job(index, call, read=read, lost=self._lost, refused=self._lost)
            for index, (call, read) in enumerate(zip(calls, reads, strict=True))
        ]

        async def work(deliver: Deliver[T]) -> None:
            server = Server(endpoint)
            try:
                pace = Pace(None, None)
                await Calls[T](endpoint, server, pace=pace, meter=Meter()).carry_out(jobs, deliver)
            finally:
                await server.close()

        found: dict[int, T] = {}
        for batch in arriving(work):
            found.update(batch)
        return [found[index] for index in range(len(calls))]

    def _lost(self, reason: str) -> Any:
        raise ModelError(f"vLLM at {self._server}: {reason}")


def _single(item: Continuations) -> bool:
    firsts = _firsts(item)
    return all(len(option) == 1 for option in item.options) and len(set(firsts)) == len(firsts)


def _firsts(item: Continuations) -> tuple[int, ...]:
    return tuple(option[0] for option in item.options)


def _seed(sampling: Sampling, row: Sequence[int]) -> int:
    # A prompt's chance is its own: the same whatever else is asked, and in whatever order.
    return int(digest(sampling.seed, list(row))[:8], 16)


def _generation_config(folder: Path) -> Any:
    from transformers import AutoConfig, GenerationConfig

    if (folder / "generation_config.json").is_file():
        return GenerationConfig.from_pretrained(folder)
    return GenerationConfig.from_model_config(AutoConfig.from_pretrained(folder))


def _context(folder: Path) -> int | None:
    from transformers import AutoConfig

    limit = getattr(AutoConfig.from_pretrained(folder).get_text_config(), "max_position_embeddings", None)
    # One place is for the token that every request generates.
    return None if limit is None else int(limit) - 1
