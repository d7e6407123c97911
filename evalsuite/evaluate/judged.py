"""Judged sets: prompts whose replies a judge grades by a rubric, the author's own answers among them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalsuite.data.authored import read_authored
from evalsuite.data.draw import distinct, draw
from evalsuite.evaluate.aggregate import aggregate, by_metric
from evalsuite.evaluate.answered import answered, note
from evalsuite.evaluate.judge import Grader, Item, Judgment, normalised, overall, usage_of
from evalsuite.models import Model
from evalsuite.records import Adapter, Outcome, Reply, Sample, Sampling, Score
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
    completions = answered(model.generate([s.prompt for s in samples], sampling=sampling, adapter=adapter))
    return tuple(
        Reply(
            sample.id,
            sample.prompt.shown,
            completion.text,
            sample.target,
            sample.group,
            note(completion),
            completion.seconds,
        )
        for sample, completion in zip(samples, completions, strict=True)
    )


def author_replies(samples: Sequence[Sample]) -> tuple[Reply, ...]:
    """The author's own answers, to be judged like any other."""
    return tuple(
        Reply(sample.id, sample.prompt.shown, sample.target, sample.target, sample.group) for sample in samples
    )


def score(
    entry: JudgedSet, samples: Sequence[Sample], given: Sequence[Reply], *, rubric: Rubric, judge: Grader
) -> Outcome:
    """Grade the replies, blind to who gave them; how far a panel's members are apart is a metric of its own."""
    judgments = judge.grade([Item(reply.prompt, reply.text, reply.target) for reply in given])
    scores = [
        found
        for reply, judgment in zip(given, judgments, strict=True)
        for found in _scores(entry.name, reply, rubric, judgment)
    ]
    results = tuple(aggregate(metric, of, samples) for metric, of in by_metric(scores).items())
    return Outcome(replies=tuple(given), scores=tuple(scores), results=results, judging=usage_of(judgments))


def _scores(entry: str, reply: Reply, rubric: Rubric, judgment: Judgment) -> list[Score]:
    metrics = [f"{entry}.score", *(f"{entry}.score.{criterion.name}" for criterion in rubric.criteria)]
    if judgment.scores is None:
        return [Score(reply.sample_id, metric, None, judgment.reason) for metric in metrics]
    values = [overall(rubric, judgment.scores), *normalised(rubric, judgment.scores).values()]
    found = [Score(reply.sample_id, metric, value) for metric, value in zip(metrics, values, strict=True)]
    if judgment.disagreement is not None:
        found.append(Score(reply.sample_id, f"{entry}.judge_disagreement", judgment.disagreement))
    return found
