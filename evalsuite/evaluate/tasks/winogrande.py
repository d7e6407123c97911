"""WinoGrande (Sakaguchi et al. 2019, arXiv 1907.10641): which of two words fits the gap.

Data: rows as published (`allenai/winogrande`, config `winogrande_xl`, split `validation`)::

    {"sentence": "Sarah was a better surgeon than Maria so _ always got the easier cases.",
     "option1": "Sarah", "option2": "Maria", "answer": "2"}

The rest of the sentence is scored after "... so Sarah" and after "... so Maria" (Trinh and Le 2018).
When " always got the easier cases." is likelier after "Maria", the item scores 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from evalsuite.data.evaluation.items import BenchmarkItem
from evalsuite.evaluate.scoring.loglikelihood import Reply, accuracy, likeliest
from evalsuite.evaluate.scoring.prompting import Prompting, Shot, samples_of
from evalsuite.records import Metric, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions


class WinoGrande(TaskOptions):
    """The likelier of two readings of a sentence, by what follows the gap."""

    version: ClassVar[int] = 2
    metrics: ClassVar[tuple[Metric, ...]] = likeliest("reading")
    kind: Literal["winogrande"]
    prompt: Prompting = Prompting()

    @property
    def sampling(self) -> Sampling | None:
        """None: options are weighed."""
        return None

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items; raises DataError naming the line of a malformed one."""
        return samples_of(data, examples, self.prompt, shot=_shot, sample=_sample, spare=True)

    def score(self, sample: Sample, reply: Reply) -> tuple[Score, ...]:
        """1 when the right word makes the rest of the sentence likelier."""
        return accuracy(sample, reply)


def _sample(item: BenchmarkItem, prompting: Prompting, shots: list[Shot]) -> Sample:
    readings, rest, right = _readings(item)
    prompts = [prompting.prompt(reading, shots) for reading in readings]
    pairs = tuple((prompt, f"{prompting.gap}{rest}") for prompt in prompts)
    words = (item.text("option1"), item.text("option2"))
    return Sample(
        item.id,
        prompts[0],
        words[right],
        words,
        item.group,
        subject=item.subject,
        right=(right,),
        pairs=pairs,
        question=item.text("sentence"),
    )


def _shot(item: BenchmarkItem) -> Shot:
    readings, rest, right = _readings(item)
    return Shot(readings[right], rest)


def _readings(item: BenchmarkItem) -> tuple[tuple[str, str], str, int]:
    """The sentence up to the gap with each word in it, what follows the gap, and which word is right."""
    before, gap, rest = item.text("sentence").partition("_")
    answer = str(item.row.get("answer", ""))
    if not gap or not rest.strip():
        raise item.wrong("'sentence' must have a gap, written _, with words after it")
    if answer not in ("1", "2"):
        raise item.wrong("'answer' must be 1 or 2")
    return (before + item.text("option1"), before + item.text("option2")), rest.strip(), int(answer) - 1
