"""Which way is better, and which figures are a probe's own and not for people."""

from __future__ import annotations

import pytest

from evalsuite.report.figures import is_inner
from evalsuite.report.forgetting import less_is_better


@pytest.mark.parametrize(
    "metric",
    [
        "drift.nll",
        "book.nats_per_token",
        "book.perplexity",
        "refusal.benign",
        "memorisation.k50",
        # The same probe under a name of its own.
        "recited.k50",
        "recited.k50.control",
        "recited.k50.x10",
        "recited.longest_run",
        "recited.exposure",
    ],
)
def test_less_is_better(metric: str) -> None:
    assert less_is_better(metric)


@pytest.mark.parametrize(
    "metric", ["facts.accuracy", "refusal.harmful", "flips.facts.kept", "format.sound", "k50.accuracy"]
)
def test_more_is_better(metric: str) -> None:
    assert not less_is_better(metric)


def test_what_a_probe_computes_its_figures_from_is_not_shown() -> None:
    inner = ["calibration.facts.confidence", "merge.facts.own", "merge.facts.own.careful-0.5"]
    assert [is_inner(metric) for metric in inner] == [True, True, True]
    assert not is_inner("safety_of_merge.facts")
