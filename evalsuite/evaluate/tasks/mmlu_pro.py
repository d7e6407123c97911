"""MMLU-Pro (Wang et al. 2024, arXiv 2406.01574): up to ten options, reasoned about before the answer.

Data: rows with `question`, `options`, `answer` (a letter), `category`, and in the examples `cot_content`::

    {"question": "The symmetric group S_n has n! elements, ... of order", "options": ["30", "3", ... ], "answer": "D",
     "category": "math", "cot_content": "A: Let's think step by step. ... The answer is (D)."}

is asked, after a sentence that names the category and asks for "the answer is (X)", and five examples of it, as::

    Question:
    The symmetric group ...
    Options:
    A. 30
    ...
    Answer: Let's think step by step.

A reply with "... the answer is (D)." scores 1; one without "answer is X" is unparsed and counts as wrong.
`style: letters` weighs the letters after "Answer:" instead, without reasoning.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.data.evaluation.items import BenchmarkItem, read_items
from evalsuite.evaluate.scoring.extraction import extract_match
from evalsuite.evaluate.scoring.loglikelihood import LETTERS, Reply, accuracy, likeliest, list_by_letter
from evalsuite.evaluate.scoring.prompting import Prompting, Shot, examples_of, option_texts
from evalsuite.records import Completion, Metric, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions

_ANSWER = r"answer is \(?([ABCDEFGHIJ])\)?"
_STEPS = "Let's think step by step."
_MATCH = Metric("exact_match", about="The share of items whose reply ends in the right letter after `answer is`.")
_ASKED = 'Think step by step and then finish your answer with "the answer is (X)" where X is the correct letter choice.'


class MmluPro(TaskOptions):
    """Multiple choice among up to ten options: reasoned and generated, or the likeliest letter."""

    version: ClassVar[int] = 2
    kind: Literal["mmlu_pro"]
    style: Literal["reasoned", "letters"] = "reasoned"
    prompt: Prompting = Prompting()
    max_tokens: Annotated[int, Field(ge=1)] = 2048

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Generated answers match or do not; weighed ones are accurate or not."""
        return (_MATCH,) if self.style == "reasoned" else likeliest("letter")

    @property
    def sampling(self) -> Sampling | None:
        """Greedy until the model asks itself the next question; None where letters are weighed."""
        return Sampling(max_tokens=self.max_tokens, stop=("Question:",)) if self.style == "reasoned" else None

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items with their categories; raises DataError naming the line of a malformed one."""
        prompting = self.prompt.usual(shots=5)
        shown = examples_of(prompting, examples, _category)
        return tuple(
            self._sample(item, prompting, [self._shot(example) for example in shown.before(item, _category(item))])
            for item in read_items(data)
        )

    def score(self, sample: Sample, reply: Reply) -> tuple[Score, ...]:
        """1 when the right letter is chosen; an unparsed reply counts as wrong, with the reason."""
        if not isinstance(reply, Completion):
            return accuracy(sample, reply)
        letter = extract_match(_ANSWER, reply.text)
        reason = None if letter else "unparsed: no 'answer is X' in the reply"
        return (Score(sample.id, "exact_match", float(letter == sample.target), reason),)

    def _sample(self, item: BenchmarkItem, prompting: Prompting, shots: list[Shot]) -> Sample:
        letters = tuple(LETTERS[: len(item.texts("options"))])
        right = item.text("answer")
        if right not in letters:
            raise item.wrong(f"'answer' must be the right option's letter, A to {letters[-1]}")
        prompt = prompting.prompt(self._question(item), shots, description=self._description(item))
        return Sample(
            id=item.id,
            prompt=prompt,
            target=right,
            choices=letters,
            group=item.group,
            subject=_category(item),
            right=(letters.index(right),),
            pairs=option_texts(prompt, letters, gap=prompting.gap),
            question=self._question(item),
        )

    def _description(self, item: BenchmarkItem) -> str:
        about = f" about {_category(item)}" if _category(item) else ""
        end = f" {_ASKED}\n" if self.style == "reasoned" else "\n\n"
        return f"The following are multiple choice questions (with answers){about}.{end}"

    def _question(self, item: BenchmarkItem) -> str:
        options = list_by_letter([option.strip() for option in item.texts("options")][:10])
        steps = f" {_STEPS}" if self.style == "reasoned" else ""
        return f"Question:\n{item.text('question')}\nOptions:{options}\nAnswer:{steps}"

    def _shot(self, item: BenchmarkItem) -> Shot:
        if self.style == "letters":
            return Shot(self._question(item), item.text("answer"))
        return Shot(self._question(item), item.text("cot_content").replace(f"A: {_STEPS} ", ""))


def _category(item: BenchmarkItem) -> str | None:
    return str(item.row["category"]) if item.row.get("category") else item.slice
