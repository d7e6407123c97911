"""A causal language model in memory, run on padded token rows; matrix products by oneDNN."""

from __future__ import annotations

import logging as standard
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.base import BaseCheckpoint


@contextmanager
def quiet() -> Iterator[None]:
    """Within the block the libraries speak only of errors; afterwards all is as it was."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    quantiser = standard.getLogger("bitsandbytes")
    spoke = quantiser.level
    quantiser.setLevel(standard.ERROR)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        quantiser.setLevel(spoke)
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


# Below that the call costs more than the product.
_ROWS = 16


@contextmanager
def fast_products() -> Iterator[None]:
    """Within the block, linear layers in float32 on the CPU are computed by oneDNN; the digits differ as rounding does.

    PyTorch gives them to MKL, which on processors of other makers does not use their widest instructions: on a Zen 5
    core oneDNN was 2.3 times as fast. It is part of PyTorch's CPU builds for x86; without it nothing changes. It takes
    inputs [..., in] of at least 16 rows with weights [out, in], both float32, of which no gradient is wanted.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    if not (torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        yield
        return
    linear, product = torch.nn.functional.linear, torch.ops.mkldnn._linear_pointwise

    class Mode(TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            # torch.nn.Linear passes its arguments by position.
            if function is linear and not kwargs and _suits(*args[:2]):
                return product(args[0], args[1], args[2] if len(args) > 2 else None, "none", [], "")
            return function(*args, **(kwargs or {}))

    def _suits(given: Any, weight: Any) -> bool:
        single = given.dtype == weight.dtype == torch.float32 and given.device.type == weight.device.type == "cpu"
        frozen = not torch.is_grad_enabled() or not (given.requires_grad or weight.requires_grad)
        return single and frozen and weight.dim() == 2 and given.numel() >= _ROWS * given.shape[-1]

    with Mode():
        yield


SMALL = 20_000_000


@dataclass
class Network:
    """The loaded base; `prefix` holds the keys and values of virtual tokens while a prompt adapter is in use.

    Those are a pair for each layer, [1, key heads, virtual, size] each.

    `shares` says whether rows may share a beginning (see `prefix_sharing.py`), None as long as nobody asked.
    """

    module: Any
    tokenizer: Any
    device: str
    label: str
    prefix: list[tuple[Any, Any]] = field(default_factory=list)
    shares: bool | None = None

    @property
    def virtual(self) -> int:
        """How many virtual tokens stand before every row."""
        return int(self.prefix[0][0].shape[2]) if self.prefix else 0

    @property
    def context(self) -> int | None:
        """How many tokens fit into one row, or None when the model does not say."""
        limit = getattr(self.module.config.get_text_config(), "max_position_embeddings", None)
        return None if limit is None else int(limit) - self.virtual

    @property
    def vocabulary(self) -> int:
        """How many logits each position has."""
        return int(self.module.config.get_text_config().vocab_size)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within the block matrix products are fast, and a small model on the CPU takes one thread."""
        import torch

        before = torch.get_num_threads()
        # Two threads on two busy cores were 20 times slower than one: at this size they mostly wait for each other.
        if self.device == "cpu" and sum(parameter.numel() for parameter in self.module.parameters()) < SMALL:
            torch.set_num_threads(1)
        try:
            with fast_products():
                yield
        finally:
            torch.set_num_threads(before)

    def cache(self, rows: int) -> Any:
        """A fresh key-value cache that begins with the virtual tokens: [rows, key heads, virtual, size] by layer."""
        from transformers import DynamicCache

        cache = DynamicCache(config=self.module.config)
        for layer, (keys, values) in enumerate(self.prefix):
            cache.update(keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1), layer)
        return cache

    def pad(self, rows: Sequence[Sequence[int]], *, left: bool, width: int | None = None) -> tuple[Any, Any]:
        """Token ids and a mask (1 where there is a token), int64 [rows, width]; padded to the longest or to `width`."""
        import torch

        width = max(len(row) for row in rows) if width is None else width
        ids = [[0] * (width - len(row)) + [*row] if left else [*row] + [0] * (width - len(row)) for row in rows]
        mask = [[0] * (width - len(r)) + [1] * len(r) if left else [1] * len(r) + [0] * (width - len(r)) for r in rows]
        return torch.tensor(ids, device=self.device), torch.tensor(mask, device=self.device)

    def logits(self, ids: Any, *, mask: Any, cache: Any, last: int) -> Any:
        """Logits at the last `last` positions (0: all), [rows, last or width, vocabulary] in the model's dtype.

        `ids` is [rows, width]; `mask` [rows, cached + width] covers what is cached and `ids`, without virtual tokens.
        Without a cache nothing is kept for a later call, and there must be no virtual tokens.
        """
        import torch

        rows, width = ids.shape
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -width:] + self.virtual
        if self.virtual:
            mask = torch.cat([mask.new_ones(rows, self.virtual), mask], dim=1)
        # Without padding the mask says nothing, and attention is faster without it.
        needed = None if bool(mask.all()) else mask
        output = self.module(input_ids=ids, attention_mask=needed, position_ids=positions, past_key_values=cache,
                             use_cache=cache is not None, logits_to_keep=last)  # fmt: skip
        return output.logits


def load_network(checkpoint: BaseCheckpoint) -> Network:
    """The checkpoint on the GPUs where there are any, else on the CPU; raises ModelError when it is not whole."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    device = "cuda" if torch.cuda.is_available() else "cpu"
    label = f"base model {checkpoint.id!r}"
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(checkpoint.folder, local_files_only=True)
            module, report = AutoModelForCausalLM.from_pretrained(
                checkpoint.folder, dtype=getattr(torch, checkpoint.dtype), local_files_only=True,
                output_loading_info=True, device_map="auto" if device == "cuda" else None,
            )  # fmt: skip
    except (OSError, ValueError, RuntimeError, KeyError, ImportError, TypeError) as error:
        raise ModelError(f"{label}: {checkpoint.folder} cannot be loaded ({_first_line(error)})") from None
    lost = sorted(str(key) for kind in ("missing_keys", "mismatched_keys") for key in report[kind])
    if lost:
        # transformers fills missing weights with random numbers and goes on.
        raise ModelError(f"{label}: {checkpoint.folder} lacks weights such as {lost[0]}; copy it again")
    module.requires_grad_(False)
    return Network(module.eval(), tokenizer, device, label)


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
