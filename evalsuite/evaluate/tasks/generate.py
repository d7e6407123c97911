"""Generation against a known answer: the reply is generated, the answer taken out of it and compared.

Data, one item per line::

    {"id": "sums-1", "question": "What is 6 plus 7?", "answer": "13"}

With `extract: last_number` the reply "6 plus 7 makes 13." gives "13", which equals the answer: the item scores 1.
Numbers are compared as numbers, so "13.0" and "1,300" equal 13 and 1300; the answer is read by the same rule, so that
"6 + 7 = 13" is a right answer too. A reply without a number is unparsed; it scores 0 and its reason says so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.data.jsonl import group, identity, read_objects, text_field
from evalsuite.errors import DataError
from evalsuite.records import Completion, LogLikelihood, Prompt, Sample, Sampling, Score
from evalsuite.spec.document import Document

# A minus counts where no word or bracket stands before it ("10-3" has a 3); commas count between groups of digits.
_NUMBER = re.compile(
    r"(?:(?<![\w)\]])[-−])?"
    r"(?:(?:[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?![0-9])|[0-9]+)(?:\.[0-9]+)?|(?<![\w.])\.[0-9]+)"
)


class Generate(Document):
    """Generate a reply and compare the answer in it with the right one."""

    version: ClassVar[int] = 1
    metrics: ClassVar[tuple[str, ...]] = ("exact_match",)
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
            at = (data, number)
            question, answer = (text_field(row, key, at=at) for key in ("question", "answer"))
            if self.answer(answer) is None:
                # No reply could ever equal it, and every one would count as wrong.
                raise DataError(f"{data}:{number}  'answer' holds no number, but the task has `extract: last_number`")
            prompt = Prompt.user(self.template.replace("{question}", question))
            samples.append(Sample(identity(row, at=at), prompt, answer, group=group(row, at=at)))
        return tuple(samples)

    def score(self, sample: Sample, reply: Completion | tuple[LogLikelihood, ...]) -> tuple[Score, ...]:
        """1 when the answer in the reply equals the right one; an unparsed reply counts as wrong, with the reason."""
        assert isinstance(reply, Completion)
        found = self.answer(reply.text)
        if found is None:
            what = "no number in the reply" if reply.text.strip() else "the reply is empty"
            return (Score(sample.id, "exact_match", 0.0, f"unparsed: {what}"),)
        return (Score(sample.id, "exact_match", float(found == self.answer(sample.target))),)

    def answer(self, reply: str) -> str | None:
        """The answer in a reply, or None where there is none."""
        if self.extract == "last_number":
            numbers = _NUMBER.findall(reply)
            return _number(numbers[-1]) if numbers else None
        text = reply.strip().split("\n", 1)[0] if self.extract == "first_line" else reply
        return text.strip().removesuffix(".").casefold() or None


def _number(text: str) -> str:
    """One spelling per number; exact, for a float would round long ones."""
    plain = text.replace("−", "-").replace(",", "")
    whole, _, part = plain.lstrip("-").partition(".")
    number = ".".join(filter(None, (whole.lstrip("0") or "0", part.rstrip("0"))))
    return f"-{number}" if plain.startswith("-") and number != "0" else number
