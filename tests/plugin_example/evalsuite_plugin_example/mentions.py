"""Mentions: the share of the wanted words that stand in the reply.

Data: `{"id": "1", "question": "What do bees make?", "words": ["honey", "wax"]}`. The reply "Honey." scores 0.5.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.data.evaluation.items import BenchmarkItem, read_items
from evalsuite.records import Completion, LogLikelihood, Metric, Prompt, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions

RECALL = Metric("recall", about="The share of an item's words that stand in the reply.")


class Mentions(TaskOptions):
    """Ask each question and look for its words in the reply."""

    version: ClassVar[int] = 1
    kind: Literal["mentions"]
    max_tokens: Annotated[int, Field(ge=1)] = 32

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What each figure is: more is better, from 0 to 1, as a share, unless it says otherwise."""
        return (RECALL,)

    @property
    def sampling(self) -> Sampling | None:
        """The likeliest reply of so many tokens."""
        return Sampling(max_tokens=self.max_tokens)

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items of a file; raises DataError naming the line of a malformed one."""
        return tuple(self._sample(item) for item in read_items(data))

    def score(self, sample: Sample, reply: Completion | tuple[LogLikelihood, ...]) -> tuple[Score, ...]:
        """One score per metric; the suite's entry is put before the name: `bees.recall`."""
        assert isinstance(reply, Completion)
        words, said = sample.target.split(), reply.text.casefold()
        return (Score(sample.id, RECALL.name, sum(word.casefold() in said for word in words) / len(words)),)

    def _sample(self, item: BenchmarkItem) -> Sample:
        return Sample(item.id, Prompt.user(item.text("question")), " ".join(item.texts("words")), group=item.group)
