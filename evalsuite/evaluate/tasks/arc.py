"""ARC (Clark et al. 2018, arXiv 1803.05457), easy and challenge: science questions, the likeliest option's text.

Data: rows as published (`allenai/ai2_arc`)::

    {"id": "MCAS_2000_4_6", "question": "Which technology was developed most recently?", "answerKey": "A",
     "choices": {"text": ["cellular telephone", "television", "refrigerator", "airplane"], "label": ["A", ...]}}

is asked as "Question: Which technology was developed most recently?\\nAnswer:" and each option is scored after a space.
When " cellular telephone" is the likeliest, `accuracy` is 1; `accuracy_norm` divides by the option's characters first.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from evalsuite.data.evaluation.items import BenchmarkItem
from evalsuite.evaluate.scoring.loglikelihood import Reply, accuracy, likeliest
from evalsuite.evaluate.scoring.prompting import Prompting, Shot, option_texts, samples_of
from evalsuite.records import Metric, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions


class Arc(TaskOptions):
    """The likeliest option's text after the question."""

    version: ClassVar[int] = 1
    metrics: ClassVar[tuple[Metric, ...]] = likeliest("option", norm=True)
    kind: Literal["arc"]
    prompt: Prompting = Prompting()

    @property
    def sampling(self) -> Sampling | None:
        """None: options are weighed."""
        return None

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items; raises DataError naming the line of a malformed one."""
        return samples_of(data, examples, self.prompt, shot=_shot, sample=_sample)

    def score(self, sample: Sample, reply: Reply) -> tuple[Score, ...]:
        """1 when the likeliest option is the right one, as it is and per character."""
        return accuracy(sample, reply, norm=True)


def _sample(item: BenchmarkItem, prompting: Prompting, shots: list[Shot]) -> Sample:
    options, right = _options(item)
    prompt = prompting.prompt(_question(item), shots)
    pairs = option_texts(prompt, options, gap=prompting.gap)
    return Sample(
        item.id,
        prompt,
        options[right],
        options,
        item.group,
        subject=item.subject,
        right=(right,),
        pairs=pairs,
        question=_question(item),
    )


def _shot(item: BenchmarkItem) -> Shot:
    options, right = _options(item)
    return Shot(_question(item), options[right])


def _question(item: BenchmarkItem) -> str:
    return f"Question: {item.text('question')}\nAnswer:"


def _options(item: BenchmarkItem) -> tuple[tuple[str, ...], int]:
    choices = item.row.get("choices")
    if not isinstance(choices, dict):
        raise item.wrong("'choices' must hold the lists 'text' and 'label'")
    options, labels = item.texts("choices", choices.get("text")), item.texts("choices", choices.get("label"))
    key = item.text("answerKey")
    if len(labels) != len(options) or key not in labels:
        raise item.wrong(f"'answerKey' {key!r} is not among the labels of 'choices'")
    return options, labels.index(key)
