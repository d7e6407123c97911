"""A judge's mean corrected by people's labels: a worked example through the records of a run."""

from __future__ import annotations

import pytest

from evalsuite.data.evaluation.labels import LabelledReply
from evalsuite.judges.ppi import corrected
from evalsuite.records import Reply, Results
from evalsuite.spec.rubric import Criterion, Rubric

RUBRIC = Rubric(
    schema_version=1,
    name="r",
    criteria=(Criterion(name="c", description="d", anchors={"0": "no", "1": "yes"}),),
)
HUMAN, JUDGE, REST = "1011010111", "1011110011", "1" * 33 + "0" * 17


def replies() -> list[Reply]:
    return [Reply(str(n), f"question {n}", f"reply {n}", "") for n in range(60)]


def labels(count: int = 10) -> dict[str, LabelledReply]:
    made = [
        LabelledReply(
            f"question {n}", f"reply {n}", {"anna": {"c": float(HUMAN[n % 10])}, "boris": {"c": float(HUMAN[n % 10])}}
        )
        for n in range(count)
    ]
    return {label.digest: label for label in made}


def candidate() -> Results:
    scores = {str(n): float(value) for n, value in enumerate(JUDGE + REST)}
    return Results("candidate", scores={"style.score": scores})


def test_the_worked_example_comes_out() -> None:
    found = corrected("style", replies(), candidate(), labels=labels(), rubric=RUBRIC)
    assert found is not None
    metric, result = found
    assert (metric.name, metric.parent, metric.direction) == ("style.score.ppi", "style.score", "higher")
    assert (result.metric, result.n) == ("style.score.ppi", 60)
    assert result.value == pytest.approx(0.683775, abs=1e-6)
    assert (result.low, result.high) == (pytest.approx(0.43378, abs=1e-5), pytest.approx(0.93377, abs=1e-5))
    assert result.detail == "people scored 10 of 60; trust in the judge 0.41"


def test_labels_of_other_replies_say_nothing() -> None:
    others = [Reply(str(n), f"question {n}", f"another reply {n}", "") for n in range(60)]
    assert corrected("style", others, candidate(), labels=labels(), rubric=RUBRIC) is None


@pytest.mark.parametrize(("count", "reason"), [(9, "10 are needed"), (60, "nothing is left to correct")])
def test_too_few_labels_or_all_are_no_correction(count: int, reason: str) -> None:
    found = corrected("style", replies(), candidate(), labels=labels(count), rubric=RUBRIC)
    assert found is not None
    _, result = found
    assert result.value is None
    assert reason in (result.reason or "")
