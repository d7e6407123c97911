"""What probes ask of tokens: how likely texts are, how far from the base's predictions, and what is recited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, Protocol, runtime_checkable

from evalsuite.errors import ModelError
from evalsuite.models.hf.chat_template import Chat
from evalsuite.models.hf.network import Network
from evalsuite.records import Adapter, Prompt, Recited, TextDrift

# Tokens of a text that are predicted from each other; longer texts are measured in parts of so many.
WINDOW = 512
# Logits held at once for base and adapter each: about a quarter of a gigabyte in single precision.
_LOGITS = 64_000_000


@runtime_checkable
class Measurable(Protocol):
    """A model whose weights are at hand, so that its predictions can be compared with the base's."""

    def drift(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[TextDrift]:
        """For each text its likelihood, and the divergence KL(base || adapter): nats, summed over its tokens."""
        ...


def drift_of(model: object, texts: Sequence[str], *, adapter: Adapter | None) -> list[TextDrift]:
    """What the model's own `drift` says; raises ModelError for one that cannot show its predictions."""
    if not isinstance(model, Measurable):
        raise ModelError(
            "drift needs a model in this process, and this one answers over the network; leave the drift probe out"
        )
    return model.drift(texts, adapter=adapter)


def measure(
    network: Network,
    chat: Chat,
    texts: Sequence[str],
    *,
    use: Callable[[Adapter | None], None],
    adapter: Adapter | None,
) -> list[TextDrift]:
    """Each text's summed NLL, and KL(base || adapter) summed over its positions, in nats; zero for the base itself.

    Texts are cut into windows that fit the context, each read from the start token on; without one the first token of a
    window is not predicted. Raises ModelError when outputs are not numbers, or a text has nothing to predict.
    """
    windows = [
        (number, window) for number, text in enumerate(texts) for window in _windows(chat, text, network.context)
    ]
    windows.sort(key=lambda item: -len(item[1]))
    sums = [[0.0, 0.0, 0] for _ in texts]
    start = 0
    while start < len(windows):
        size = max(1, _LOGITS // (len(windows[start][1]) * network.vocabulary))
        part = windows[start : start + size]
        start += size
        for (number, row), (nll, divergence) in zip(part, _batch(network, part, use, adapter), strict=True):
            sums[number] = [sums[number][0] + nll, sums[number][1] + divergence, sums[number][2] + len(row) - 1]
    if not all(isfinite(nll) and isfinite(divergence) for nll, divergence, _ in sums):
        raise ModelError(f"{network.label}: its outputs are not numbers; try another dtype or adapter")
    for text, (_, _, tokens) in zip(texts, sums, strict=True):
        if not tokens:
            raise ModelError(f"{network.label}: the text {text[:40]!r} has no token to predict; give a longer one")
    return [TextDrift(nll, divergence, int(tokens)) for nll, divergence, tokens in sums]


def _windows(chat: Chat, text: str, context: int | None) -> list[tuple[int, ...]]:
    """A start token, where there is one, and at most a window of tokens after it."""
    tokens, lead = chat.text_tokens(text)
    size = min(WINDOW, context or WINDOW) - len(lead)
    parts = [(*lead, *tokens[start : start + size]) for start in range(0, len(tokens), size)]
    return [part for part in parts if len(part) > 1]


def _batch(
    network: Network, part: Sequence[tuple[int, tuple[int, ...]]], use: Callable[[Adapter | None], None],
    adapter: Adapter | None,
) -> list[tuple[float, float]]:  # fmt: skip
    """NLL and KL(base || adapter) of each window, in nats, summed in float64 over the tokens after its first."""
    import torch

    rows = [row for _, row in part]
    ids, mask = network.pad(rows, left=False)
    counted = mask[:, 1:].double()
    with torch.inference_mode():
        use(None)
        base = _predictions(network, ids, mask)
        asked = base
        if adapter is not None:
            use(adapter)
            asked = _predictions(network, ids, mask)
        chosen = asked.gather(2, ids[:, 1:, None])[:, :, 0].double()
        nll = (-chosen * counted).sum(dim=1)
        if adapter is None:
            divergence = torch.zeros_like(nll)
        else:
            each = (base.exp() * (base - asked)).sum(dim=2, dtype=torch.float64)
            # A divergence is never negative; what rounding makes of two equal predictions may be.
            divergence = (each.clamp(min=0.0) * counted).sum(dim=1)
    return list(zip(nll.tolist(), divergence.tolist(), strict=True))


def _predictions(network: Network, ids: Any, mask: Any) -> Any:
    """Natural log-probabilities of every next token, float32 [rows, width - 1, vocabulary]; `ids` is [rows, width]."""
    logits = network.logits(ids, mask=mask, cache=network.cache(len(ids)), last=0)
    return logits[:, :-1].float().log_softmax(dim=-1)


# Rows decoded together; contexts are equally long, so that nothing is padded.
_ROWS = 64


@runtime_checkable
class Reciting(Protocol):
    """A model whose tokens are at hand."""

    def recite(
        self, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int, adapter: Adapter | None = None
    ) -> list[Recited | None]:
        """What follows the first `context` tokens of prompt and answer; None where they are too short."""
        ...


def recite_of(
    model: object, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int, adapter: Adapter | None
) -> list[Recited | None]:
    """What the model's own `recite` says; raises ModelError for one whose tokens cannot be had."""
    if not isinstance(model, Reciting):
        raise ModelError(
            "memorisation needs a model in this process, and this one answers over the network; leave the probe out"
        )
    return model.recite(rows, context=context, length=length, adapter=adapter)


def recite(
    network: Network, chat: Chat, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int
) -> list[Recited | None]:
    """For each row the `length` tokens that greedy decoding puts after its first `context`; None for shorter rows.

    A row's tokens are its prompt's, rendered, and its answer's; one is short below `context + length` of them.
    """
    wholes = [chat.continuations(prompt, [answer]) for prompt, answer in rows]
    tokens = [(*whole.context, *whole.options[0]) for whole in wholes]
    long = [number for number, row in enumerate(tokens) if len(row) >= context + length]
    found: list[Recited | None] = [None] * len(rows)
    for start in range(0, len(long), _ROWS):
        part = long[start : start + _ROWS]
        said = _greedy(network, [tokens[number][:context] for number in part], length=length)
        for number, reply in zip(part, said, strict=True):
            truth = tuple(tokens[number][context : context + length])
            found[number] = Recited(reply, truth, chat.text(reply))
    return found


def _greedy(network: Network, contexts: Sequence[tuple[int, ...]], *, length: int) -> list[tuple[int, ...]]:
    """The `length` likeliest tokens after each context, one by one; an end of text does not end them."""
    import torch

    with torch.inference_mode():
        ids, mask = network.pad(contexts, left=True)
        cache, said = network.cache(len(contexts)), []
        for _ in range(length):
            ids = network.logits(ids, mask=mask, cache=cache, last=1)[:, -1].argmax(dim=-1)[:, None]
            said.append(ids)
            mask = torch.cat([mask, mask.new_ones(len(contexts), 1)], dim=1)
        return [tuple(row) for row in torch.cat(said, dim=1).tolist()]
