"""Benchmarks: items with right answers, asked and scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evalsuite.data.draw import distinct, draw
from evalsuite.evaluate.aggregate import aggregate, by_metric
from evalsuite.evaluate.answered import answered, note
from evalsuite.models import Model
from evalsuite.records import Adapter, Completion, LogLikelihood, Outcome, Reply, Sample
from evalsuite.spec.suite import Benchmark

Answer = Completion | tuple[LogLikelihood, ...]


def samples_of(entry: Benchmark, data: Path, *, seed: int) -> tuple[Sample, ...]:
    """The items that a benchmark asks, drawn by the suite's seed; raises DataError for malformed data."""
    return draw(distinct(entry.task.samples(data), source=str(data)), entry.limit, seed=seed)


def score(entry: Benchmark, samples: Sequence[Sample], *, model: Model, adapter: Adapter | None) -> Outcome:
    """Ask every sample and score the replies."""
    prompts = [sample.prompt for sample in samples]
    sampling = entry.task.sampling
    answers: Sequence[Answer]
    if sampling is None:
        answers = model.choices(prompts, [sample.choices for sample in samples], adapter=adapter)
    else:
        answers = answered(model.generate(prompts, sampling=sampling, adapter=adapter))
    pairs: list[tuple[Sample, Answer]] = list(zip(samples, answers, strict=True))
    scores = [
        replace(found, metric=f"{entry.name}.{found.metric}")
        for sample, answer in pairs
        for found in entry.task.score(sample, answer)
    ]
    return Outcome(
        replies=tuple(_reply(entry, sample, answer) for sample, answer in pairs),
        scores=tuple(scores),
        results=tuple(aggregate(metric, of, samples) for metric, of in by_metric(scores).items()),
    )


def _reply(entry: Benchmark, sample: Sample, answer: Answer) -> Reply:
    if isinstance(answer, Completion):
        return Reply(sample.id, sample.prompt.shown, answer.text, sample.target, sample.group, note(answer))
    likeliest = sample.choices[max(range(len(answer)), key=lambda index: answer[index].value)]
    # A task that weighs the options in its own way says which one that makes it choose.
    choose = getattr(entry.task, "chosen", None)
    chosen = choose(sample, answer) if choose else likeliest
    listed = "  ".join(f"{option} {found.value:.3f}" for option, found in zip(sample.choices, answer, strict=True))
    return Reply(sample.id, sample.prompt.shown, chosen, sample.target, sample.group, f"log-likelihoods: {listed}")
