"""Multiple choice of your own: the option whose text, or whose letter, is the likeliest reply is the answer.

Data, one item per line (or rows of a JSON, CSV or Parquet file)::

    {"id": "facts-1", "question": "Where does Mara live?", "choices": ["Oakton", "Brill", "Lome", "Tarn"], "answer": 0}

The question goes through the model's chat template; each option is scored as the assistant's whole reply. With the
log-likelihoods -1.2, -4.0, -6.1, -5.5 option 0 is chosen, and the item scores 1.

`template` may name any field of the row, `{passage}` say, and `{options}` for the options after their letters.
`score_as: letters` scores " A", " B" ... instead of the texts; it needs `{options}` in the template. A field `subject`
or `slice` of the rows gives figures for each of its values, `accuracy.VALUE`, and their mean, `accuracy.macro`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from evalsuite.data.evaluation.items import BenchmarkItem, read_items
from evalsuite.evaluate.scoring.loglikelihood import LETTERS, likeliest_option, list_by_letter
from evalsuite.evaluate.scoring.prompting import Prompting, Shot, examples_of, fill_template, option_texts
from evalsuite.records import Completion, LogLikelihood, Metric, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions


class MultipleChoice(TaskOptions):
    """Choose among the options of each item by log-likelihood."""

    version: ClassVar[int] = 1
    kind: Literal["multiple_choice"]
    template: str = "{question}"
    score_as: Literal["texts", "letters"] = "texts"
    normalise: Literal["none", "tokens", "characters"] = "none"
    higher_is_better: Annotated[bool, Field(description="`false` where a fall is what you want")] = True
    prompt: Prompting = Prompting()

    @model_validator(mode="after")
    def _letters_are_shown(self) -> MultipleChoice:
        if self.score_as == "letters" and "{options}" not in self.template:
            raise ValueError("`score_as: letters` needs `{options}` in the template, or the model sees no letters")
        return self

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Accuracy, in the direction that is wanted."""
        about = "The share of items whose option that is marked as the answer is the likeliest."
        return (Metric("accuracy", direction="higher" if self.higher_is_better else "lower", about=about),)

    @property
    def sampling(self) -> Sampling | None:
        """None: the options are chosen among, nothing is generated."""
        return None

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items of a file; raises DataError naming the line of a malformed one."""
        prompting = self.prompt.usual(chat=True)
        shown = examples_of(prompting, examples)
        return tuple(
            self._sample(item, prompting, [self._shot(example) for example in shown.before(item, item.subject)])
            for item in read_items(data)
        )

    def score(self, sample: Sample, reply: Completion | tuple[LogLikelihood, ...]) -> tuple[Score, ...]:
        """1 when the likeliest option is the right one, otherwise 0; the first of equally likely ones counts."""
        assert isinstance(reply, tuple)
        return (Score(sample.id, "accuracy", float(self.chosen(sample, reply) == sample.target)),)

    def chosen(self, sample: Sample, reply: tuple[LogLikelihood, ...]) -> str:
        """The likeliest option, by the normalisation that is asked for."""
        return sample.choices[likeliest_option(sample.choices, reply, per=self.normalise)]

    def _sample(self, item: BenchmarkItem, prompting: Prompting, shots: list[Shot]) -> Sample:
        question, choices, right = self._parts(item)
        if self.score_as == "letters":
            choices = tuple(LETTERS[: len(choices)])
        prompt = prompting.prompt(question, shots)
        pairs = option_texts(prompt, choices, gap=prompting.gap) if prompting.gap else ()
        return Sample(
            id=item.id,
            prompt=prompt,
            target=choices[right],
            choices=choices,
            group=item.group,
            subject=item.slice,
            right=(right,),
            pairs=pairs,
            question=question if shots else None,
        )

    def _shot(self, item: BenchmarkItem) -> Shot:
        question, choices, right = self._parts(item)
        return Shot(question, LETTERS[right] if self.score_as == "letters" else choices[right])

    def _parts(self, item: BenchmarkItem) -> tuple[str, tuple[str, ...], int]:
        """The question as the template frames it, the options, and which of them is right."""
        if "{question}" in self.template:
            item.text("question")
        choices, right = _options(item)
        return (
            fill_template(self.template, {**item.row, "options": list_by_letter(choices).lstrip("\n")}),
            choices,
            right,
        )


def _options(item: BenchmarkItem) -> tuple[tuple[str, ...], int]:
    choices, answer = item.row.get("choices"), item.row.get("answer")
    texts = isinstance(choices, list) and all(isinstance(choice, str) and choice.strip() for choice in choices)
    if not isinstance(choices, list) or not texts or len(choices) < 2:
        raise item.wrong("'choices' must be a list of at least two texts")
    if len(set(choices)) < len(choices):
        raise item.wrong("has the same choice twice")
    if isinstance(answer, str) and answer.isdigit():  # a CSV file knows no numbers
        answer = int(answer)
    if not isinstance(answer, int) or isinstance(answer, bool) or not 0 <= answer < len(choices):
        raise item.wrong(f"'answer' must be the position of the right choice, 0 to {len(choices) - 1}")
    return tuple(choices), answer
