"""Benchmarks: items with right answers, asked and scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from evalsuite.data.draw import distinct, draw
from evalsuite.evaluate.aggregate import aggregate, by_metric, by_subject
from evalsuite.evaluate.answered import answered, note
from evalsuite.evaluate.weighing import weighed
from evalsuite.models import Model
from evalsuite.records import Adapter, Completion, LogLikelihood, Outcome, Reply, Result, Sample, Score
from evalsuite.spec.suite import Benchmark

Answer = Completion | tuple[LogLikelihood, ...]


def samples_of(entry: Benchmark, data: Path, *, seed: int, examples: Path | None = None) -> tuple[Sample, ...]:
    """The items that a benchmark asks, drawn by the suite's seed; raises DataError for malformed data."""
    return draw(distinct(entry.task.samples(data, examples), source=str(data)), entry.limit, seed=seed)


def score(entry: Benchmark, samples: Sequence[Sample], *, model: Model, adapter: Adapter | None) -> Outcome:
    """Ask every sample and score the replies."""
    pairs = list(zip(samples, _answers(entry, samples, model=model, adapter=adapter), strict=True))
    scores = [
        replace(found, metric=f"{entry.name}.{found.metric}")
        for sample, answer in pairs
        for found in entry.task.score(sample, answer)
    ]
    rendered = model.render([sample.prompt for sample in samples], adapter=adapter)
    return Outcome(
        replies=tuple(_reply(entry, sample, answer) for sample, answer in pairs),
        scores=tuple(scores),
        results=tuple(_results(entry, scores, samples)),
        rendered={sample.id: found for sample, found in zip(samples, rendered, strict=True)},
    )


def _answers(entry: Benchmark, samples: Sequence[Sample], *, model: Model, adapter: Adapter | None) -> Sequence[Answer]:
    sampling = entry.task.sampling
    if sampling is not None:
        return answered(model.generate([sample.prompt for sample in samples], sampling=sampling, adapter=adapter))
    if not any(sample.choices for sample in samples):
        texts = [sample.prompt.shown for sample in samples]
        return [(found,) for found in model.loglikelihood(texts, adapter=adapter)]
    return weighed(samples, partial(model.choices, adapter=adapter))


def _results(entry: Benchmark, scores: Sequence[Score], samples: Sequence[Sample]) -> list[Result]:
    results = []
    for metric, of in by_metric(scores).items():
        parts = by_subject(metric, of, samples, family=entry.task.family)
        whole = aggregate(metric, of, samples)
        if parts:
            micro = f"micro: each of {whole.n} items counts the same"
            whole = replace(whole, detail="; ".join(filter(None, (micro, whole.detail))))
        results += [whole, *parts]
    return [*results, *entry.task.derived(results)]


def _reply(entry: Benchmark, sample: Sample, answer: Answer) -> Reply:
    if isinstance(answer, Completion):
        said = (answer.text, sample.target, sample.group, note(answer), answer.seconds)
        return Reply(sample.id, sample.prompt.shown, *said)
    if not sample.choices:
        listed = f"log-likelihood {answer[0].value:.3f} over {answer[0].tokens} tokens"
        return Reply(sample.id, sample.prompt.shown, "", sample.target, sample.group, listed)
    listed = "  ".join(f"{option} {found.value:.3f}" for option, found in zip(sample.choices, answer, strict=True))
    chosen, listed = entry.task.chosen(sample, answer), f"log-likelihoods: {listed}"
    return Reply(sample.id, sample.prompt.shown, chosen, sample.target, sample.group, listed)
