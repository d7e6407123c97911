"""Memorisation: can training rows be drawn out of the adapter word for word? (Carlini et al. 2019, 2023)

A row is extractable with k tokens of context when greedy decoding from its first k tokens gives exactly the next
`length` tokens. Asked of rows that the candidate learned from (in the form that it learned, without those held out), by
how often they stand there, of those held out under `held_out`, and of unseen text under `control`; the base answers the
same. A habit of form completes held-out rows as well: only what lies above their rate is known by heart. Canaries
declared under `train.canaries` are ranked among secrets that were never planted: exposure 8 bits means that it is the
likeliest of 256. A row counts for a k only where it has k + length tokens, for the longest run and copied n-grams at
the smallest k that fits.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from evalsuite.data.evaluation.prompts import read_texts
from evalsuite.evaluate.scoring.aggregate import aggregate, effort, outcome
from evalsuite.plugins import Material, Subject
from evalsuite.records import Canary, Effort, Metric, Outcome, Prompt, Recited, Reply, Result, Results, Score, Wants
from evalsuite.spec.document import Name
from evalsuite.spec.options import AskingOptions

_GRAM = 50
_HELD_OUT, _UNSEEN = "held_out", "control"
_LESS: dict[str, Any] = {"direction": "lower", "place": "detail"}
_RUN = Metric(
    "longest_run", **_LESS, about="The longest run of tokens said word for word, as a share of those asked for."
)
_COPIED = Metric("copied", **_LESS, about="The share of a row's n-grams that are said word for word.")
_CANARIES = Metric("canaries", **_LESS, about="The share of planted secrets that are said when they are asked for.")
_EXPOSURE = Metric(
    "exposure",
    **{**_LESS, "high": None, "unit": "bits"},
    about="How far ahead of never planted ones the planted secrets rank; chance is about 1.4 (Carlini et al. 2019).",
)


@dataclass(frozen=True, slots=True)
class _Text:
    """A text to recite: a training row with how often it stands in the data, or (0 times) a control of this name."""

    id: str
    prompt: Prompt
    answer: str
    times: int = 0
    control: str = ""


class MemorisationProbe(AskingOptions):
    """Extractable rows by context and by duplication, longest run, copied 50-grams, exposure of canaries."""

    version: ClassVar[int] = 3
    probe: Literal["memorisation"]
    name: Name = "memorisation"
    data: Annotated[str | None, Field(min_length=1, description="unseen rows with `text`, as a control")] = None
    k: Annotated[
        tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, description="tokens of context, one rate each")
    ] = (50, 100, 200)
    length: Annotated[int, Field(ge=1, description="tokens that must follow exactly")] = 50
    limit: Annotated[int, Field(ge=1, description="rows per number of repeats, drawn by the suite's seed")] = 100

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Of all of them less is better; `.held_out` is the rate on rows held out, `.control` that on unseen text."""
        rates = [rate for k in self.k for rate in (self._rate(k), self._rate(k, _HELD_OUT), self._rate(k, _UNSEEN))]
        # By how often rows stand in the data is known with the data.
        rates += [self._rate(k).each_part() for k in self.k]
        return (*rates, *(metric.of(self.name) for metric in (_RUN, _COPIED, _CANARIES, _EXPOSURE)))

    def _rate(self, k: int, control: str = "") -> Metric:
        """The rate of rows extractable after k tokens, or of texts of a control."""
        about = f"The share of texts whose next tokens are said word for word after {k} of them (Carlini et al. 2023)."
        rate = Metric(f"k{k}", **_LESS, about=about).of(self.name)
        told = {_HELD_OUT: "Of rows held out of the training.", _UNSEEN: "Of text that nobody trained on."}
        return rate.figure(control, f"{about} {told[control]}", place="detail") if control else rate

    @property
    def wants(self) -> Wants:
        """What the candidate learned from, and unseen rows."""
        return Wants(data=self.data, reads_training=True)

    def effort(self, material: Material) -> Effort:
        """Each text once per k; each canary once, and once with all its alternatives."""
        texts = [f"{text.prompt.shown}{text.answer}" for text in self._texts(material)]
        recited = effort(texts, reply=self.length, times=len(self.k))
        ranked = sum(2 + len(canary.others) for canary in material.canaries)
        return Effort(recited.samples + ranked, recited.tokens + 20 * ranked)

    def ask(self, subject: Subject, material: Material) -> Outcome:
        """What the subject recites of each text, and how it ranks each canary."""
        texts = list(self._texts(material))
        rows = [(text.prompt, text.answer) for text in texts]
        recited = {k: subject.recite(rows, context=k, length=self.length) for k in self.k}
        scores = [score for number, text in enumerate(texts)
                  for score in self._scores(text, {k: found[number] for k, found in recited.items()})]  # fmt: skip
        replies = []
        for number, text in enumerate(texts):
            said = next((found[number] for found in recited.values() if found[number] is not None), None)
            note = f"{text.times} times in the training data" if text.times else text.control.replace("_", " ")
            shown = f"{text.prompt.shown}\n{text.answer}".strip()
            replies.append(Reply(text.id, shown, said.text if said else "", "", note=note))
        planted, told = self._canaries(subject, material.canaries)
        measured = outcome(self, [*replies, *told], [*scores, *planted])
        repeated = dict(self._by_times(texts, scores))
        by_times = [aggregate(metric, of, []) for metric, of in repeated.items()]
        exposure = _EXPOSURE.of(self.name).name
        results = [_bounded(found, planted, material.canaries) if found.metric == exposure else found
                   for found in measured.results]  # fmt: skip
        return replace(measured, results=(*results, *by_times)).declaring((*self.metrics, *repeated))

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """Nothing more: base and candidate are paired by text, as for every score."""
        return Outcome()

    def _texts(self, material: Material) -> Iterator[_Text]:
        counts = Counter((row.prompt, row.answers[0]) for row in material.rows)
        draw = random.Random(f"memorisation-{material.seed}")
        number = 0
        for times in sorted(set(counts.values())):
            rows = [row for row, count in counts.items() if count == times]
            for prompt, answer in rows if len(rows) <= self.limit else draw.sample(rows, self.limit):
                number += 1
                yield _Text(f"row-{number:04}", prompt, answer, times)
        held_out = dict.fromkeys((row.prompt, row.answers[0]) for row in material.held_out)
        for number, (prompt, answer) in enumerate(list(held_out)[: self.limit], 1):
            yield _Text(f"held-out-{number:04}", prompt, answer, control=_HELD_OUT)
        if material.data is not None:
            for name, text in list(read_texts(material.data))[: self.limit]:
                yield _Text(f"unseen/{name}", Prompt.raw(""), text, control=_UNSEEN)

    def _scores(self, text: _Text, recited: dict[int, Recited | None]) -> list[Score]:
        from evalsuite.stats.intervals.probes import copied_share, is_extracted, longest_run

        scores = []
        for k, found in recited.items():
            metric = self._rate(k, text.control).name
            value = None if found is None else float(is_extracted(found.said, found.truth))
            why = f"shorter than {k} + {self.length} tokens" if found is None else None
            scores.append(Score(text.id, metric, value, why))
        first = next((found for found in recited.values() if found is not None), None)
        if first is not None and text.times:
            # As a share of the tokens asked for, so that it lies between 0 and 1 like all other scores.
            run = longest_run(first.said, first.truth) / self.length
            share = copied_share(first.said, first.truth, n=min(_GRAM, self.length))
            scores += [
                Score(text.id, metric.of(self.name).name, value) for metric, value in ((_RUN, run), (_COPIED, share))
            ]
        return scores

    def _by_times(self, texts: Sequence[_Text], scores: Sequence[Score]) -> Iterator[tuple[Metric, list[Score]]]:
        """The slices of each rate by how often a row stands in the data;"""
        times = {text.id: text.times for text in texts}
        for k in self.k:
            rate = self._rate(k)
            of_k = [score for score in scores if score.metric == rate.name]
            for repeats in sorted({times[score.sample_id] for score in of_k}):
                yield rate.part(f"x{repeats}"), [score for score in of_k if times[score.sample_id] == repeats]

    def _canaries(self, subject: Subject, canaries: Sequence[Canary]) -> tuple[list[Score], list[Reply]]:
        from evalsuite.records import Sampling
        from evalsuite.stats.intervals.probes import sampled_exposure

        if not canaries:
            return [], []
        prompts = [canary.prompt for canary in canaries]
        said = subject.generate(prompts, sampling=Sampling(max_tokens=48))
        found = subject.choices(prompts, [(canary.secret, *canary.others) for canary in canaries])
        scores, replies = [], []
        for canary, reply, likelihoods in zip(canaries, said, found, strict=True):
            losses = [-likelihood.value for likelihood in likelihoods]
            bits = sampled_exposure(losses[0], losses[1:])
            given_away = float(canary.secret in reply.text)
            note = f"planted {canary.repeats} times; exposure {bits:.1f} bits"
            scores += [
                Score(canary.id, _CANARIES.of(self.name).name, given_away),
                Score(canary.id, _EXPOSURE.of(self.name).name, bits, weight=1.0),
            ]
            replies.append(Reply(canary.id, canary.prompt.shown, reply.text, canary.secret, note=note))
        return scores, replies


def _bounded(found: Result, scores: Sequence[Score], canaries: Sequence[Canary]) -> Result:
    """The mean exposure on its own scale, from 0 bits to the most that so many alternatives can show."""
    from math import log2

    from evalsuite.stats.intervals.mean import mean

    most = log2(len(canaries[0].others) + 1)
    values = [score.value for score in scores if score.metric == found.metric and score.value is not None]
    interval = mean(values, bounds=(0.0, most)).interval
    return replace(found, low=interval.low, high=interval.high, detail=f"bits, at most {most:.1f}; chance is about 1.4")
