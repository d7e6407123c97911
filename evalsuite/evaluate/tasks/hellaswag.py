"""HellaSwag (Zellers et al. 2019, arXiv 1905.07830): which ending goes on from here.

Data: rows as published (`Rowan/hellaswag`, split `validation`)::

    {"activity_label": "Roof shingle removal", "ctx_a": "A man is sitting on a roof.", "ctx_b": "he",
     "endings": ["is using wrap to wrap a pair of skis.", "is ripping level tiles off.", ...], "label": "3",
     "source_id": "activitynet~v_-JhWjGDPHMY"}

is asked as "Roof shingle removal: A man is sitting on a roof. He", and each ending is scored after a space. When the
fourth is the likeliest, `accuracy` is 1; `accuracy_norm`, the usual figure, divides by the ending's characters first.
Items of one video or article are one cluster of the interval.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar, Literal

from evalsuite.data.evaluation.items import BenchmarkItem
from evalsuite.evaluate.scoring.loglikelihood import Reply, accuracy, likeliest
from evalsuite.evaluate.scoring.prompting import Prompting, Shot, option_texts, samples_of
from evalsuite.records import Metric, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions


class HellaSwag(TaskOptions):
    """The likeliest of four endings."""

    version: ClassVar[int] = 2
    metrics: ClassVar[tuple[Metric, ...]] = likeliest("ending", norm=True)
    kind: Literal["hellaswag"]
    prompt: Prompting = Prompting()

    @property
    def sampling(self) -> Sampling | None:
        """None: options are weighed."""
        return None

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items; raises DataError naming the line of a malformed one."""
        return samples_of(data, examples, self.prompt, shot=_shot, sample=_sample, spare=True)

    def score(self, sample: Sample, reply: Reply) -> tuple[Score, ...]:
        """1 when the likeliest ending is the right one, as it is and per character."""
        return accuracy(sample, reply, norm=True)


def _sample(item: BenchmarkItem, prompting: Prompting, shots: list[Shot]) -> Sample:
    endings, right = _endings(item)
    prompt = prompting.prompt(_context(item), shots)
    pairs = option_texts(prompt, endings, gap=prompting.gap)
    source = item.row.get("source_id")
    group = str(source) if source else item.group
    return Sample(
        item.id,
        prompt,
        endings[right],
        endings,
        group,
        subject=item.subject,
        right=(right,),
        pairs=pairs,
        question=_context(item),
    )


def _shot(item: BenchmarkItem) -> Shot:
    endings, right = _endings(item)
    return Shot(_context(item), endings[right])


def _context(item: BenchmarkItem) -> str:
    return _clean(
        f"{item.text('activity_label')}: {item.row.get('ctx_a', '')} {str(item.row.get('ctx_b', '')).capitalize()}"
    )


def _endings(item: BenchmarkItem) -> tuple[tuple[str, ...], int]:
    endings, label = item.texts("endings"), str(item.row.get("label", ""))
    if not label.isdigit() or int(label) >= len(endings):
        raise item.wrong(f"'label' must be the position of the right ending, 0 to {len(endings) - 1}")
    return tuple(_clean(ending) for ending in endings), int(label)


def _clean(text: str) -> str:
    # Headings and brackets are left over from WikiHow pages.
    return re.sub(r"\[.*?\]", "", text.strip().replace(" [title]", ". ")).replace("  ", " ")
