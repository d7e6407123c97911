"""Perplexity: how surprising a text is to the model; lower is better.

Data: rows with a `text` (or the field that `field` names), or text files, whose paragraphs are the rows::

    {"id": "chapter-1", "text": "It is a truth universally acknowledged, that a single man ..."}

Each text is read from its beginning of text on, in windows of the model's context, every token predicted once. A text
of 40 bytes and 10 tokens with a log-likelihood of -20 nats has 2.0 `nats_per_token` and 20 / ln 2 / 40 = 0.721
`bits_per_byte`. Over several texts both are ratios of sums (never means of the texts' own figures), and
`perplexity` = exp(nats per token). Bits per byte compares models with different tokenizers, perplexity does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from pathlib import Path
from typing import ClassVar, Literal

from evalsuite.data.evaluation.items import read_items
from evalsuite.evaluate.scoring.loglikelihood import Reply
from evalsuite.records import Metric, Prompt, Result, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions

_NATS, _PERPLEXITY = "nats_per_token", "perplexity"


class Perplexity(TaskOptions):
    """Nats per token, bits per byte and perplexity of texts."""

    version: ClassVar[int] = 2
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric(_NATS, direction="lower", high=None, unit="nats", about="The negative log-likelihood per token."),
        Metric("bits_per_byte", direction="lower", high=None, unit="bits",
               about="The negative log-likelihood per byte, comparable across tokenizers."),
        Metric(_PERPLEXITY, direction="lower", low=1.0, high=None, unit="perplexity",
               about="exp of the negative log-likelihood per token; comparable with one tokenizer only."),
    )  # fmt: skip
    reads_texts: ClassVar[bool] = True
    kind: Literal["perplexity"]
    field: str = "text"

    @property
    def sampling(self) -> Sampling | None:
        """None: nothing is generated."""
        return None

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """One sample per text; raises DataError naming the line of a row without one."""
        return tuple(
            Sample(item.id, Prompt.raw(item.text(self.field)), "", group=item.group, subject=item.slice)
            for item in read_items(data)
        )

    def score(self, sample: Sample, reply: Reply) -> tuple[Score, ...]:
        """The text's own figures, which weigh by its tokens and its bytes."""
        assert isinstance(reply, tuple)
        (found,) = reply
        size = len(sample.prompt.shown.encode("utf-8"))
        return (
            Score(sample.id, _NATS, -found.value / found.tokens, weight=float(found.tokens)),
            Score(sample.id, "bits_per_byte", -found.value / log(2) / size, weight=float(size)),
        )

    def derived(self, found: Mapping[str, Result]) -> tuple[Result, ...]:
        """Perplexity out of nats per token, its interval's ends likewise; names as the task has them."""
        loss = found[_NATS]
        if loss.value is None:
            return ()
        value, low, high = (None if end is None else exp(end) for end in (loss.value, loss.low, loss.high))
        counts = (loss.n, loss.unscored, loss.reason)
        return (Result(_PERPLEXITY, value, low, high, *counts, detail="exp of nats per token"),)
