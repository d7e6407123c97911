"""Drift: is general text still as likely, and how far are the predictions from the base's?

Data: rows with a `text` (JSONL, or the paragraphs of a .txt). The loss is summed over all tokens of all texts and
divided once. Worked example: token losses 2.1, 0.4, 1.3, 3.0 and 0.2 give 1.4 nats a token and a perplexity of 4.06.
The divergence is KL(base || candidate), in this direction: what the candidate loses of what the base expects.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, log
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from evalsuite.data.evaluation.prompts import read_texts
from evalsuite.evaluate.scoring.aggregate import effort, outcome
from evalsuite.plugins import Material, Subject
from evalsuite.records import Effort, Metric, Outcome, Reply, Result, Results, Score, TextDrift, Wants
from evalsuite.spec.document import Name
from evalsuite.spec.options import AskingOptions

# exp(700) is the largest power of e that a float holds.
_LARGEST = 700.0

_NATS: dict[str, Any] = {"direction": "lower", "high": None, "unit": "nats", "place": "detail"}
_LOSS = Metric("nll", **_NATS, about="The negative log-likelihood per token of general text.")
_PERPLEXITY = Metric("perplexity", **{**_NATS, "low": 1.0, "unit": "perplexity"}, about="exp of the loss per token.")
_BITS = Metric("bits_per_byte", **{**_NATS, "unit": "bits"}, about="The loss per byte, comparable across tokenisers.")
_DIVERGENCE = Metric(
    "kl", **_NATS, about="KL(base || this model) per token: how far its predictions are from the base's."
)


class DriftProbe(AskingOptions):
    """Loss, perplexity and bits per byte on general text, and the divergence from the base's predictions."""

    version: ClassVar[int] = 1
    probe: Literal["drift"]
    name: Name = "drift"
    data: Annotated[str, Field(min_length=1, description="rows with a `text`, of a kind not trained on")]
    limit: Annotated[int | None, Field(ge=1, description="the first so many texts")] = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Loss, perplexity and bits per byte on general text, and the divergence; of all less is better."""
        return tuple(metric.of(self.name) for metric in (_LOSS, _PERPLEXITY, _BITS, _DIVERGENCE))

    @property
    def wants(self) -> Wants:
        """Its texts, and the reference's predictions beside the candidate's."""
        return Wants(data=self.data, asks_reference=True)

    def effort(self, material: Material) -> Effort:
        """Each text once, by base and subject."""
        return effort([text for _, text in self._texts(material.data)], times=1)

    def ask(self, subject: Subject, material: Material) -> Outcome:
        """The figures of each text, weighted by its tokens or bytes."""
        texts = self._texts(material.data)
        found = subject.drift([text for _, text in texts])
        scores = [
            score
            for (name, text), drift in zip(texts, found, strict=True)
            for score in self._scores(name, len(text.encode("utf-8")), drift, alone=material.alone)
        ]
        told = [
            Reply(name, text, "", "", note=f"{drift.nll:.2f} nats over {drift.tokens} tokens")
            for (name, text), drift in zip(texts, found, strict=True)
        ]
        measured, tokens = outcome(self, told, scores), sum(drift.tokens for drift in found)
        results = self._results(measured.results, tokens, alone=material.alone)
        return replace(measured, results=results).declaring(self.metrics)

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """Nothing more: the differences are paired by text, as for every score."""
        return Outcome()

    def _texts(self, data: Path | None) -> list[tuple[str, str]]:
        assert data is not None
        return list(read_texts(data))[: self.limit]

    def _scores(self, text: str, size: int, drift: TextDrift, *, alone: str | None) -> list[Score]:
        loss, _, bits, divergence = (metric.name for metric in self.metrics)
        # A model that is read alone diverges from nobody; its 0 would say that nothing changed.
        kl = None if alone else max(0.0, drift.kl) / drift.tokens
        return [
            Score(text, loss, drift.nll / drift.tokens, weight=float(drift.tokens)),
            Score(text, divergence, kl, alone, weight=float(drift.tokens)),
            Score(text, bits, drift.nll / log(2) / size, weight=float(size)),
        ]

    def _results(self, results: tuple[Result, ...], tokens: int, *, alone: str | None) -> tuple[Result, ...]:
        found = {result.metric: _positive(result) for result in results if result.value is not None}
        names = [metric.name for metric in self.metrics]
        loss, bits = found[names[0]], found[names[2]]
        divergence = Result(names[3], None, None, None, 0, reason=alone)
        if alone is None:
            divergence = replace(
                found[names[3]], detail="KL(base || this model), nats a token, over the whole vocabulary"
            )
        ends = [None if end is None else exp(min(end, _LARGEST)) for end in (loss.value, loss.low, loss.high)]
        return (
            replace(loss, detail=f"nats a token, over {tokens:,} tokens"),
            Result(names[1], ends[0], ends[1], ends[2], n=loss.n, detail="exp of the loss"),
            replace(bits, detail="comparable across tokenisers"),
            divergence,
        )


def _positive(result: Result) -> Result:
    """The result with an interval that does not go below 0, and no width where nothing differs from the base at all."""
    if not result.value:
        return replace(result, low=0.0, high=0.0)
    return replace(result, low=max(0.0, result.low or 0.0))
