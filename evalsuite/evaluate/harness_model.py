"""A model of evalsuite as lm-evaluation-harness asks one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from evalsuite.errors import EvalsuiteError, ModelError
from evalsuite.models import Model
from evalsuite.records import Adapter, LogLikelihood, Message, Prompt, Sampling

Pair = tuple[str, str]

_MOST_TOKENS = 256
_LENGTHS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")


class Answers:
    """Requests of the harness, answered by our scorer; `lm` joins it with the harness's own base class."""

    def __init__(self, model: Model, adapter: Adapter | None) -> None:
        super().__init__()
        self._model = model
        self._adapter = adapter
        self._chats: dict[str, Prompt] = {}

    def prompt(self, text: str) -> Prompt:
        """The conversation that was rendered to this text, or the text as it stands."""
        return self._chats.get(text) or Prompt.raw(text)

    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Log-likelihood of each continuation, and whether greedy decoding gives it."""
        pairs = [(str(request.args[0]), str(request.args[1])) for request in requests]
        found = self._weighed(pairs)
        alone = Counter(context for context, _ in dict.fromkeys(pairs))
        # Among options nobody asks what greedy decoding would say; it costs a generation.
        greedy = self._greedy({pair: found[pair].tokens for pair in pairs if alone[pair[0]] == 1})
        return [(found[pair].value, greedy.get(pair, False)) for pair in pairs]

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihood of each whole text."""
        texts = [str(request.args[0]) for request in requests]
        return [found.value for found in self._model.loglikelihood(texts, adapter=self._adapter)]

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """A reply to each prompt."""
        asked: dict[Sampling, list[int]] = defaultdict(list)
        times: Counter[tuple[str, str]] = Counter()
        for index, request in enumerate(requests):
            text, wanted = request.args[0], request.args[1]
            # The same prompt again is another draw; greedily drawn it is the same reply.
            asked[_sampling(wanted, seed=times[text, repr(wanted)])].append(index)
            times[text, repr(wanted)] += 1
        replies: dict[int, str] = {}
        for sampling, places in asked.items():
            prompts = [self.prompt(str(requests[place].args[0])) for place in places]
            completions = self._model.generate(prompts, sampling=sampling, adapter=self._adapter)
            replies.update({place: said.text for place, said in zip(places, completions, strict=True)})
        return [replies[index] for index in range(len(requests))]

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The conversation as text, remembered so that it is asked as a conversation."""
        if not add_generation_prompt:
            raise ModelError("a task with a `gen_prefix` cannot be asked through a chat template here; leave one out")
        prompt = Prompt(messages=tuple(_message(turn) for turn in chat_history))
        (rendered,) = self._model.render([prompt], adapter=self._adapter)
        self._chats[rendered.text] = prompt
        return rendered.text

    @property
    def tokenizer_name(self) -> str:
        """The model's digest: the harness tells templates apart by it."""
        return self._model.digest

    def _weighed(self, pairs: Sequence[Pair]) -> dict[Pair, LogLikelihood]:
        """The log-likelihood of each pair; what follows one context is asked together."""
        texts: dict[str, dict[str, None]] = defaultdict(dict)
        for context, continuation in pairs:
            texts[context][continuation] = None
        contexts = [self.prompt(context) for context in texts]
        asked = self._model.choices(contexts, [list(of) for of in texts.values()], adapter=self._adapter)
        return {
            (context, text): found
            for (context, of), values in zip(texts.items(), asked, strict=True)
            for text, found in zip(of, values, strict=True)
        }

    def _greedy(self, tokens: Mapping[Pair, int]) -> dict[Pair, bool]:
        """Whether greedy decoding of as many tokens gives the continuation."""
        by_length: dict[int, list[Pair]] = defaultdict(list)
        for pair, length in tokens.items():
            by_length[length].append(pair)
        greedy: dict[Pair, bool] = {}
        for length, of in by_length.items():
            prompts = [self.prompt(context) for context, _ in of]
            said = self._model.generate(prompts, sampling=Sampling(max_tokens=length), adapter=self._adapter)
            greedy.update({pair: reply.text == pair[1] for pair, reply in zip(of, said, strict=True)})
        return greedy


def lm(model: Model, adapter: Adapter | None) -> Any:
    """The model, or its adapter, as an `lm_eval.api.model.LM`; raises EvalsuiteError when lm-eval is not installed."""
    try:
        from lm_eval.api.model import LM
    except ImportError:
        raise EvalsuiteError("lm-eval is not installed; run `pip install 'evalsuite[lm-eval]'`") from None
    return type(LM)("Asked", (Answers, LM), {})(model, adapter)


def _message(turn: Mapping[str, str]) -> Message:
    role = turn["role"]
    if role not in ("system", "user", "assistant"):
        raise ModelError(f"a chat has the role {role!r}; system, user and assistant are known")
    return Message(role, turn["content"])  # type: ignore[arg-type]


def _sampling(wanted: Mapping[str, Any], *, seed: int) -> Sampling:
    until = wanted.get("until") or []
    length = next((int(wanted[name]) for name in _LENGTHS if wanted.get(name) is not None), _MOST_TOKENS)
    drawn = bool(wanted.get("do_sample", float(wanted.get("temperature") or 0.0) > 0))
    temperature = float(wanted.get("temperature") or 1.0) if drawn else 0.0
    stops = (until,) if isinstance(until, str) else tuple(str(text) for text in until if text)
    return Sampling(max_tokens=length, temperature=temperature, seed=seed if drawn else 0, stop=stops)
