"""Completions that all came, as replies that are kept; what probes share about them."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.errors import ModelError
from evalsuite.evaluate.scoring.aggregate import aggregate, by_metric
from evalsuite.plugins import AskingProbe
from evalsuite.records import Completion, Effort, Outcome, Reply, Sample, Score


def answered(completions: Sequence[Completion]) -> Sequence[Completion]:
    """The completions; raises ModelError when some of their calls failed for good.

    What was answered is in the reply cache by then, so that the next run asks only for the rest.
    """
    failed = [completion for completion in completions if completion.finish == "failed"]
    if failed:
        raise ModelError(
            f"{len(failed)} of {len(completions)} calls failed for good, the first with: {failed[0].reason}; the "
            "others are kept, and the same command asks only for what is missing"
        )
    return completions


def ending_note(completion: Completion) -> str | None:
    """What a person who reads the reply should know of how it ended."""
    if completion.finish == "refused":
        return f"refused: {completion.reason or 'no reason given'}"
    return "cut off at the token limit" if completion.finish == "length" else None


# Four characters a token is the usual rule of thumb for English.
_CHARACTERS_PER_TOKEN = 4


def kept(sample: Sample, completion: Completion, *, note: str | None = None) -> Reply:
    """A completion as the reply to a sample, noting how it ended."""
    notes = "; ".join(part for part in (note, ending_note(completion)) if part)
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
