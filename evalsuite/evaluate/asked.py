"""What probes share: replies as they are kept, scores summed up, and what asking costs."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.evaluate.aggregate import aggregate, by_metric
from evalsuite.evaluate.answered import note as ending
from evalsuite.plugins import AskingProbe
from evalsuite.records import Completion, Effort, Outcome, Reply, Sample, Score

# Four characters a token is the usual rule of thumb for English.
_CHARACTERS_PER_TOKEN = 4


def kept(sample: Sample, completion: Completion, *, note: str | None = None) -> Reply:
    """A completion as the reply to a sample, noting how it ended."""
    notes = "; ".join(part for part in (note, ending(completion)) if part)
    return Reply(sample.id, sample.prompt.shown, completion.text, sample.target, sample.group, notes or None)


def outcome(
    probe: AskingProbe, replies: Sequence[Reply], scores: Sequence[Score], samples: Sequence[Sample] = ()
) -> Outcome:
    """Replies and scores with one result per metric, each as the probe declares it."""
    declared = by_metric(scores, probe.metrics, by=probe.name)
    results = tuple(aggregate(metric, of, samples) for metric, of in declared.items())
    return Outcome(tuple(replies), tuple(scores), results, metrics=tuple(declared))


def effort(texts: Sequence[str], *, reply: int = 0, times: int = 1) -> Effort:
    """Asking so many texts, each `times` times with a reply of at most `reply` tokens."""
    tokens = sum(map(len, texts)) // _CHARACTERS_PER_TOKEN + reply * len(texts)
    return Effort(samples=len(texts) * times, tokens=tokens * times)
