"""Perplexity: how surprising a text is to the model; lower is better.

Data: rows with a `text` (or the field that `field` names), or text files, whose paragraphs are the rows::

    {"id": "chapter-1", "text": "It is a truth universally acknowledged, that a single man ..."}

Each text is read from its beginning of text on, in windows of the model's context, every token predicted once. A text
of 40 bytes and 10 tokens with a log-likelihood of -20 nats has 2.0 `nats_per_token` and 20 / ln 2 / 40 = 0.721
`bits_per_byte`. Over several texts both are ratios of sums (never means of the texts' own figures), and
`perplexity` = exp(nats per token). Bits per byte compares models with different tokenizers, perplexity does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from pathlib import Path
from typing import ClassVar, Literal

from evalsuite.data.items import read_items
from evalsuite.evaluate.weighing import Reply
from evalsuite.records import Prompt, Result, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions


class Perplexity(TaskOptions):
    """Nats per token, bits per byte and perplexity of texts."""

    version: ClassVar[int] = 1
    reads_texts: ClassVar[bool] = True
    kind: Literal["perplexity"]
    field: str = "text"

    @property
    def metrics(self) -> tuple[str, ...]:
        """Two ratios, and the perplexity that follows from the first."""
        return ("nats_per_token", "bits_per_byte", "perplexity")

    @property
    def sampling(self) -> Sampling | None:
        """None: nothing is generated."""
        return None

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """One sample per text; raises DataError naming the line of a row without one."""
        return tuple(
            Sample(item.id, Prompt.raw(item.text(self.field)), "", group=item.group, subject=item.subject)
            for item in read_items(data)
        )

    def score(self, sample: Sample, reply: Reply) -> tuple[Score, ...]:
        """The text's own figures, which weigh by its tokens and its bytes."""
        assert isinstance(reply, tuple)
        (found,) = reply
        size = len(sample.prompt.shown.encode("utf-8"))
        return (
            Score(sample.id, "nats_per_token", -found.value / found.tokens, weight=float(found.tokens)),
            Score(sample.id, "bits_per_byte", -found.value / log(2) / size, weight=float(size)),
        )

    def derived(self, results: Sequence[Result]) -> tuple[Result, ...]:
        """Perplexity out of nats per token, its interval's ends likewise."""
        return tuple(
            Result(
                result.metric.replace("nats_per_token", "perplexity"),
                exp(result.value),
                None if result.low is None else exp(result.low),
                None if result.high is None else exp(result.high),
                n=result.n,
                unscored=result.unscored,
                reason=result.reason,
                detail="exp of nats per token",
            )
            for result in results
            if result.value is not None and result.metric.endswith(".nats_per_token")
        )
