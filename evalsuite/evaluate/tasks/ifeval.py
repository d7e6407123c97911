"""IFEval-style instructions (Zhou et al. 2023, arXiv 2311.07911): does the reply do what a program can check?

Data: rows as published (`google/IFEval`)::

    {"key": 1000, "prompt": "Write a haiku about rain. Do not use any commas. End with: Amen",
     "instruction_id_list": ["punctuation:no_comma", "startend:end_checker"], "kwargs": [{}, {"end_phrase": "Amen"}]}

The reply "Soft rain, falling\\nAmen" breaks the first instruction and obeys the second: `prompt_strict` 0 (all must be
obeyed), `instruction_strict` 1 of 2. The loose readings also try the reply without asterisks, first or last line.
`instruction_*` are ratios of sums over all instructions. A prompt with an instruction that is not known here
(`language:response_language`, `length_constraints:number_sentences`) is unscored, and its reason names it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from evalsuite.data.items import Item, read_items
from evalsuite.evaluate.instructions import CHECKS, loosened, obeyed
from evalsuite.evaluate.prompting import Prompting
from evalsuite.evaluate.weighing import Reply
from evalsuite.records import Completion, Metric, Sample, Sampling, Score
from evalsuite.spec.options import TaskOptions


class IfEval(TaskOptions):
    """Verifiable instructions, each obeyed or not, read strictly and loosely."""

    version: ClassVar[int] = 1
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("prompt_strict", about="The share of prompts with every instruction obeyed, the reply as it stands."),
        Metric("instruction_strict", about="The share of all instructions obeyed, the reply as it stands."),
        Metric("prompt_loose", about="The share of prompts with every instruction obeyed, without marks or ends."),
        Metric("instruction_loose", about="The share of all instructions obeyed, without marks or ends."),
    )
    kind: Literal["ifeval"]
    chat: bool = True
    max_tokens: Annotated[int, Field(ge=1)] = 1280

    @property
    def sampling(self) -> Sampling | None:
        """Greedy, to the end of the reply."""
        return Sampling(max_tokens=self.max_tokens)

    def samples(self, data: Path, examples: Path | None = None) -> tuple[Sample, ...]:
        """The items; raises DataError naming the line of a malformed one."""
        prompting = Prompting(shots=0, chat=self.chat)
        return tuple(
            Sample(
                id=str(item.row["key"]) if "key" in item.row else item.id,
                prompt=prompting.prompt(item.text("prompt")),
                target=json.dumps(_instructions(item), ensure_ascii=False),
                group=item.group,
            )
            for item in read_items(data)
        )

    def score(self, sample: Sample, reply: Reply) -> tuple[Score, ...]:
        """All obeyed or not, and the share that is, weighing by the number of instructions."""
        assert isinstance(reply, Completion)
        wanted = json.loads(sample.target)
        unknown = sorted({name for name, _ in wanted} - CHECKS.keys())
        if unknown:
            reason = f"no check for {', '.join(unknown)}"
            return tuple(Score(sample.id, metric.name, None, reason) for metric in self.metrics)
        scores = []
        for way, texts in {"strict": (reply.text,), "loose": loosened(reply.text)}.items():
            done = [any(obeyed(name, text, given) for text in texts) for name, given in wanted]
            scores += [
                Score(sample.id, f"prompt_{way}", float(all(done))),
                Score(sample.id, f"instruction_{way}", sum(done) / len(done), weight=float(len(done))),
            ]
        return tuple(scores)


def _instructions(item: Item) -> list[tuple[str, dict[str, Any]]]:
    names, given = item.row.get("instruction_id_list"), item.row.get("kwargs")
    if not isinstance(names, list) or not isinstance(given, list) or not names or len(names) != len(given):
        raise item.wrong("'instruction_id_list' and 'kwargs' must be lists of the same length, not empty")
    # Published tables fill in every argument that some instruction has; only those that were given count.
    return [
        (str(name), {key: value for key, value in (of or {}).items() if value is not None})
        for name, of in zip(names, given, strict=True)
    ]
