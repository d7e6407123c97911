"""Many p-values at once."""

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from evalsuite.stats.intervals.power import benjamini_hochberg, holm

BH_1995 = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298,
    0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1,
]  # fmt: skip


def test_the_worked_example():
    p_values = [0.01, 0.04, 0.03, 0.005]
    assert holm(p_values).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert benjamini_hochberg(p_values).tolist() == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_the_example_of_benjamini_and_hochberg_rejects_one_more_than_holm():
    assert ((benjamini_hochberg(BH_1995) <= 0.05).sum(), (holm(BH_1995) <= 0.05).sum()) == (4, 3)


def test_no_p_values_stay_none():
    assert holm([]).tolist() == benjamini_hochberg([]).tolist() == []


@pytest.mark.parametrize("bad", [[0.5, 1.5], [-0.1], [float("nan")], [[0.1]]])
@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_what_is_no_p_value_is_refused(adjust, bad):
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust(bad)


@pytest.fixture(scope="module")
def frozen() -> Iterator[None]:
    """What the process holds already, out of the way of the collections that statsmodels asks for at every call."""
    gc.freeze()
    yield
    gc.unfreeze()


@settings(max_examples=40)
@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_both_agree_with_statsmodels(frozen, p_values):
    for adjust, method in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        assert np.allclose(adjust(p_values), multipletests(p_values, method=method)[1])
        assert (adjust(p_values) >= np.array(p_values) - 1e-12).all()
