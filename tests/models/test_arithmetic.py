"""Products through oneDNN: the same numbers but for rounding, only where they are meant, and only in the block."""

from __future__ import annotations

import pytest

from evalsuite.models.hf.network import fast_products

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("shape", [(40, 24), (3, 17, 24), (24,), (1, 24)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_layer_gives_the_same_in_the_block(shape: tuple[int, ...], bias: bool) -> None:
    torch.manual_seed(0)
    layer, given = torch.nn.Linear(24, 31, bias=bias), torch.randn(shape)
    with torch.inference_mode():
        expected = layer(given)
        with fast_products():
            found = layer(given)
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, atol=1e-5)


def test_other_formats_and_gradients_are_left_alone() -> None:
    torch.manual_seed(0)
    layer, given = torch.nn.Linear(24, 31).double(), torch.randn(40, 24).double()
    expected, trained = layer(given), torch.nn.Linear(24, 31)
    with fast_products():
        assert torch.equal(layer(given), expected)
        trained(torch.randn(40, 24)).sum().backward()
    assert trained.weight.grad is not None
