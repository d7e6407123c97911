"""Format: do replies have the form that was asked, keep the question's language, and come to an end?

`of` looks at the replies to entries of the suite, which are generated once for all; `forms` says what form those
should have. `data` adds prompts of its own, one per line::

    {"id": "json-1", "prompt": "Reply with a JSON object with the key \"city\".", "form": "json"}

Forms: json, schema (with a JSON Schema under `schema`), markdown, list, number, brief (at most six words), sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from evalsuite.data.evaluation.prompts import ProbePrompt, read_prompts
from evalsuite.evaluate.scoring.aggregate import effort, outcome, reply_to
from evalsuite.evaluate.scoring.format_checks import has_form, keeps_language, repeats_itself
from evalsuite.plugins import Material, Subject
from evalsuite.records import Completion, Effort, Metric, Outcome, Results, Sampling, Score, Wants, by_name
from evalsuite.spec.document import Name
from evalsuite.spec.options import AskingOptions

Form = Literal["json", "markdown", "list", "number", "brief", "sentence"]
_BY_FORM = ("json", "schema", "markdown")


def _figures() -> tuple[Metric, ...]:
    sound = Metric("sound", place="detail", about="The share of replies without any defect of form, language or end.")
    form = Metric("form", place="detail", about="The share of replies in the form that was asked for.", parent="sound")
    defects = {
        "repetition": "The share of replies that say the same again and again.",
        "empty": "The share of replies without any text.",
        "cut_off": "The share of replies that did not come to an end.",
    }
    return (
        sound,
        form,
        # Each form is a slice of `form`, under a name of its own.
        *(replace(form.part(name), name=name) for name in _BY_FORM),
        replace(form, name="language", about="The share of replies in the language of their question."),
        *(replace(form, name=name, direction="lower", about=about) for name, about in defects.items()),
    )


_FIGURES = by_name(_figures())


class FormatProbe(AskingOptions):
    """The share of replies in the right form, in the right language, and without the usual signs of damage."""

    version: ClassVar[int] = 1
    probe: Literal["format"]
    name: Name = "format"
    of: Annotated[tuple[Name, ...], Field(description="entries of the suite whose replies are looked at")] = ()
    forms: Annotated[
        dict[Name, Form], Field(default_factory=dict, description="entry -> the form that its replies should have")
    ]
    data: Annotated[str | None, Field(min_length=1, description="prompts of its own")] = None
    max_tokens: Annotated[int, Field(ge=1, description="for prompts of its own")] = 128

    @model_validator(mode="after")
    def _something_to_look_at(self) -> Self:
        if not self.of and self.data is None:
            raise ValueError("has neither `of` nor `data`; name entries of the suite, or a file with prompts")
        for entry in self.forms:
            if entry not in self.of:
                raise ValueError(f"`forms` names {entry!r}, which is not under `of`")
        return self

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """`sound` is the share without any defect; of repetition, empty and cut_off less is better."""
        return tuple(metric.of(self.name) for metric in _FIGURES.values())

    @property
    def wants(self) -> Wants:
        """Entries that yield a generated reply, and prompts of its own."""
        return Wants(data=self.data, of=self.of, looks_at="replies")

    def effort(self, material: Material) -> Effort:
        """One reply per prompt; those of entries are shared with these entries."""
        found = [effort([item.sample.prompt.shown for item in prompts], reply=sampling.max_tokens)
                 for prompts, sampling in self._asked(material)]  # fmt: skip
        return Effort(sum(part.samples for part in found), sum(part.tokens for part in found))

    def ask(self, subject: Subject, material: Material) -> Outcome:
        """The replies, and for each what is right and wrong with its form."""
        pairs: list[tuple[ProbePrompt, Completion]] = []
        for prompts, sampling in self._asked(material):
            found = subject.generate([item.sample.prompt for item in prompts], sampling=sampling)
            pairs += zip(prompts, found, strict=True)
        scores = [score for item, reply in pairs for score in self._scores(item, reply)]
        shown = [reply_to(item.sample, reply) for item, reply in pairs]
        return outcome(self, shown, scores, [item.sample for item, _ in pairs])

    def measure(self, base: Results, candidate: Results) -> Outcome:
        """Nothing more: the defects are paired by prompt, as for every score."""
        return Outcome()

    def _asked(self, material: Material) -> Iterator[tuple[list[ProbePrompt], Sampling]]:
        """Prompts with how they are asked; the very prompts and sampling of an entry, so that replies are shared."""
        for name in self.of:
            entry = material.entries[name]
            assert entry.sampling is not None
            samples = [replace(sample, id=f"{name}/{sample.id}") for sample in entry.samples]
            yield [ProbePrompt(sample, form=self.forms.get(name)) for sample in samples], entry.sampling
        if material.data is not None:
            own = [replace(item, sample=replace(item.sample, id=f"{self.name}/{item.sample.id}"))
                   for item in read_prompts(material.data)]  # fmt: skip
            yield own, Sampling(max_tokens=self.max_tokens, seed=material.seed)

    def _scores(self, item: ProbePrompt, reply: Completion) -> list[Score]:
        found: dict[str, bool] = {
            "repetition": repeats_itself(reply.text),
            "empty": not reply.text.strip(),
            "cut_off": reply.finish == "length",
        }
        sound = not any(found.values())
        if item.form is not None:
            found["form"] = has_form(reply.text, item.form, item.schema)
            found |= {item.form: found["form"]} if item.form in _BY_FORM else {}
            sound = sound and found["form"]
        language = keeps_language(item.sample.prompt.shown, reply.text)
        if language is not None:
            found["language"] = language
            sound = sound and language
        found = {"sound": sound, **found}
        named = {figure: metric.of(self.name).name for figure, metric in _FIGURES.items()}
        return [Score(item.sample.id, named[figure], float(value)) for figure, value in found.items()]
