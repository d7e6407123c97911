"""MMLU (Hendrycks et al. 2021, arXiv 2009.03300): 57 subjects, four options, five examples of the subject.

Data: a folder with one file per subject (`anatomy_test.csv`), or one file whose rows have a `subject`; `examples`
likewise (the published `dev` split). A row::

    {"question": "What is the embryological origin of the hyoid bone?", "choices": ["The first pharyngeal arch",
     "The first and second pharyngeal arches", "The second pharyngeal arch", "The second and third ..."], "answer": 3}

is asked as lm-evaluation-harness does, after the five examples in the same form::

    The following are multiple choice questions (with answers) about anatomy.

    What is the embryological origin of the hyoid bone?
    A. The first pharyngeal arch
    B. ...
    Answer:

and the letter among " A", " B", " C", " D" with the highest log-likelihood is the answer; " D" here scores 1.
`style: cloze` shows no options and scores their texts instead. `accuracy` is the mean over items (micro),
`accuracy.macro` the mean over subjects.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from evalsuite.data.evaluation.items import BenchmarkItem, read_items
from evalsuite.evaluate.scoring.loglikelihood import LETTERS, Reply, accuracy, lettered, likeliest
from evalsuite.evaluate.scoring.prompting import Prompting, Shot, asked, examples_of
from evalsuite.records import Metric, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions


class Mmlu(TaskOptions):
    """Multiple choice by subject: the likeliest letter, or with `style: cloze` the likeliest text."""

    version: ClassVar[int] = 1
    kind: Literal["mmlu"]
    style: Literal["letters", "cloze"] = "letters"
    prompt: Prompting = Prompting()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Accuracy; for texts also by log-likelihood per character."""
        return likeliest("letter") if self.style == "letters" else likeliest("option", norm=True)

    @property
    def sampling(self) -> Sampling | None:
        """None: options are weighed."""
        return None

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items with their subjects; raises DataError naming the line of a malformed one."""
        prompting = self.prompt.usual(shots=5)
        shown = examples_of(prompting, examples, _subject)
        return tuple(
            self._sample(item, prompting, [self._shot(example) for example in shown.before(item, _subject(item))])
            for item in read_items(data)
        )

    def score(self, sample: Sample, reply: Reply) -> tuple[Score, ...]:
        """1 when the likeliest option is the right one."""
        return accuracy(sample, reply, norm=self.style == "cloze")

    def _sample(self, item: BenchmarkItem, prompting: Prompting, shots: list[Shot]) -> Sample:
        subject, options = _subject(item), _options(item)
        choices = tuple(LETTERS[: len(options)]) if self.style == "letters" else options
        right = _answer(item, len(options))
        about = f" about {subject.replace('_', ' ')}" if subject else ""
        told = f"The following are multiple choice questions (with answers){about}.\n\n"
        prompt = prompting.prompt(self._question(item), shots, description=told if self.style == "letters" else "")
        return Sample(
            id=item.id,
            prompt=prompt,
            target=choices[right],
            choices=choices,
            group=item.group,
            subject=subject,
            right=(right,),
            pairs=asked(prompt, choices, gap=prompting.gap),
            question=self._question(item),
        )

    def _shot(self, item: BenchmarkItem) -> Shot:
        options = _options(item)
        right = _answer(item, len(options))
        return Shot(self._question(item), LETTERS[right] if self.style == "letters" else options[right])

    def _question(self, item: BenchmarkItem) -> str:
        question = item.text("question").strip()
        if self.style == "cloze":
            return f"Question: {question}\nAnswer:"
        return f"{question}{lettered(_options(item))}\nAnswer:"


def _subject(item: BenchmarkItem) -> str | None:
    return str(item.row["subject"]) if item.row.get("subject") else item.slice


def _options(item: BenchmarkItem) -> tuple[str, ...]:
    for names in (("choice0", "choice1", "choice2", "choice3"), ("A", "B", "C", "D")):
        if names[0] in item.row:
            return item.texts("choices", [item.row.get(name) for name in names])
    return item.texts("choices")


def _answer(item: BenchmarkItem, count: int) -> int:
    written = str(item.row.get("answer", ""))
    place = (
        LETTERS.find(written) if written.isalpha() and len(written) == 1 else int(written) if written in _PLACES else -1
    )
    if not 0 <= place < count:
        raise item.wrong(f"'answer' must be the right option's letter, or its position, 0 to {count - 1}")
    return place


_PLACES = ("0", "1", "2", "3")
