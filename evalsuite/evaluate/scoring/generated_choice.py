"""Multiple choice asked of a chat server, which does not tell how likely given answers are: it writes a letter.

A generated letter is not a chosen likelihood, so its metric has a name of its own: `letter_accuracy`. For the options
"Oakton" and "Brill" the model is shown::

    Where does Mara live?

    A. Oakton
    B. Brill

    Answer with the letter only.

The reply "B." chooses "Brill". A reply without one of the letters is unparsed; it counts as wrong, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from evalsuite.evaluate.scoring.aggregate import aggregate, by_subject, ending_note, require_answers
from evalsuite.models.protocol import Model
from evalsuite.records import Completion, Outcome, Prompt, Reply, Sample, Sampling, Score
from evalsuite.spec.suite import Benchmark

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SAMPLING = Sampling(max_tokens=16)
# The letter stands alone at the beginning ("B", "(b)", "**B.** Brill") or after "answer" ("The answer is B because").
_LETTER = re.compile(r"\A\W*([A-Za-z])\s*(?:[.,:;)\]*\n]|\Z)|\b[Aa]nswer\W+(?:is\W+|would be\W+)?([A-Z])(?![\w'’])")


def asks_for_letters(entry: Benchmark, samples: Sequence[Sample], *, served: bool) -> bool:
    """Whether a benchmark of likelihoods must be asked for letters: of a server, by way of chat messages."""
    return served and entry.task.sampling is None and any(sample.prompt.text is None for sample in samples)


def score(entry: Benchmark, samples: Sequence[Sample], *, model: Model) -> Outcome:
    """Ask every sample for a letter; 1 when it is the right option's, otherwise 0."""
    completions = require_answers(model.generate([letter_prompt(sample) for sample in samples], sampling=_SAMPLING))
    pairs = list(zip(samples, completions, strict=True))
    metric = entry.letter_accuracy
    scores = [_score(metric.name, sample, completion) for sample, completion in pairs]
    measured = [(metric, aggregate(metric, scores, samples)), *by_subject(metric, scores, samples)]
    replies = tuple(
        Reply(
            sample.id,
            letter_prompt(sample).shown,
            found.text,
            sample.target,
            sample.group,
            ending_note(found),
            subject=sample.subject,
        )
        for sample, found in pairs
    )
    declared, results = zip(*measured, strict=True)
    return Outcome(replies, tuple(scores), results, metrics=declared)


def letter_prompt(sample: Sample) -> Prompt:
    """The sample's question with its options by letter; options that are letters already are not listed again."""
    options = [option.strip() for option in sample.choices]
    listed = "" if _are_letters(options) else "\n".join(map(". ".join, zip(_ALPHABET, options, strict=False))) + "\n\n"
    *before, last = sample.prompt.messages
    asked = f"{last.content}\n\n{listed}Answer with the letter only."
    return Prompt(messages=(*before, replace(last, content=asked)))


def option_of_letter(sample: Sample, reply: str) -> str | None:
    """The option whose letter the reply gives, or None."""
    found = _LETTER.search(reply)
    if found is None:
        return None
    place = _ALPHABET.index((found[1] or found[2]).upper())
    return sample.choices[place] if place < len(sample.choices) else None


def _are_letters(options: Sequence[str]) -> bool:
    return options == list(_ALPHABET[: len(options)])


def _score(metric: str, sample: Sample, completion: Completion) -> Score:
    if completion.finish == "refused":
        return Score(sample.id, metric, 0.0, "unparsed: the model refused")
    option = option_of_letter(sample, completion.text)
    if option is None:
        return Score(sample.id, metric, 0.0, "unparsed: no letter of an option in the reply")
    return Score(sample.id, metric, float(option == sample.target))
