"""Drift: is general text still as likely, and how far are the predictions from the base's?

Data: rows with a `text` (JSONL, or the paragraphs of a .txt). The loss is summed over all tokens of all texts and
divided once. Worked example: token losses 2.1, 0.4, 1.3, 3.0 and 0.2 give 1.4 nats a token and a perplexity of 4.06.
The divergence is KL(base || candidate), in this direction: what the candidate loses of what the base expects.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, log
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.data.prompts import read_texts
from evalsuite.evaluate.asked import effort, outcome
from evalsuite.plugins import Effort, Material, Subject
from evalsuite.records import Outcome, Reply, Result, Results, Score, TextDrift
from evalsuite.spec.document import Document, Name

# exp(700) is the largest power of e that a float holds.
_LARGEST = 700.0


class DriftProbe(Document):
    """Loss, perplexity and bits per byte on general text, and the divergence from the base's predictions."""

    version: ClassVar[int] = 1
    asks_reference: ClassVar[bool] = True
    probe: Literal["drift"]
    name: Name = "drift"
    data: Annotated[str, Field(min_length=1, description="rows with a `text`, of a kind not trained on")]
    limit: Annotated[int | None, Field(ge=1, description="the first so many texts")] = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """Nats per token, perplexity, bits per byte (comparable across tokenisers), nats per token of divergence."""
        return tuple(f"{self.name}.{figure}" for figure in ("nll", "perplexity", "bits_per_byte", "kl"))

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
        measured = outcome(told, scores, [])
        tokens = sum(drift.tokens for drift in found)
        return replace(measured, results=self._results(measured.results, tokens, alone=material.alone))

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """Nothing more: the differences are paired by text, as for every score."""
        return Outcome()

    def _texts(self, data: Path | None) -> list[tuple[str, str]]:
        assert data is not None
        return list(read_texts(data))[: self.limit]

    def _scores(self, text: str, size: int, drift: TextDrift, *, alone: str | None) -> list[Score]:
        nll, kl = (total / drift.tokens for total in (drift.nll, drift.kl))
        weight = float(drift.tokens)
        scores = [
            Score(text, f"{self.name}.nll", nll, weight=weight),
            # A model that is read alone diverges from nobody; its 0 would say that nothing changed.
            Score(text, f"{self.name}.kl", None if alone else kl, alone, weight=weight),
        ]
        return [*scores, Score(text, f"{self.name}.bits_per_byte", drift.nll / log(2) / size, weight=float(size))]

    def _results(self, results: tuple[Result, ...], tokens: int, *, alone: str | None) -> tuple[Result, ...]:
        found = {result.metric.rpartition(".")[2]: _positive(result) for result in results if result.value is not None}
        loss = replace(found["nll"], detail=f"nats a token, over {tokens:,} tokens")
        ends = [None if end is None else exp(min(end, _LARGEST)) for end in (loss.value, loss.low, loss.high)]
        perplexity = Result(f"{self.name}.perplexity", ends[0], ends[1], ends[2], n=loss.n, detail="exp of the loss")
        if alone is not None:
            divergence = Result(f"{self.name}.kl", None, None, None, 0, reason=alone)
        else:
            divergence = replace(found["kl"], detail="KL(base || this model), nats a token, over the whole vocabulary")
        return loss, perplexity, replace(found["bits_per_byte"], detail="comparable across tokenisers"), divergence


def _positive(result: Result) -> Result:
    """The result with an interval that does not go below 0, and no width where nothing differs from the base at all."""
    if not result.value:
        return replace(result, low=0.0, high=0.0)
    return replace(result, low=max(0.0, result.low or 0.0))
