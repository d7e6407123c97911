"""Matrix products on the processor: through oneDNN, where PyTorch would use a library that is slow on some of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
