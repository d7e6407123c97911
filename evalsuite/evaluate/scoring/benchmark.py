"""Benchmarks: items with right answers, asked, scored and timed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from evalsuite.data.digest import distinct, draw
from evalsuite.evaluate.scoring.aggregate import (
    Measured,
    aggregate,
    by_metric,
    by_subject,
    ending_note,
    require_answers,
)
from evalsuite.evaluate.scoring.loglikelihood import option_loglikelihoods
from evalsuite.models.protocol import Model
from evalsuite.records import (
    Adapter,
    Completion,
    LogLikelihood,
    Metric,
    Outcome,
    Reply,
    Result,
    Sample,
    Score,
    by_name,
    required,
)
from evalsuite.spec.declared import LATENCY
from evalsuite.spec.suite import Benchmark

Answer = Completion | tuple[LogLikelihood, ...]


def samples_of(entry: Benchmark, data: Path, *, seed: int, examples: Path | None = None) -> tuple[Sample, ...]:
    """The items that a benchmark asks, drawn by the suite's seed; raises DataError for malformed data."""
    return draw(distinct(entry.task.samples(data, examples), source=str(data)), entry.limit, seed=seed)


def score(entry: Benchmark, samples: Sequence[Sample], *, model: Model, adapter: Adapter | None) -> Outcome:
    """Ask every sample and score the replies; raises EvalsuiteError for a figure that the task does not declare."""
    pairs = list(zip(samples, _answers(entry, samples, model=model, adapter=adapter), strict=True))
    found = [score for sample, answer in pairs for score in entry.task.score(sample, answer)]
    own = by_metric(found, entry.task.metrics, by=entry.name)
    measured = _measured(entry, {metric.of(entry.name): of for metric, of in own.items()}, samples)
    rendered = model.render([sample.prompt for sample in samples], adapter=adapter)
    named = by_name(entry.task.metrics)
    return Outcome(
        replies=tuple(replace(_reply(entry, sample, answer), subject=sample.subject) for sample, answer in pairs),
        scores=tuple(replace(score, metric=named[score.metric].of(entry.name).name) for score in found),
        results=tuple(result for _, result in measured),
        rendered={sample.id: found for sample, found in zip(samples, rendered, strict=True)},
        metrics=tuple(metric for metric, _ in measured),
    )


def _answers(entry: Benchmark, samples: Sequence[Sample], *, model: Model, adapter: Adapter | None) -> Sequence[Answer]:
    sampling = entry.task.sampling
    if sampling is not None:
        return require_answers(
            model.generate([sample.prompt for sample in samples], sampling=sampling, adapter=adapter)
        )
    if not any(sample.choices for sample in samples):
        texts = [sample.prompt.shown for sample in samples]
        return [(found,) for found in model.loglikelihood(texts, adapter=adapter)]
    return option_loglikelihoods(samples, partial(model.choices, adapter=adapter))


def _measured(entry: Benchmark, scores: Mapping[Metric, Sequence[Score]], samples: Sequence[Sample]) -> list[Measured]:
    """Each metric as a whole, over subjects and of each subject; then what the task derives from these."""
    found: list[Measured] = []
    for metric, of in scores.items():
        parts = by_subject(metric, of, samples, family=entry.task.family)
        whole = aggregate(metric, of, samples)
        if parts:
            micro = f"micro: each of {whole.n} items counts the same"
            whole = replace(whole, detail="; ".join(filter(None, (micro, whole.detail))))
        found += [(metric, whole), *parts]
    return [*found, *_derived(entry, found)]


def _derived(entry: Benchmark, found: Sequence[Measured]) -> Iterator[Measured]:
    """What the task makes of its results, all together and subject by subject, which it knows by its own names."""
    own = {metric.of(entry.name).name: metric.name for metric in entry.task.metrics}
    named = by_name(entry.task.metrics)
    scopes: dict[str | None, dict[str, Result]] = {}
    for metric, result in found:
        whole = metric.parent if metric.is_slice else metric.name
        if whole in own:
            scopes.setdefault(metric.slice, {})[own[whole]] = result
    for subject, results in scopes.items():
        for result in entry.task.derived(results):
            metric = required(result.metric, named, by=entry.name).of(entry.name)
            its = metric if subject is None else metric.part(subject)
            yield its, replace(result, metric=its.name)


def _reply(entry: Benchmark, sample: Sample, answer: Answer) -> Reply:
    if isinstance(answer, Completion):
        said = (answer.text, sample.target, sample.group, ending_note(answer), answer.seconds)
        return Reply(sample.id, sample.prompt.shown, *said)
    if not sample.choices:
        listed = f"log-likelihood {answer[0].value:.3f} over {answer[0].tokens} tokens"
        return Reply(sample.id, sample.prompt.shown, "", sample.target, sample.group, listed)
    listed = "  ".join(f"{option} {found.value:.3f}" for option, found in zip(sample.choices, answer, strict=True))
    chosen, listed = entry.task.chosen(sample, answer), f"log-likelihoods: {listed}"
    return Reply(sample.id, sample.prompt.shown, chosen, sample.target, sample.group, listed)


def with_latency(entry: str, outcome: Outcome) -> Outcome:
    """The outcome with the result `latency.ENTRY`, mean seconds a completion, where the backend was timed."""
    metric = LATENCY.on(entry)
    found = _latency(metric.name, outcome.replies)
    return outcome if found is None else replace(outcome, results=(*outcome.results, found)).declaring([metric])


def _latency(metric: str, replies: Sequence[Reply]) -> Result | None:
    from evalsuite.stats.intervals.mean import mean

    seconds = [reply.seconds for reply in replies if reply.seconds is not None]
    if not seconds:
        return None
    # Completions of one batch share its time to the last digit; they are one measurement, not many.
    estimate = mean(seconds, clusters=seconds)
    low, high = estimate.interval.low, estimate.interval.high
    batches = len(set(seconds))
    if not math.isfinite(high - low):
        detail = "timed in one batch, which gives no interval"
        return Result(metric, estimate.value, None, None, len(seconds), detail=detail)
    detail = f"timed in {batches} batches"
    return Result(metric, estimate.value, max(0.0, low), high, len(seconds), detail=detail)
