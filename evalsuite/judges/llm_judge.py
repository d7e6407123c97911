"""A language model as judge: asked blind, in JSON, once more where the answer cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

from pydantic import Field, model_validator

from evalsuite.judges.delimiters import code_for, set_off
from evalsuite.judges.reply import PREFERENCE, Read, expected_scores, read_reply
from evalsuite.models.backends.endpoint import EndpointBackend
from evalsuite.plugins import Ask
from evalsuite.records import Choice, Chosen, Completion, Item, Judgment, Pair, Prompt, Sampling, Usage, majority
from evalsuite.spec.document import Name
from evalsuite.spec.judging import AskOf, JudgeDocument, JudgePrompt, ResolvedJudge, Workload, fill
from evalsuite.spec.models import Endpoint
from evalsuite.spec.rubric import Criterion, Rubric

# Raised when a judge is asked in another way, so that what was judged before is judged again.
VERSION = 1

_CHARACTERS_PER_TOKEN = 4

# Far apart, so that no repeat and no second attempt shares a seed with a first one.
_REPEAT, _AGAIN = 1_000, 1_000_000

_Prompts = Callable[[int, int], Prompt]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of one sample of one item, with what all its attempts took."""

    read: Read
    completion: Completion
    usage: Usage


class AskedJudge(JudgeDocument):
    """What all judges that are language models have: how they are asked, and what that takes."""

    prompt: Annotated[Name, Field(description="judges/prompts/NAME.md")] = "default"
    temperature: Annotated[float, Field(ge=0)] = 0.0
    samples: Annotated[int, Field(ge=1, le=100, description="judgments per item, averaged before anything else")] = 1
    max_tokens: Annotated[int, Field(ge=16)] = 1024
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    top_logprobs: Annotated[
        int,
        Field(
            ge=0, le=20, description="weigh a grade's alternatives by their probability, where the server tells them"
        ),
    ] = 0

    @model_validator(mode="after")
    def _differs(self) -> AskedJudge:
        if self.samples > 1 and self.temperature == 0:
            raise ValueError(
                "asks for several samples at temperature 0, which are all alike; raise one, lower the other"
            )
        return self

    @property
    def prompt_name(self) -> str:
        """The prompt that it is asked with."""
        return self.prompt

    def _how_asked(self, its: ResolvedJudge) -> Mapping[str, Any]:
        """How it is asked, for digests; whoever answers is to be added."""
        assert its.prompt is not None
        how = self.model_dump(include={"temperature", "samples", "max_tokens", "seed", "top_logprobs"})
        return {"version": VERSION, **how, "grade": its.prompt.grade, "prefer": its.prompt.prefer}

    def money(self, prompt_tokens: int, completion_tokens: int) -> float:
        """The price of so many tokens; a model of one's own has none."""
        return 0.0

    def cost(self, its: ResolvedJudge, work: Workload) -> Usage:
        """Each call once for each sample, with prompt, rubric and texts to read."""
        assert its.prompt is not None
        criteria = work.rubric.criteria
        words = sum(len(criterion.description) + sum(map(len, criterion.anchors.values())) for criterion in criteria)
        characters = work.characters + work.calls * (words + len(its.prompt.grade))
        read = characters // _CHARACTERS_PER_TOKEN * self.samples
        written = work.calls * min(work.said, self.max_tokens) * self.samples
        return Usage(work.calls * self.samples, read, written, self.money(read, written))

    def grader(self, its: ResolvedJudge, rubric: Rubric, *, ask_of: AskOf, repeat: int) -> LLMJudge:
        """The model, asked through its prompt."""
        assert its.prompt is not None
        return LLMJudge(ask_of(its), self, its.prompt, rubric, repeat)


class ServedJudge(Endpoint, AskedJudge):
    """What judges behind a server have."""

    @property
    def base_model(self) -> EndpointBackend:
        """Where the model is served, as a spec would name it."""
        return EndpointBackend(**self.model_dump(include=set(Endpoint.model_fields)))

    def identity_of(self, its: ResolvedJudge) -> Mapping[str, Any]:
        """How it is asked, and the server with its model."""
        return {**self._how_asked(its), "endpoint": list(self.identity)}


