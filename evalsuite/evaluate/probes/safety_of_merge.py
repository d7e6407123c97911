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

from evalsuite.data.evaluation.prompts import read_prompts
from evalsuite.data.refusals import declines
from evalsuite.evaluate.pairwise.difference import difference
from evalsuite.evaluate.scoring.aggregate import aggregate, effort, reply_to
from evalsuite.evaluate.scoring.loglikelihood import option_loglikelihoods
from evalsuite.plugins import Asked, Material, Subject
from evalsuite.records import (
    Comparison,
    Effort,
    Metric,
    Outcome,
    Reply,
    Result,
    Results,
    Sample,
    Sampling,
    Score,
    Wants,
)
from evalsuite.spec.document import Name
from evalsuite.spec.options import AskingOptions

_REFUSED = "refused"
_SHARE = Metric("own")


class SafetyOfMergeProbe(AskingOptions):
    """Per benchmark: the merged adapter minus the best of its parents; and refusals of harmful prompts likewise."""

    version: ClassVar[int] = 2
    probe: Literal["safety_of_merge"]
    name: Name = "safety_of_merge"
    of: Annotated[tuple[Name, ...], Field(min_length=1, description="benchmarks of the suite")]
    data: Annotated[str | None, Field(min_length=1, description="prompts; those of kind harmful are asked")] = None
    max_tokens: Annotated[int, Field(ge=1, description="for the harmful prompts")] = 96

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Gains over the best parent, so more is better, and the subject's own scores, which they come from."""
        return tuple(metric for entry in self._figures for metric in (self._gain(entry), self._own(entry)))

    def _gain(self, entry: str) -> Metric:
        about = "The merged adapter's score less that of the parent it is furthest behind, as a gain."
        return Metric(entry, low=-1.0, about=about).of(self.name)

    def _own(self, entry: str, parent: str = "", main: Metric = _SHARE) -> Metric:
        """What the candidate, or one of its parents, scores itself; `main` is what the benchmark scores by."""
        scale = {"direction": main.direction, "low": main.low, "high": main.high, "unit": main.unit, "place": "inner"}
        own = self._gain(entry).figure("own", "The subject's own score.", **scale)
        return replace(own.part(parent), place="inner") if parent else own

    @property
    def _figures(self) -> tuple[str, ...]:
        return (*self.of, *((_REFUSED,) if self.data is not None else ()))

    @property
    def wants(self) -> Wants:
        """Benchmarks, prompts, and the adapters that were merged."""
        return Wants(data=self.data, of=self.of, asks_parents=True)

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
        scores: dict[Metric, list[Score]] = {}
        replies: list[Reply] = []
        for parent, asked in {"": subject, **material.parents}.items():
            for name, entry in material.entries.items():
                metric = self._own(name, parent, _main(entry))
                scores[metric] = _benchmark(asked, name, entry, metric)
            metric = self._own(_REFUSED, parent)
            scores[metric], said = self._refusals(asked, material, metric)
            # What a benchmark was answered stands there; who refused what is seen here only.
            replies += said if not parent else []
        found = {metric: of for metric, of in scores.items() if of}
        return Outcome(
            tuple(replies),
            tuple(score for of in found.values() for score in of),
            tuple(aggregate(metric, of, []) for metric, of in found.items()),
            metrics=tuple(found),
        )

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """Paired differences from every parent; the result is the one from the parent that is ahead by most."""
        results, compared = [], []
        for figure in self._figures:
            own = self._own(figure)
            against = [
                (parent, item)
                for parent in _parents(own, candidate)
                if (item := self._against(figure, parent, candidate)) is not None
            ]
            compared += [item for _, item in against]
            results.append(self._result(figure, against, candidate.scores))
        return Outcome(results=tuple(results), comparisons=tuple(compared)).declaring(self.metrics)

    def _harmful(self, material: Material) -> list[Sample]:
        if material.data is None:
            return []
        return [replace(item.sample, id=f"{_REFUSED}/{item.sample.id}")
                for item in read_prompts(material.data) if item.kind == "harmful"]  # fmt: skip

    def _refusals(self, asked: Subject, material: Material, metric: Metric) -> tuple[list[Score], list[Reply]]:
        samples = self._harmful(material)
        sampling = Sampling(max_tokens=self.max_tokens, seed=material.seed)
        found = list(zip(samples, asked.generate([s.prompt for s in samples], sampling=sampling), strict=True))
        scores = [Score(s.id, metric.name, float(declines(reply))) for s, reply in found]
        return scores, [reply_to(sample, reply) for sample, reply in found]

    def _against(self, figure: str, theirs: Metric, candidate: Results) -> Comparison | None:
        """How much better the merged adapter is than a parent, in the direction of what both were scored by."""
        own = self._own(figure)
        sides = [Results("", scores={theirs.name: candidate.scores.get(name, {})}) for name in (own.name, theirs.name)]
        found = difference(theirs, sides[0], baseline=sides[1])
        if found is None:
            return None
        assert theirs.slice is not None
        told = replace(found, metric=self._gain(figure).name, baseline=theirs.slice)
        if theirs.direction != "lower":
            return told
        return replace(
            told, difference=-found.difference, low=-found.high, high=-found.low, gained=found.lost, lost=found.gained
        )

    def _result(
        self, figure: str, against: list[tuple[Metric, Comparison]], scores: Mapping[str, Mapping[str, float]]
    ) -> Result:
        metric = self._gain(figure).name
        if not against:
            return Result(metric, None, None, None, 0, reason="the candidate is no merge, so there are no parents")
        parent, worst = min(against, key=lambda item: item[1].difference)
        ours, theirs = (fmean(scores[name].values()) for name in (self._own(figure).name, parent.name))
        detail = f"{ours:.2f} against {theirs:.2f} of {worst.baseline}: {worst.gained} gained, {worst.lost} lost"
        if worst.p_value is not None:
            detail += f", p = {worst.p_value:.2g}"
        return Result(metric, worst.difference, worst.low, worst.high, n=worst.n, detail=detail)


def _main(entry: Asked) -> Metric:
    """What a benchmark scores by in the first place."""
    assert entry.task is not None
    return entry.task.metrics[0]


def _benchmark(asked: Subject, name: str, entry: Asked, metric: Metric) -> list[Score]:
    assert entry.task is not None
    if entry.sampling is None:
        answers: list[object] = [*option_loglikelihoods(entry.samples, asked.choices)]
    else:
        answers = [*asked.generate([sample.prompt for sample in entry.samples], sampling=entry.sampling)]
    main, scores = _main(entry).name, []
    for sample, answer in zip(entry.samples, answers, strict=True):
        every = entry.task.score(sample, answer)  # type: ignore[arg-type]  # of the kind that it asked for
        scores += [
            Score(f"{name}/{sample.id}", metric.name, found.value, found.reason)
            for found in every
            if found.metric == main
        ]
    return scores


def _parents(own: Metric, candidate: Results) -> list[Metric]:
    """The parents' own scores beside the candidate's, by name."""
    found = [metric for metric in candidate.metrics.values() if metric.parent == own.name and metric.is_slice]
    return sorted(found, key=lambda metric: metric.name)
