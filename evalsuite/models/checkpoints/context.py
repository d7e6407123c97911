"""Adapting without weights: what is put before a question instead of being trained in.

A context is a folder with a file `context.json`, and with an adapter in `adapter/` where not the base is to answer.
Few-shot examples become earlier turns of the conversation; passages are quoted before the question (retrieval-augmented
generation, Lewis et al. 2020, arXiv 2005.11401). What fits a question best is found by BM25 (Robertson and Zaragoza
2009).
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from evalsuite.errors import ModelError
from evalsuite.records import Adapter, Example, Message, Prompt

FILE = "context.json"
WEIGHTS = "adapter"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class FewShotContext:
    """Examples shown as earlier turns: the `k` that fit the question best, or always the first ones."""

    examples: tuple[Example, ...]
    k: int
    select: str

    def applied(self, prompt: Prompt) -> Prompt:
        """The prompt after its examples, the best one last, where a model looks first."""
        turns: list[Message] = []
        for example in self._chosen(prompt.shown):
            turns += [*example.prompt.messages, Message("assistant", example.completion)]
        system = [message for message in prompt.messages if message.role == "system"]
        rest = [message for message in prompt.messages if message.role != "system"]
        return Prompt(messages=(*system, *turns, *rest))

    def _chosen(self, question: str) -> list[Example]:
        if self.select == "first":
            return list(self.examples[: self.k])
        texts = tuple(example.prompt.shown for example in self.examples)
        return [self.examples[index] for index in reversed(best(texts, question, k=self.k))]


@dataclass(frozen=True)
class Passages:
    """Passages of a corpus, of which the `k` that fit the question best are quoted before it."""

    texts: tuple[str, ...]
    k: int
    template: str

    def applied(self, prompt: Prompt) -> Prompt:
        """The prompt with its last question rewritten by the template."""
        question = prompt.messages[-1].content
        quoted = "\n".join(self.texts[index] for index in best(self.texts, question, k=self.k))
        asked = self.template.replace("{passages}", quoted).replace("{question}", question)
        return Prompt(messages=(*prompt.messages[:-1], Message("user", asked)))


Context = FewShotContext | Passages


def best(texts: tuple[str, ...], question: str, *, k: int) -> list[int]:
    """The positions of the `k` texts that fit the question best by BM25, best first; ties keep their order."""
    if len(texts) <= 1:
        return list(range(min(k, len(texts))))
    index = _index(texts)
    # The library refuses words that its index has never seen.
    words = [word for word in _words(question) if word in index.vocab_dict]
    scores = index.get_scores(words) if words else [0.0] * len(texts)
    return sorted(range(len(texts)), key=lambda position: (-float(scores[position]), position))[:k]


def write_context(folder: Path, context: Context, *, on: Adapter | None = None) -> None:
    """Leave a context in a folder, with a copy of the adapter that is to answer; equal contexts give equal bytes.

    Raises ModelError when that adapter is itself a context.
    """
    if on is not None and (on.path / FILE).is_file():
        raise ModelError(f"{on.path}  is itself a context, and only one can stand before a question; name weights")
    kind = "few_shot" if isinstance(context, FewShotContext) else "passages"
    text = json.dumps({"kind": kind, **asdict(context)}, indent=1, sort_keys=True, ensure_ascii=False)
    shutil.rmtree(folder / WEIGHTS, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    if on is not None:
        shutil.copytree(on.path, folder / WEIGHTS)
    # Last, because a folder with this file in it counts as whole.
    fresh = folder / f"{FILE}.new"
    fresh.write_text(text + "\n", encoding="utf-8")
    fresh.replace(folder / FILE)


def weights_beside(folder: Path) -> Path | None:
    """The adapter that answers what the context asks; None for the base."""
    return folder / WEIGHTS if (folder / WEIGHTS).is_dir() else None


@lru_cache(maxsize=32)
def read_context(folder: Path) -> Context | None:
    """The context in an adapter's folder, or None where there are weights instead; raises ModelError if unreadable."""
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        if raw.pop("kind") == "passages":
            return Passages(tuple(raw["texts"]), raw["k"], raw["template"])
        return FewShotContext(tuple(_example(row) for row in raw["examples"]), raw["k"], raw["select"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{file}  is no readable context ({error}); run the spec again to make it anew") from None


def _example(row: dict[str, Any]) -> Example:
    messages = tuple(Message(turn["role"], turn["content"]) for turn in row["prompt"]["messages"])
    return Example(Prompt(messages=messages, text=row["prompt"]["text"]), row["completion"])


@lru_cache(maxsize=8)
def _index(texts: tuple[str, ...]) -> Any:
    import bm25s

    index = bm25s.BM25()
    index.index([_words(text) or [""] for text in texts], show_progress=False)
    return index


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def shown_with(prompts: Sequence[Prompt], folder: Path) -> list[Prompt] | None:
    """The prompts with the folder's context applied, or None where it holds weights; raises ModelError for raw text."""
    context = read_context(folder)
    if context is not None and any(prompt.text is not None for prompt in prompts):
        raise ModelError(f"{folder}  a context stands in a conversation, and a task asks raw text; use a chat task")
    return None if context is None else [context.applied(prompt) for prompt in prompts]
