"""Raters who agree, and who seem to."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalsuite.stats.agreement.kappa import Agreement, cohen, fleiss
from evalsuite.stats.agreement.krippendorff import krippendorff
from evalsuite.stats.intervals.bootstrap import Resampling

A = [1, 2, 3, 3, 2, 1, 3, 2, 1, 3]
B = [1, 2, 3, 2, 2, 1, 3, 3, 1, 2]

SILENT = (
    "* * * * * 3 4 1 2 1 1 3 3 * 3",
    "1 * 2 1 3 3 4 3 * * * * * * *",
    "* * 2 1 3 4 4 * 2 1 1 3 3 * 4",
)
UNITS = [
    [None if mark == "*" else int(mark) for mark in unit] for unit in zip(*(r.split() for r in SILENT), strict=True)
]

SEEDED = Resampling(seed=7, resamples=300)


def test_kappa_of_a_table():
    first, second = ["yes"] * 25 + ["no"] * 25, ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen(first, second) == Agreement(
        kappa=pytest.approx(0.4),
        interval=None,
        raw=pytest.approx(0.7),
        labels=("no", "yes"),
        shares=((0.5, 0.5), (0.4, 0.6)),
        n=50,
    )


@pytest.mark.parametrize(("weights", "kappa"), [("none", 0.5522388), ("linear", 0.6590909), ("quadratic", 0.7692308)])
def test_weighted_kappas(weights, kappa):
    found = cohen(A, B, weights=weights, resampling=SEEDED)
    assert found.kappa == pytest.approx(kappa, abs=5e-8)
    assert found.interval is not None
    assert found.interval.low < kappa < found.interval.high <= 1


@pytest.mark.parametrize(
    ("scale", "alpha"), [("nominal", 0.6913580), ("ordinal", 0.8067214), ("interval", 0.8108449), ("ratio", 0.8089437)]
)
def test_alpha_of_the_published_data_with_silent_raters(scale, alpha):
    found = krippendorff(UNITS, scale=scale, resampling=SEEDED)
    assert found.kappa == pytest.approx(alpha, abs=5e-8)
    assert found.n == sum(sum(mark is not None for mark in unit) > 1 for unit in UNITS)
    assert found.interval is not None
    assert found.interval.low < alpha <= found.interval.high


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abc"), min_size=3, max_size=3), min_size=2, max_size=30))
def test_fleiss_agrees_with_statsmodels(ratings):
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    found = fleiss(ratings)
    if found.kappa is None:
        assert len({label for item in ratings for label in item}) == 1
    else:
        table, _ = aggregate_raters(np.array(ratings))
        assert found.kappa == pytest.approx(float(fleiss_kappa(table)))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=2, max_size=30))
def test_kappa_agrees_with_statsmodels_and_does_not_care_who_is_first(pairs):
    from statsmodels.stats.inter_rater import cohens_kappa

    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    for weights in ("none", "linear", "quadratic"):
        found, turned = cohen(first, second, weights=weights), cohen(second, first, weights=weights)
        if found.kappa is None:
            continue
        assert found.kappa == pytest.approx(turned.kappa)
        labels = sorted({*first, *second})
        table = np.zeros((len(labels), len(labels)))
        for a, b in pairs:
            table[labels.index(a), labels.index(b)] += 1
        with np.errstate(all="ignore"):
            power = {"none": None, "linear": "linear", "quadratic": "quadratic"}[weights]
            expected = cohens_kappa(table, wt=power, return_results=False)
        assert math.isnan(expected) or found.kappa == pytest.approx(float(expected))


@pytest.mark.parametrize("found", [cohen("aa", "aa"), fleiss(["aa", "aa"]), krippendorff(["aa", "aa"])])
def test_one_label_only_gives_no_kappa_but_a_reason(found):
    assert (found.kappa, found.raw) == (None, 1.0)
    assert "only one label" in (found.reason or "")


def test_complete_agreement_is_one_and_contrary_raters_fall_below_zero():
    assert cohen("abab", "abab").kappa == fleiss(["aa", "bb"]).kappa == krippendorff(["aa", "bb"]).kappa == 1
    assert cohen("abab", "baba").kappa == -1


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: cohen("ab", "a"), "2, 1 labels"),
        (lambda: cohen("", ""), "one item at least"),
        (lambda: cohen("ab", "ba", weights="linear"), "needs numbers"),
        (lambda: fleiss([]), "no items"),
        (lambda: fleiss([["a"], ["b"]]), "two at least"),
        (lambda: fleiss([["a", "b"], ["b"]]), "same number"),
        (lambda: krippendorff([["a", None]]), "nothing to agree on"),
        (lambda: krippendorff(["ab"], scale="ordinal"), "needs numbers"),
    ],
)
def test_ratings_that_do_not_fit_are_refused(mistake, message):
    with pytest.raises(ValueError, match=message):
        mistake()
