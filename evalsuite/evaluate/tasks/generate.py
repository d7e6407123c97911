"""Generation against a known answer: the reply is generated, the answer taken out of it and compared.

Data, one item per line::

    {"id": "sums-1", "question": "What is 6 plus 7?", "answer": "13"}

With `extract: last_number` the reply "6 plus 7 makes 13." gives "13", which equals the answer: the item scores 1.
A reply without a number is unparsed; it scores 0 and its reason says so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.data.jsonl import read_objects, text_field
from evalsuite.records import Completion, LogLikelihood, Prompt, Sample, Sampling, Score
from evalsuite.spec.document import Document

_NUMBER = re.compile(r"-?[0-9](?:[0-9,]*[0-9])?(?:\.[0-9]+)?")


class Generate(Document):
    """Generate a reply and compare the answer in it with the right one."""

    version: ClassVar[int] = 1
    kind: Literal["generate"]
    template: str = "{question}"
    extract: Literal["last_number", "first_line", "all"] = "last_number"
    max_tokens: Annotated[int, Field(ge=1)] = 64
    stop: tuple[str, ...] = ()

    @property
    def sampling(self) -> Sampling | None:
        """Greedy decoding, so that the score has no luck in it."""
        return Sampling(max_tokens=self.max_tokens, stop=self.stop)

    def samples(self, data: Path) -> tuple[Sample, ...]:
        """The items of a JSONL file; raises DataError naming the line of a malformed one."""
        samples = []
        for number, row in read_objects(data):
            question, answer = (text_field(row, key, at=(data, number)) for key in ("question", "answer"))
            prompt = Prompt.user(self.template.replace("{question}", question))
            samples.append(Sample(str(row.get("id", number)), prompt, answer, group=row.get("group")))
        return tuple(samples)

    def score(self, sample: Sample, reply: Completion | tuple[LogLikelihood, ...]) -> tuple[Score, ...]:
        """1 when the answer in the reply equals the right one; an unparsed reply counts as wrong, with the reason."""
        assert isinstance(reply, Completion)
        found = self.answer(reply.text)
        if found is None:
            return (Score(sample.id, "exact_match", 0.0, "unparsed: no number in the reply"),)
        return (Score(sample.id, "exact_match", float(found == _plain(sample.target))),)

    def answer(self, reply: str) -> str | None:
        """The answer in a reply, or None where there is none."""
        if self.extract == "last_number":
            numbers = _NUMBER.findall(reply)
            return _plain(numbers[-1]) if numbers else None
        text = reply.strip().split("\n", 1)[0] if self.extract == "first_line" else reply
        return _plain(text)


def _plain(text: str) -> str:
    return text.strip().replace(",", "").removesuffix(".").casefold()
