"""Multiple choice, scored as cloze: the option whose text is the likeliest reply is the answer.

Data, one item per line::

    {"id": "facts-1", "question": "Where does Mara live?", "choices": ["Oakton", "Brill", "Lome", "Tarn"], "answer": 0}

The question goes through the model's chat template; each option is scored as the assistant's whole reply. With the
log-likelihoods -1.2, -4.0, -6.1, -5.5 option 0 is chosen, and the item scores 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from evalsuite.data.jsonl import group, identity, read_objects, text_field
from evalsuite.errors import DataError
from evalsuite.records import Completion, LogLikelihood, Prompt, Sample, Sampling, Score
from evalsuite.spec.document import Document


class MultipleChoice(Document):
    """Choose among the options of each item by log-likelihood."""

    version: ClassVar[int] = 1
    metrics: ClassVar[tuple[str, ...]] = ("accuracy",)
    kind: Literal["multiple_choice"]
    template: str = "{question}"
    normalise: Literal["none", "tokens", "characters"] = "none"

    @property
    def sampling(self) -> Sampling | None:
        """None: the options are chosen among, nothing is generated."""
        return None

    def samples(self, data: Path) -> tuple[Sample, ...]:
        """The items of a JSONL file; raises DataError naming the line of a malformed one."""
        return tuple(self._sample(row, (data, number)) for number, row in read_objects(data))

    def score(self, sample: Sample, reply: Completion | tuple[LogLikelihood, ...]) -> tuple[Score, ...]:
        """1 when the likeliest option is the right one, otherwise 0; the first of equally likely ones counts."""
        assert isinstance(reply, tuple)
        return (Score(sample.id, "accuracy", float(self.chosen(sample, reply) == sample.target)),)

    def chosen(self, sample: Sample, reply: tuple[LogLikelihood, ...]) -> str:
        """The likeliest option, by the normalisation that is asked for."""
        weights = [self._weight(option, found) for option, found in zip(sample.choices, reply, strict=True)]
        return sample.choices[weights.index(max(weights))]

    def _weight(self, option: str, found: LogLikelihood) -> float:
        lengths = {"none": 1, "tokens": found.tokens, "characters": len(option)}
        return found.value / max(1, lengths[self.normalise])

    def _sample(self, row: dict[str, Any], at: tuple[Path, int]) -> Sample:
        question = text_field(row, "question", at=at)
        choices, answer = row.get("choices"), row.get("answer")
        where = f"{at[0]}:{at[1]}"
        texts = isinstance(choices, list) and all(isinstance(choice, str) and choice.strip() for choice in choices)
        if not isinstance(choices, list) or not texts or len(choices) < 2:
            raise DataError(f"{where}  'choices' must be a list of at least two texts")
        if len(set(choices)) < len(choices):
            raise DataError(f"{where}  has the same choice twice")
        if not isinstance(answer, int) or isinstance(answer, bool) or not 0 <= answer < len(choices):
            raise DataError(f"{where}  'answer' must be the position of the right choice, 0 to {len(choices) - 1}")
        return Sample(
            id=identity(row, at=at),
            prompt=Prompt.user(self.template.replace("{question}", question)),
            target=choices[answer],
            choices=tuple(choices),
            group=group(row, at=at),
        )