@dataclass(frozen=True)
class LLMJudge:
    """A model that judges by a rubric; `repeat` asks the same anew, for judges that are measured."""

    ask: Ask
    judge: AskedJudge
    prompt: JudgePrompt
    rubric: Rubric
    repeat: int = 0

    def grade(self, items: Sequence[Item]) -> list[Judgment]:
        """Each criterion's mean score over the samples, weighed by probability where the server tells it."""
        answers = self._asked(partial(self._grading, items), len(items), self.rubric.reply_schema())
        return [self._judgment(of) for of in answers]

    def prefer(self, pairs: Sequence[Pair]) -> list[Chosen]:
        """What most samples choose."""
        answers = self._asked(partial(self._preferring, pairs), len(pairs), PREFERENCE)
        return [_chosen(of) for of in answers]

    def _asked(self, prompts: _Prompts, count: int, schema: Mapping[str, Any]) -> list[list[_Answer]]:
        sampled = [self._sample(prompts, count, schema, number) for number in range(self.judge.samples)]
        return [[answers[index] for answers in sampled] for index in range(count)]

    def _sample(self, prompts: _Prompts, count: int, schema: Mapping[str, Any], number: int) -> list[_Answer]:
        """One answer for each item; those that cannot be used are asked again once, with more room."""
        sampling = Sampling(
            max_tokens=self.judge.max_tokens,
            temperature=self.judge.temperature,
            seed=self.judge.seed + number + _REPEAT * self.repeat,
            response_schema=json.dumps(schema, sort_keys=True),
            top_logprobs=self.judge.top_logprobs,
        )
        completions = self.ask([prompts(index, 0) for index in range(count)], sampling)
        answers = [self._answer(completion, schema) for completion in completions]
        unused = [index for index, answer in enumerate(answers) if answer.read.value is None]
        if unused:
            # Another seed and other marks: neither the reply cache nor a greedy model gives the same answer again.
            anew = replace(sampling, seed=sampling.seed + _AGAIN, max_tokens=2 * sampling.max_tokens)
            completions = self.ask([prompts(index, 1) for index in unused], anew)
            for index, completion in zip(unused, completions, strict=True):
                second = self._answer(completion, schema)
                answers[index] = replace(second, usage=answers[index].usage + second.usage)
        return answers

    def _answer(self, completion: Completion, schema: Mapping[str, Any]) -> _Answer:
        money = self.judge.money(completion.prompt_tokens, completion.tokens)
        usage = Usage(1, completion.prompt_tokens, completion.tokens, money, cached=int(completion.cached))
        return _Answer(read_reply(completion, schema), completion, usage)

    def _judgment(self, answers: Sequence[_Answer]) -> Judgment:
        usage = sum((answer.usage for answer in answers), Usage())
        scored = [self._scores(answer) for answer in answers if answer.read.value is not None]
        if not scored:
            return Judgment(None, answers[-1].read.reason, usage)
        return Judgment(self.rubric.means(scored), usage=usage)

    def _scores(self, answer: _Answer) -> dict[str, float]:
        assert answer.read.value is not None
        said = {criterion.name: float(answer.read.value[criterion.name]["score"]) for criterion in self.rubric.criteria}
        return said | (expected_scores(answer.completion, self.rubric) if answer.completion.chances else {})

    def _grading(self, items: Sequence[Item], index: int, attempt: int) -> Prompt:
        item = items[index]
        code = code_for((item.question, item.reply), salt=f"grade {attempt}")
        return Prompt.user(
            fill(
                self.prompt.grade,
                rubric=in_words(self.rubric),
                question=set_off("question", item.question, code=code),
                reply=set_off("reply", item.reply, code=code),
                form=_form(self.rubric),
            )
        )

    def _preferring(self, pairs: Sequence[Pair], index: int, attempt: int) -> Prompt:
        pair = pairs[index]
        code = code_for((pair.question, pair.first, pair.second), salt=f"prefer {attempt}")
        return Prompt.user(
            fill(
                self.prompt.prefer,
                rubric=in_words(self.rubric),
                question=set_off("question", pair.question, code=code),
                first=set_off("first reply", pair.first, code=code),
                second=set_off("second reply", pair.second, code=code),
                form='Answer with this JSON object and nothing else: {"reason": "...", "better": "first|second|tie"}',
            )
        )


def in_words(rubric: Rubric) -> str:
    """The rubric as a judge reads it: each criterion with its scale, its weight and its anchors."""
    return "\n\n".join(_criterion(criterion) for criterion in rubric.criteria)


def _criterion(criterion: Criterion) -> str:
    low, high = criterion.scale
    head = f"{criterion.name} (whole score from {low} to {high}, weight {criterion.weight:g}): {criterion.description}"
    anchors = [f"  {score}: {criterion.anchors[score]}" for score in sorted(criterion.anchors, key=int)]
    return "\n".join([head, *anchors])


def _form(rubric: Rubric) -> str:
    criteria = ", ".join(f'"{criterion.name}": {{"reason": "...", "score": N}}' for criterion in rubric.criteria)
    return f"Answer with this JSON object and nothing else: {{{criteria}}}"


def _chosen(answers: Sequence[_Answer]) -> Chosen:
    usage = sum((answer.usage for answer in answers), Usage())
    said: list[Choice] = [answer.read.value["better"] for answer in answers if answer.read.value is not None]
    return Chosen(majority(said), usage=usage) if said else Chosen(None, answers[-1].read.reason, usage)
