"""A model that answers from a function: for tests, examples and dry runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Recited, Rendered, Sampling, TextDrift

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

    def drift(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[TextDrift]:
        """The function's likelihood of each text; the divergence is the change of it, for a fake predicts nothing."""
        self.asked += len(texts)
        found = []
        for text in texts:
            base, asked = (self._likelihood(Prompt.raw(""), text, each) for each in (None, adapter))
            found.append(TextDrift(-asked, abs(base - asked), len(text.split())))
        return found

    def recite(
        self, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int, adapter: Adapter | None = None
    ) -> list[Recited | None]:
        """The words of the function's answer to the first `context` words of each row, numbered as they appear."""
        self.asked += len(rows)
        numbers: dict[str, int] = {}
        found: list[Recited | None] = []
        for prompt, answer in rows:
            words = f"{prompt.shown} {answer}".split()
            if len(words) < context + length:
                found.append(None)
                continue
            said = self._answer(Prompt.raw(" ".join(words[:context])), adapter)
            ids = [
                tuple(numbers.setdefault(word, len(numbers)) for word in some)
                for some in (said.split()[:length], words[context : context + length])
            ]
            found.append(Recited(ids[0], ids[1], said))
        return found

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
