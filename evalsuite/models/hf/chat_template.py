"""Prompts as tokens: the base's tokenizer and chat template, raw text, and where a reply begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.base import BaseCheckpoint
from evalsuite.models.hf.network import quiet
from evalsuite.records import Prompt, Rendered


@dataclass(frozen=True, slots=True)
class Continuations:
    """A context and, for each option, the tokens that follow it; every option is scored from the same point on."""

    context: tuple[int, ...]
    options: tuple[tuple[int, ...], ...]


class Chat:
    """Renders prompts with one tokenizer; `label` names the model in messages."""

    def __init__(self, tokenizer: Any, *, label: str) -> None:
        self._tokenizer = tokenizer
        self._label = label

    def encode(self, prompts: Sequence[Prompt]) -> list[list[int]]:
        """Token ids up to where the reply begins; raises ModelError on a second BOS or a missing chat template."""
        texts = [self._text(prompt) for prompt in prompts]
        rows = self._tokens(texts)
        return [self._checked(self._lead(prompt) + row, prompt) for prompt, row in zip(prompts, rows, strict=True)]

    def render(self, prompts: Sequence[Prompt]) -> list[Rendered]:
        """Each prompt as text and tokens, special ones included; raises ModelError as `encode`."""
        rows = self.encode(prompts)
        pieces = [tuple(self._tokenizer.convert_ids_to_tokens(row)) for row in rows]
        texts = [self._tokenizer.decode(row, clean_up_tokenization_spaces=False) for row in rows]
        return [Rendered(text, tuple(row), of) for text, row, of in zip(texts, rows, pieces, strict=True)]

    def windows(self, text: str, *, context: int | None) -> list[Continuations]:
        """A text in parts that fit into the context, which together predict each of its tokens once.

        The first part begins after the BOS (or, without one, the end-of-text token); each later one after the last
        token of the part before, and the last part has as much context as fits.
        """
        first = self._tokenizer.bos_token_id
        first = self._tokenizer.eos_token_id if first is None else first
        (row,) = self._tokens([text])
        if first is None or not row:
            raise ModelError(f"{self._label}: the text {text[:40]!r} cannot be read: no BOS token, or an empty text")
        row = [int(first), *(row[1:] if row[0] == first and len(row) > 1 else row)]
        size = context or len(row)
        parts = []
        for start in range(1, len(row), size):
            end = min(start + size, len(row))
            begin = start - 1 if start == 1 or end - start == size else max(0, end - 1 - size)
            parts.append(Continuations(tuple(row[begin:start]), (tuple(row[start:end]),)))
        return parts

    def continuations(self, prompt: Prompt, options: Sequence[str]) -> Continuations:
        """The prompt's tokens and each option's.

        Context and context + option are tokenised as whole texts, since tokens may form across the boundary. What all
        of them share at the start is the context; the rest of each is its option. So a space that ends the prompt
        counts to the options when it merges with their first word, and it does so for all of them or for none.
        """
        if any(not option for option in options):
            raise ModelError(f"{self._label}: an option of {prompt.shown[:60]!r} is empty; give every option a text")
        text = self._text(prompt)
        lead = self._lead(prompt)
        context, *wholes = [lead + row for row in self._tokens([text, *(text + option for option in options)])]
        context = self._checked(context, prompt)
        # One token must stay in the context to predict from, and one in every option to be predicted.
        shared = min(len(context), *(len(whole) - 1 for whole in wholes))
        while shared and any(whole[:shared] != context[:shared] for whole in wholes):
            shared -= 1
        if not shared:
            raise ModelError(f"{self._label}: the prompt {prompt.shown[:60]!r} and its options share no token")
        return Continuations(tuple(context[:shared]), tuple(tuple(whole[shared:]) for whole in wholes))

    def text_tokens(self, text: str) -> tuple[list[int], list[int]]:
        """The tokens of plain text, and the start token that is put before it (none where the tokenizer has none)."""
        bos = self._tokenizer.bos_token_id
        return self._tokens([text])[0], [] if bos is None else [int(bos)]

    def ends(self, generation_config: Any, stop: Sequence[str]) -> frozenset[int]:
        """The tokens that end a reply: end of text, end of turn in the template, stop strings that are tokens."""
        configured = getattr(generation_config, "eos_token_id", None)
        ends = set(configured if isinstance(configured, list) else [configured])
        ends.add(self._tokenizer.eos_token_id)
        ends.add(self._turn_end())
        specials = self._tokenizer.get_added_vocab()
        ends.update(specials[text] for text in stop if text in specials)
        return frozenset(int(token) for token in ends if token is not None)

    def text(self, tokens: Sequence[int]) -> str:
        """A reply's tokens as text, without special tokens."""
        decoded = self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return str(decoded)

    def _turn_end(self) -> int | None:
        """The special token that the template writes after an assistant's message, if there is one."""
        if not self._tokenizer.chat_template:
            return None
        try:
            turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
            turn = self._template(turns, reply=False)
        except ModelError:
            return None
        tail = self._tokens([turn.rpartition("b")[2]])[0]
        return tail[0] if tail and tail[0] in self._tokenizer.all_special_ids else None

    def _text(self, prompt: Prompt) -> str:
        if prompt.text is not None:
            return prompt.text
        if not self._tokenizer.chat_template:
            raise ModelError(
                f"{self._label}: its tokenizer has no chat template, so it cannot answer conversations; "
                "use an instruction-tuned base, add chat_template.jinja to its folder, or ask with raw text"
            )
        return self._template([{"role": m.role, "content": m.content} for m in prompt.messages], reply=True)

    def _template(self, messages: list[dict[str, str]], *, reply: bool) -> str:
        from jinja2 import TemplateError

        try:
            return str(self._tokenizer.apply_chat_template(messages, add_generation_prompt=reply, tokenize=False))
        except (TemplateError, ValueError, TypeError) as error:
            roles = ", ".join(message["role"] for message in messages) or "no message"
            raise ModelError(f"{self._label}: its chat template refuses this conversation ({roles}): {error}") from None

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        rows = self._tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
        return [[int(token) for token in row] for row in rows]

    def _lead(self, prompt: Prompt) -> list[int]:
        """The BOS that the tokenizer puts before raw text; a template writes its own."""
        bos = self._tokenizer.bos_token_id
        if prompt.text is None or bos is None:
            return []
        return [bos] if prompt.text == "" or list(self._tokenizer("")["input_ids"])[:1] == [bos] else []

    def _checked(self, tokens: list[int], prompt: Prompt) -> list[int]:
        bos = self._tokenizer.bos_token_id
        if not tokens:
            raise ModelError(f"{self._label}: a prompt is empty; give it a text")
        if bos is not None and tokens[:2] == [bos, bos]:
            where = "the chat template writes it and so does" if prompt.text is None else "the tokenizer adds one to"
            raise ModelError(
                f"{self._label}: the prompt {prompt.shown[:60]!r} begins with two BOS tokens, which changes all "
                f"answers; {where} its own text: remove one"
            )
        return tokens


@lru_cache(maxsize=4)
def load_chat(checkpoint: BaseCheckpoint) -> Chat:
    """The checkpoint's way of writing prompts; raises ModelError when its tokenizer cannot be loaded."""
    from transformers import AutoTokenizer

    label = f"base model {checkpoint.id!r}"
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(checkpoint.folder, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{label}: the tokenizer in {checkpoint.folder} cannot be loaded ({error})") from None
    return Chat(tokenizer, label=label)
