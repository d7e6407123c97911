"""Generation of your own against a known answer: the answer is taken out of the reply and compared.

Data, one item per line (or rows of a JSON, CSV or Parquet file)::

    {"id": "sums-1", "question": "What is 6 plus 7?", "answer": "13"}

With `extract: last_number` the reply "6 plus 7 makes 13." gives "13", which equals the answer: the item scores 1.
Numbers are compared as numbers, so "13.0" and "1,300" equal 13 and 1300; the answer is read by the same rule, so that
"6 + 7 = 13" is a right answer too. A reply without a number is unparsed; it scores 0 and its reason says so.

`template` may name any field of the row. `metric`: `exact_match` of what `extract` takes out; `contains`, the answer
stands in the reply; `regex`, the answer is an expression that the reply matches; `numeric`, the last numbers are equal
up to `tolerance`; `f1`, the overlap of words. An `answer` that is a list holds all answers that are right. A field
`subject` or `slice` of the rows gives figures for each of its values, `exact_match.VALUE`, and their mean, `.macro`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.data.evaluation.items import BenchmarkItem, read_items
from evalsuite.errors import DataError
from evalsuite.evaluate.scoring.extraction import compile_pattern, fits, last_number, token_f1
from evalsuite.evaluate.scoring.prompting import Prompting, Shot, examples_of, fill_template
from evalsuite.records import Completion, Direction, LogLikelihood, Metric, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions
from evalsuite.spec.rubric import TooSlow

_ABOUT = {
    "exact_match": "The share of items whose extracted answer equals a right one.",
    "contains": "The share of items whose reply contains the answer.",
    "regex": "The share of items whose reply matches the answer's expression.",
    "numeric": "The share of items whose last number is a right one, up to the tolerance.",
    "f1": "The mean overlap of the reply's words with those of the best right answer.",
}


class Generate(TaskOptions):
    """Generate a reply and compare the answer in it with the right one."""

    version: ClassVar[int] = 1
    kind: Literal["generate"]
    template: str = "{question}"
    extract: Literal["last_number", "first_line", "all"] = "last_number"
    metric: Literal["exact_match", "contains", "regex", "numeric", "f1"] = "exact_match"
    higher_is_better: Annotated[
        bool, Field(description="`false` where a fall is what you want, of words that replies should not contain, say")
    ] = True
    tolerance: Annotated[float, Field(ge=0, description="of `numeric`: how far a right number may be off")] = 0.0
    max_tokens: Annotated[int, Field(ge=1)] = 64
    stop: tuple[str, ...] = ()
    prompt: Prompting = Prompting()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metric that is asked for, in the direction that is wanted."""
        direction: Direction = "higher" if self.higher_is_better else "lower"
        return (Metric(self.metric, direction=direction, about=_ABOUT[self.metric]),)

    @property
    def sampling(self) -> Sampling | None:
        """Greedy decoding, so that the score has no luck in it."""
        return Sampling(max_tokens=self.max_tokens, stop=self.stop)

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items of a file; raises DataError naming the line of a malformed one."""
        prompting = self.prompt.usual(chat=True)
        shown = examples_of(prompting, examples)
        return tuple(
            self._sample(item, prompting, [self._shot(example) for example in shown.before(item, item.subject)])
            for item in read_items(data)
        )

    def score(self, sample: Sample, reply: Completion | tuple[LogLikelihood, ...]) -> tuple[Score, ...]:
        """From 0 to 1, by the best of the right answers; an unparsed reply counts as wrong, with the reason."""
        assert isinstance(reply, Completion)
        reason = self._unparsed(reply.text)
        if reason is not None:
            return (Score(sample.id, self.metric, 0.0, f"unparsed: {reason}"),)
        try:
            value = max(self._value(reply.text, answer) for answer in sample.choices or (sample.target,))
        except TooSlow:
            return (Score(sample.id, self.metric, None, "the answer's expression took more than a second"),)
        return (Score(sample.id, self.metric, value),)

    def answer(self, reply: str) -> str | None:
        """The answer in a reply, or None where there is none."""
        if self._numbers:
            return last_number(reply)
        text = (
            reply.strip().split("\n", 1)[0] if self.metric == "exact_match" and self.extract == "first_line" else reply
        )
        return text.strip().removesuffix(".").casefold() or None

    @property
    def _numbers(self) -> bool:
        return self.metric == "numeric" or (self.metric == "exact_match" and self.extract == "last_number")

    def _unparsed(self, reply: str) -> str | None:
        if not reply.strip():
            return "the reply is empty"
        return "no number in the reply" if self.answer(reply) is None and self._numbers else None

    def _value(self, reply: str, answer: str) -> float:
        if self.metric == "f1":
            return token_f1(reply, answer)
        if self.metric == "regex":
            return float(fits(answer, reply))
        ours, right = self.answer(reply), self.answer(answer)
        if self.metric == "contains":
            return float((right or "") in (ours or ""))
        if self.metric == "numeric" and ours is not None and right is not None:
            return float(abs(float(ours) - float(right)) <= self.tolerance)
        return float(ours == right)

    def _sample(self, item: BenchmarkItem, prompting: Prompting, shots: list[Shot]) -> Sample:
        question, answers = self._question(item), self._answers(item)
        prompt = prompting.prompt(question, shots)
        return Sample(
            id=item.id,
            prompt=prompt,
            target=answers[0],
            choices=answers if len(answers) > 1 else (),
            group=item.group,
            subject=item.slice,
            question=question if shots else None,
        )

    def _shot(self, item: BenchmarkItem) -> Shot:
        return Shot(self._question(item), self._answers(item)[0])

    def _question(self, item: BenchmarkItem) -> str:
        if "{question}" in self.template:
            item.text("question")
        return fill_template(self.template, item.row)

    def _answers(self, item: BenchmarkItem) -> tuple[str, ...]:
        written = item.row.get("answer")
        answers = item.texts("answer") if isinstance(written, list) else (item.text("answer"),)
        for answer in answers:
            if self._numbers and self.answer(answer) is None:
                # No reply could ever equal it, and every one would count as wrong.
                raise item.wrong(f"'answer' holds no number, but the task has {self._rule}")
            if self.metric == "regex":
                self._compiles(answer, item)
        return answers

    @property
    def _rule(self) -> str:
        return "`metric: numeric`" if self.metric == "numeric" else "`extract: last_number`"

    def _compiles(self, answer: str, item: BenchmarkItem) -> None:
        try:
            compile_pattern(answer)
        except ValueError as error:
            raise DataError(f"{item.file}:{item.number}  'answer' {error}") from None
