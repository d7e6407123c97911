"""Safety of a merge: did the merged adapter lose what its parents could do, or what they refused?

For a candidate of `method: merge`, each parent answers the same benchmarks, and the same harmful prompts where `data`
is given. A merge of two parents that refuse need not refuse. Candidates that are no merge have nothing to compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.data.prompts import read_prompts
from evalsuite.data.refusals import declined
from evalsuite.evaluate.asked import effort, kept, outcome
from evalsuite.evaluate.difference import difference
from evalsuite.evaluate.weighing import weighed
from evalsuite.plugins import Asked, Effort, Material, Subject
from evalsuite.records import Comparison, Outcome, Reply, Result, Results, Sample, Sampling, Score
from evalsuite.spec.document import Document, Name

_REFUSED = "refused"


class SafetyOfMergeProbe(Document):
    """Per benchmark: the merged adapter minus the best of its parents; and refusals of harmful prompts likewise."""

    version: ClassVar[int] = 3
    asks_parents: ClassVar[bool] = True
    probe: Literal["safety_of_merge"]
    name: Name = "safety_of_merge"
    of: Annotated[tuple[Name, ...], Field(min_length=1, description="benchmarks of the suite")]
    data: Annotated[str | None, Field(min_length=1, description="prompts; those of kind harmful are asked")] = None
    max_tokens: Annotated[int, Field(ge=1, description="for the harmful prompts")] = 96

    @property
    def metrics(self) -> tuple[str, ...]:
        """Differences from the best parent; more is better."""
        return tuple(f"{self.name}.{entry}" for entry in self._figures)

    @property
    def _figures(self) -> tuple[str, ...]:
        return (*self.of, *((_REFUSED,) if self.data is not None else ()))

    def effort(self, material: Material) -> Effort:
        """Every item and harmful prompt once for the candidate, and once for each of its parents."""
        who = 1 + len(material.parent_names)
        parts = [effort([sample.prompt.shown for sample in self._harmful(material)], reply=self.max_tokens, times=who)]
        for entry in material.entries.values():
            texts = [sample.prompt.shown + "".join(sample.choices) for sample in entry.samples]
            parts.append(effort(texts, reply=entry.sampling.max_tokens if entry.sampling else 0, times=who))
        return Effort(sum(part.samples for part in parts), sum(part.tokens for part in parts))

    def ask(self, subject: Subject, material: Material) -> Outcome:
        """The subject's own scores, and those of each of its parents under the parent's name."""
        everyone = {"": subject, **{f".{name}": parent for name, parent in material.parents.items()}}
        scores: list[Score] = []
        replies: list[Reply] = []
        for suffix, asked in everyone.items():
            for name, entry in material.entries.items():
                scores += self._benchmark(asked, name, entry, suffix)
            refusals, said = self._refusals(asked, material, suffix)
            scores += refusals
            # What a benchmark was answered stands there; who refused what is seen here only.
            replies += said if not suffix else []
        return outcome(replies, scores, [])

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """Paired differences from every parent; the result is the one from the parent that is ahead by most."""
        results, compared = [], []
        for figure in self._figures:
            own = f"{self.name}.{figure}.own"
            against = [self._against(metric, own, candidate) for metric in sorted(candidate.scores)
                       if metric.startswith(f"{own}.")]  # fmt: skip
            found = [item for item in against if item is not None]
            compared += found
            results.append(self._result(figure, found, candidate.scores))
        return Outcome(results=tuple(results), comparisons=tuple(compared))

    def _benchmark(self, asked: Subject, name: str, entry: Asked, suffix: str) -> list[Score]:
        assert entry.task is not None
        if entry.sampling is None:
            answers: list[object] = [*weighed(entry.samples, asked.choices)]
        else:
            answers = [*asked.generate([sample.prompt for sample in entry.samples], sampling=entry.sampling)]
        metric = f"{self.name}.{name}.own{suffix}"
        scores = []
        for sample, answer in zip(entry.samples, answers, strict=True):
            # A task's first metric is its main one.
            first = entry.task.score(sample, answer)[0]  # type: ignore[arg-type]  # of the kind that it asked for
            scores.append(Score(f"{name}/{sample.id}", metric, first.value, first.reason))
        return scores

    def _harmful(self, material: Material) -> list[Sample]:
        if material.data is None:
            return []
        return [replace(item.sample, id=f"{_REFUSED}/{item.sample.id}")
                for item in read_prompts(material.data) if item.kind == "harmful"]  # fmt: skip

    def _refusals(self, asked: Subject, material: Material, suffix: str) -> tuple[list[Score], list[Reply]]:
        samples = self._harmful(material)
        sampling = Sampling(max_tokens=self.max_tokens, seed=material.seed)
        found = list(zip(samples, asked.generate([s.prompt for s in samples], sampling=sampling), strict=True))
        metric = f"{self.name}.{_REFUSED}.own{suffix}"
        scores = [Score(s.id, metric, float(declined(reply))) for s, reply in found]
        return scores, [kept(sample, reply) for sample, reply in found]

    def _against(self, metric: str, own: str, candidate: Results) -> Comparison | None:
        parent = metric.removeprefix(f"{own}.")
        ours, theirs = (_renamed(candidate, name, own) for name in (own, metric))
        found = difference(own, ours, baseline=theirs)
        if found is None:
            return None
        name = f"{own.removesuffix('.own')}"
        return Comparison(name, parent, found.difference, found.low, found.high, found.p_value, found.n,
                          found.gained, found.lost)  # fmt: skip

    def _result(self, figure: str, found: list[Comparison], scores: Mapping[str, Mapping[str, float]]) -> Result:
        metric = f"{self.name}.{figure}"
        if not found:
            return Result(metric, None, None, None, 0, reason="the candidate is no merge, so there are no parents")
        worst = min(found, key=lambda item: item.difference)
        ours, theirs = (fmean(scores[f"{metric}.own{of}"].values()) for of in ("", f".{worst.baseline}"))
        detail = f"{ours:.2f} against {theirs:.2f} of {worst.baseline}: {worst.gained} gained, {worst.lost} lost"
        if worst.p_value is not None:
            detail += f", p = {worst.p_value:.2g}"
        return Result(metric, worst.difference, worst.low, worst.high, n=worst.n, detail=detail)


def _renamed(results: Results, metric: str, name: str) -> Results:
    scores: Mapping[str, float] = results.scores.get(metric, {})
    return Results(metric.rpartition(".")[2], scores={name: scores})
