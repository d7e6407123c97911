"""GSM8K (Cobbe et al. 2021, arXiv 2110.14168): grade-school arithmetic, reasoned in words.

Data: rows as published (`openai/gsm8k`, config `main`)::

    {"question": "Natalia sold clips to 48 of her friends in April, and then ... in May. How many ... altogether?",
     "answer": "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\\n... 48+24 = <<48+24=72>>72 clips.\\n#### 72"}

is asked as "Question: ...\\nAnswer:" after five solved ones. Two readings stand side by side: `exact_match_strict`
takes the number after "#### ", `exact_match_flexible` the last number of the reply. "Both: 72 clips." is unparsed
and wrong for the first and right for the second; "#### 72." is right for both. Commas, "$" and a last dot do not count.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.data.evaluation.items import BenchmarkItem, read_items
from evalsuite.evaluate.scoring.extraction import extract_match, without
from evalsuite.evaluate.scoring.loglikelihood import Reply
from evalsuite.evaluate.scoring.prompting import Prompting, Shot, examples_of
from evalsuite.records import Completion, Metric, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions

_LAST = r"(-?[$0-9.,]{2,})|(-?[0-9]+)"
_IGNORED = (",", r"\$", r"(?s).*#### ", r"\.$")


class Gsm8k(TaskOptions):
    """Reasoned arithmetic, the number read strictly and flexibly."""

    version: ClassVar[int] = 1
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("exact_match_strict", about="The share of items with the right number after ####."),
        Metric("exact_match_flexible", about="The share of items whose last number is the right one."),
    )
    kind: Literal["gsm8k"]
    prompt: Prompting = Prompting()
    marker: Annotated[str, Field(min_length=1, description="what stands before the final number")] = "####"
    max_tokens: Annotated[int, Field(ge=1)] = 256
    stop: tuple[str, ...] = ("Question:", "</s>", "<|im_end|>")

    @property
    def sampling(self) -> Sampling | None:
        """Greedy until the model asks itself the next question."""
        return Sampling(max_tokens=self.max_tokens, stop=self.stop)

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items; raises DataError naming the line of one without a final number."""
        prompting = self.prompt.usual(shots=5, select="random")
        shown = examples_of(prompting, examples)
        return tuple(
            self._sample(item, prompting, [_shot(example) for example in shown.before(item, item.subject)])
            for item in read_items(data)
        )

    def score(self, sample: Sample, reply: Reply) -> tuple[Score, ...]:
        """1 when the number is the right one; a reply without a number counts as wrong, with the reason."""
        assert isinstance(reply, Completion)
        right = self.plain(sample.target)
        found = {"strict": self.strict(reply.text), "flexible": self.flexible(reply.text)}
        missing = {"strict": f"no number after {self.marker!r}", "flexible": "no number in the reply"}
        return tuple(
            Score(
                sample.id, f"exact_match_{way}", float(number == right), None if number else f"unparsed: {missing[way]}"
            )
            for way, number in found.items()
        )

    def strict(self, reply: str) -> str | None:
        """The number after the first marker, or None."""
        return self._number(rf"{re.escape(self.marker)} (\-?[0-9\.\,]+)", reply, last=False)

    def flexible(self, reply: str) -> str | None:
        """The last number of the reply, or None."""
        return self._number(_LAST, reply, last=True)

    def plain(self, answer: str) -> str:
        """A solution's final number, or a number as written, without commas, dollar signs and last dot."""
        return without(_IGNORED, re.sub(rf"(?s).*{re.escape(self.marker)} ", "", answer))

    def _number(self, pattern: str, reply: str, *, last: bool) -> str | None:
        found = extract_match(pattern, reply, last=last)
        return None if found is None else self.plain(found)

    def _sample(self, item: BenchmarkItem, prompting: Prompting, shots: list[Shot]) -> Sample:
        answer = item.text("answer")
        if self.flexible(answer.rpartition(self.marker)[2]) is None:
            raise item.wrong(f"'answer' has no number after {self.marker!r}, so no reply could be right")
        prompt = prompting.prompt(_question(item), shots)
        return Sample(item.id, prompt, answer, group=item.group, subject=item.subject, question=_question(item))


def _shot(item: BenchmarkItem) -> Shot:
    return Shot(_question(item), item.text("answer"))


def _question(item: BenchmarkItem) -> str:
    return f"Question: {item.text('question')}\nAnswer:"
