"""A base model's tokenizer and chat template without its weights."""

from __future__ import annotations

from functools import lru_cache

from evalsuite.errors import ModelError
from evalsuite.models.base import BaseCheckpoint
from evalsuite.models.chat import Chat
from evalsuite.models.quiet import quiet


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
