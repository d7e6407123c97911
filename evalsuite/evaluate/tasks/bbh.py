"""BIG-Bench Hard (Suzgun et al. 2022, arXiv 2210.09261): 23 tasks in 27 files, answered at once or reasoned.

Data: a folder with one file per task (`navigate.json`), rows as published::

    {"input": "If you follow these instructions, ... Take 1 step. ...\\nOptions:\\n- Yes\\n- No", "target": "No"}

is asked as "Q: ...\\nA:", with `style: reasoned` as "Q: ...\\nA: Let's think step by step.\\n". Three `examples` per
task come before it; theirs is the `target` as it shall be answered, with the reasoning where it shall reason.

Two readings stand side by side. `exact_match_strict` is lm-evaluation-harness's: the whole reply, or what follows "the
answer is " up to one character before the line's end. `exact_match_flexible` is the paper's: the first line of what
follows the last "answer is ", or of the reply, without blanks and last dot. " No." is wrong for the first, right for
the second. `.macro` is over the 23 tasks: the three sizes of logical deduction, and of object tracking, are one each.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.data.evaluation.items import BenchmarkItem, read_items
from evalsuite.evaluate.scoring.extraction import matched
from evalsuite.evaluate.scoring.loglikelihood import Reply
from evalsuite.evaluate.scoring.prompting import Prompting, Shot, examples_of
from evalsuite.records import Completion, Metric, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions

_SIZE = re.compile(r"_(three|five|seven)_objects\Z")
_AFTER = "answer is "


class Bbh(TaskOptions):
    """Hard questions with short answers, generated directly or after reasoning."""

    version: ClassVar[int] = 1
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("exact_match_strict", about="The share of right answers as lm-evaluation-harness reads them."),
        Metric(
            "exact_match_flexible", about="The share of right answers as the paper reads them (Suzgun et al. 2022)."
        ),
    )
    kind: Literal["bbh"]
    style: Literal["direct", "reasoned"] = "direct"
    prompt: Prompting = Prompting()
    descriptions: Annotated[
        dict[str, str], Field(default_factory=dict, description="what is said first, by task (file name)")
    ]
    max_tokens: Annotated[int | None, Field(ge=1, description="256, or 1024 with reasoning")] = None
    stop: tuple[str, ...] = ("</s>", "Q", "\n\n")

    @property
    def sampling(self) -> Sampling | None:
        """Greedy until the model asks itself the next question."""
        return Sampling(max_tokens=self.max_tokens or (1024 if self.style == "reasoned" else 256), stop=self.stop)

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items with their tasks; raises DataError naming the line of a malformed one."""
        prompting = self.prompt.usual(shots=3 if examples is not None else 0)
        shown = examples_of(prompting, examples)
        return tuple(
            self._sample(item, prompting, [self._shot(example) for example in shown.before(item, item.subject)])
            for item in read_items(data)
        )

    def score(self, sample: Sample, reply: Reply) -> tuple[Score, ...]:
        """1 when the answer equals the target; a reasoned reply without "answer is" counts as wrong."""
        assert isinstance(reply, Completion)
        found = {"strict": self.strict(reply.text), "flexible": self.flexible(reply.text)}
        return tuple(
            Score(sample.id, f"exact_match_{way}", float(answer == sample.target), _reason(answer))
            for way, answer in found.items()
        )

    def strict(self, reply: str) -> str | None:
        """The answer as lm-evaluation-harness reads it, or None."""
        return reply if self.style == "direct" else matched(rf"(?<=the {_AFTER})(.*)(?=.)", reply)

    def flexible(self, reply: str) -> str | None:
        """The answer as the paper reads it, or None."""
        _, said, tail = reply.rpartition(_AFTER)
        if self.style == "reasoned" and not said:
            return None
        return tail.strip().split("\n", 1)[0].strip().removesuffix(".") or None

    def family(self, subject: str) -> str:
        """The task that a file is a size of."""
        return _SIZE.sub("", subject)

    def _sample(self, item: BenchmarkItem, prompting: Prompting, shots: list[Shot]) -> Sample:
        told = self.descriptions.get(item.subject or "", "")
        prompt = prompting.prompt(self._question(item), shots, description=told)
        return Sample(
            item.id, prompt, item.text("target"), group=item.group, subject=item.subject, question=item.text("input")
        )

    def _shot(self, item: BenchmarkItem) -> Shot:
        return Shot(self._question(item), item.text("target"), gap="" if self.style == "reasoned" else " ")

    def _question(self, item: BenchmarkItem) -> str:
        steps = " Let's think step by step.\n" if self.style == "reasoned" else ""
        return f"Q: {item.text('input')}\nA:{steps}"


def _reason(answer: str | None) -> str | None:
    return None if answer else "unparsed: no answer in the reply"
