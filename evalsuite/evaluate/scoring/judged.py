"""Judged sets: prompts whose replies a judge grades by a rubric, the author's own answers among them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalsuite.data.digest import distinct, draw
from evalsuite.data.evaluation.prompts import read_authored
from evalsuite.errors import DataError
from evalsuite.evaluate.scoring.aggregate import (
    Measured,
    aggregate,
    by_metric,
    by_subject,
    ending_note,
    require_answers,
)
from evalsuite.models.protocol import Model
from evalsuite.plugins import Grader
from evalsuite.records import Adapter, Item, Judgment, Metric, Outcome, Reply, Sample, Sampling, Score, usage_of
from evalsuite.spec import declared
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.suite import JudgedSet


def samples_of(entry: JudgedSet, data: Path, *, seed: int) -> tuple[Sample, ...]:
    """The prompts of a judged set with the author's answers, drawn by the suite's seed."""
    return draw(distinct(read_authored(data), source=str(data)), entry.limit, seed=seed)


def sampling_of(entry: JudgedSet, *, seed: int) -> Sampling:
    """How the replies of a judged set are drawn."""
    return Sampling(max_tokens=entry.max_tokens, temperature=entry.temperature, seed=seed)


def replies(
    samples: Sequence[Sample], sampling: Sampling, *, model: Model, adapter: Adapter | None
) -> tuple[Reply, ...]:
    """The model's replies to the prompts."""
    completions = require_answers(model.generate([s.prompt for s in samples], sampling=sampling, adapter=adapter))
    return tuple(
        Reply(
            sample.id,
            sample.prompt.shown,
            completion.text,
            sample.target,
            sample.group,
            ending_note(completion),
            completion.seconds,
            sample.subject,
        )
        for sample, completion in zip(samples, completions, strict=True)
    )


def author_replies(samples: Sequence[Sample]) -> tuple[Reply, ...]:
    """The author's own answers, to be judged like any other."""
    return tuple(
        Reply(sample.id, sample.prompt.shown, sample.target, sample.target, sample.group, subject=sample.subject)
        for sample in samples
    )


def score(
    entry: JudgedSet, samples: Sequence[Sample], given: Sequence[Reply], *, rubric: Rubric, judge: Grader
) -> Outcome:
    """Grade the replies, blind to who gave them; how far a panel's members are apart is a metric of its own."""
    judgments = judge.grade([Item(reply.prompt, reply.text, reply.target) for reply in given])
    scores = [
        found
        for reply, judgment in zip(given, judgments, strict=True)
        for found in _scores(entry, reply, rubric, judgment)
    ]
    found: list[Measured] = []
    for metric, of in by_metric(scores, entry.metrics(rubric), by=entry.name).items():
        found.append((metric, aggregate(metric, of, samples)))
        # Criteria have no slices: their names stand where those of slices would.
        parts = by_subject(metric, of, samples) if metric == entry.score else []
        found += [(_unlike(its, rubric), result) for its, result in parts]
    metrics, results = (tuple(side) for side in zip(*found, strict=True)) if found else ((), ())
    return Outcome(tuple(given), tuple(scores), results, judging=usage_of(judgments), metrics=metrics)


def _unlike(part: Metric, rubric: Rubric) -> Metric:
    """The slice of the score; raises DataError where it is called as a criterion of the rubric."""
    if part.slice in {criterion.name for criterion in rubric.criteria}:
        raise DataError(f"{part.name}  is a criterion of the rubric {rubric.name}; call the subject or slice otherwise")
    return part


def _scores(entry: JudgedSet, reply: Reply, rubric: Rubric, judgment: Judgment) -> list[Score]:
    criteria = declared.criterion_scores(rubric).values()
    metrics = [entry.score.name, *(metric.of(entry.name).name for metric in criteria)]
    if judgment.scores is None:
        return [Score(reply.sample_id, metric, None, judgment.reason) for metric in metrics]
    values = [rubric.overall(judgment.scores), *rubric.normalised(judgment.scores).values()]
    found = [Score(reply.sample_id, metric, value) for metric, value in zip(metrics, values, strict=True)]
    if judgment.disagreement is not None:
        found.append(Score(reply.sample_id, declared.DISAGREEMENT.of(entry.name).name, judgment.disagreement))
    return found
