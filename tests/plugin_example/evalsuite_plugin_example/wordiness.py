"""Wordiness: how many words do replies have, before the training and after?"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.data.evaluation.prompts import read_prompts
from evalsuite.evaluate.scoring.aggregate import effort, outcome, reply_to
from evalsuite.plugins import Material, Subject
from evalsuite.records import Effort, Metric, Outcome, Results, Sample, Sampling, Score, Wants
from evalsuite.spec.document import Name
from evalsuite.spec.options import AskingOptions

WORDS = Metric(
    "words", direction="neither", high=None, unit="words", place="detail", about="Words in a reply, the mean."
)


class Wordiness(AskingOptions):
    """Ask base and candidate the same prompts and count the words of their replies."""

    version: ClassVar[int] = 1
    probe: Literal["wordiness"]
    name: Name = "wordiness"
    data: Annotated[str, Field(min_length=1, description="prompts, one a line")]
    max_tokens: Annotated[int, Field(ge=1)] = 32

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The mean number of words, of which neither more nor less is better; named after the probe."""
        return (WORDS.of(self.name),)

    @property
    def wants(self) -> Wants:
        """The file of prompts, which `material.data` then is."""
        return Wants(data=self.data)

    def effort(self, material: Material) -> Effort:
        """One reply per prompt, for `evalsuite plan`."""
        return effort([sample.prompt.shown for sample in self._samples(material)], reply=self.max_tokens)

    def ask(self, subject: Subject, material: Material) -> Outcome:
        """The replies of one subject, with a score for each."""
        samples = self._samples(material)
        sampling = Sampling(max_tokens=self.max_tokens, seed=material.seed)
        replies = subject.generate([sample.prompt for sample in samples], sampling=sampling)
        asked = list(zip(samples, replies, strict=True))
        scores = [Score(sample.id, self.metrics[0].name, float(len(reply.text.split()))) for sample, reply in asked]
        return outcome(self, [reply_to(sample, reply) for sample, reply in asked], scores, samples)

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """Nothing more: scores of the same name are paired by sample as they are."""
        return Outcome()

    def _samples(self, material: Material) -> list[Sample]:
        assert material.data is not None
        return [found.sample for found in read_prompts(material.data)]
