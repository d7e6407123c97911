"""A model that answers from a function: for tests, examples and dry runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Rendered, Sampling

Answer = Callable[[Prompt, Adapter | None], str]
Likelihood = Callable[[Prompt, str, Adapter | None], float]


class ScriptedModel:
    """Answers what `answer` returns; `asked` counts the prompts it was asked. A token is a word here.

    Without `likelihood`, the option that `answer` gives has log-likelihood -1 and every other one -10.
    """

    def __init__(self, answer: Answer, likelihood: Likelihood | None = None, *, digest: str = "scripted") -> None:
        self._answer = answer
        self._likelihood = likelihood or self._by_answer
        self._digest = digest
        self.asked = 0

    @property
    def digest(self) -> str:
        """The digest it was given."""
        return self._digest

    def generate(
        self, prompts: Sequence[Prompt], *, sampling: Sampling, adapter: Adapter | None = None
    ) -> list[Completion]:
        """The function's answers, cut at stop strings and at `max_tokens` words."""
        self.asked += len(prompts)
        return [_completion(prompt, self._answer(prompt, adapter), sampling) for prompt in prompts]

    def choices(
        self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]], *, adapter: Adapter | None = None
    ) -> list[tuple[LogLikelihood, ...]]:
        """The function's log-likelihood of every option."""
        self.asked += len(prompts)
        return [
            tuple(LogLikelihood(self._likelihood(prompt, text, adapter), len(text.split())) for text in texts)
            for prompt, texts in zip(prompts, options, strict=True)
        ]

    def loglikelihood(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[LogLikelihood]:
        """The function's log-likelihood of every text after an empty prompt."""
        return [
            found for (found,) in self.choices([Prompt.raw("")] * len(texts), [[t] for t in texts], adapter=adapter)
        ]

    def render(self, prompts: Sequence[Prompt], *, adapter: Adapter | None = None) -> list[Rendered]:
        """The prompts as a person reads them; a token is a word, its id its place."""
        words = [tuple(prompt.shown.split()) for prompt in prompts]
        return [Rendered(p.shown, tuple(range(len(w))), w) for p, w in zip(prompts, words, strict=True)]

    def _by_answer(self, prompt: Prompt, option: str, adapter: Adapter | None) -> float:
        return -1.0 if option.strip() == self._answer(prompt, adapter).strip() else -10.0


def _completion(prompt: Prompt, answer: str, sampling: Sampling) -> Completion:
    cuts = [place for place in (answer.find(stop) for stop in sampling.stop) if place >= 0]
    text = answer[: min(cuts)] if cuts else answer
    words = text.split()
    cost = len(prompt.shown.split())
    if len(words) > sampling.max_tokens:
        return Completion(" ".join(words[: sampling.max_tokens]), sampling.max_tokens, cost, "length")
    return Completion(text, len(words), cost, "stop")
