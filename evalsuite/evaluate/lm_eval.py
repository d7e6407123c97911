"""Tasks of lm-evaluation-harness: its prompts, filters and metrics, our scorer, cache and adapters.

Each item's figures are kept like a native benchmark's. Figures that the harness has only for all items together (a
corpus BLEU, say) are kept as its result and its standard error.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalsuite.errors import EvalsuiteError, ModelError
from evalsuite.evaluate.scoring.aggregate import Measured, aggregate, by_metric, by_subject
from evalsuite.models.protocol import Model
from evalsuite.records import (
    Adapter,
    Direction,
    LogLikelihood,
    Message,
    Metric,
    Outcome,
    Prompt,
    Reply,
    Result,
    Sample,
    Sampling,
    Score,
    joined,
)
from evalsuite.spec.suite import HarnessTasks

Pair = tuple[str, str]

_MOST_TOKENS = 256
_LENGTHS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")


class HarnessAnswers:
    """Requests of the harness, answered by our scorer; `lm` joins it with the harness's own base class."""

    def __init__(self, model: Model, adapter: Adapter | None) -> None:
        super().__init__()
        self._model = model
        self._adapter = adapter
        self._chats: dict[str, Prompt] = {}

    def prompt(self, text: str) -> Prompt:
        """The conversation that was rendered to this text, or the text as it stands."""
        return self._chats.get(text) or Prompt.raw(text)

    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Log-likelihood of each continuation, and whether greedy decoding gives it."""
        pairs = [(str(request.args[0]), str(request.args[1])) for request in requests]
        found = self._weighed(pairs)
        alone = Counter(context for context, _ in dict.fromkeys(pairs))
        # Among options nobody asks what greedy decoding would say; it costs a generation.
        greedy = self._greedy({pair: found[pair].tokens for pair in pairs if alone[pair[0]] == 1})
        return [(found[pair].value, greedy.get(pair, False)) for pair in pairs]

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihood of each whole text."""
        texts = [str(request.args[0]) for request in requests]
        return [found.value for found in self._model.loglikelihood(texts, adapter=self._adapter)]

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """A reply to each prompt."""
        asked: dict[Sampling, list[int]] = defaultdict(list)
        times: Counter[tuple[str, str]] = Counter()
        for index, request in enumerate(requests):
            text, wanted = request.args[0], request.args[1]
            # The same prompt again is another draw; greedily drawn it is the same reply.
            asked[_sampling(wanted, seed=times[text, repr(wanted)])].append(index)
            times[text, repr(wanted)] += 1
        replies: dict[int, str] = {}
        for sampling, places in asked.items():
            prompts = [self.prompt(str(requests[place].args[0])) for place in places]
            completions = self._model.generate(prompts, sampling=sampling, adapter=self._adapter)
            replies.update({place: said.text for place, said in zip(places, completions, strict=True)})
        return [replies[index] for index in range(len(requests))]

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """The conversation as text, remembered so that it is asked as a conversation."""
        if not add_generation_prompt:
            raise ModelError("a task with a `gen_prefix` cannot be asked through a chat template here; leave one out")
        prompt = Prompt(messages=tuple(_message(turn) for turn in chat_history))
        (rendered,) = self._model.render([prompt], adapter=self._adapter)
        self._chats[rendered.text] = prompt
        return rendered.text

    @property
    def tokenizer_name(self) -> str:
        """The model's digest: the harness tells templates apart by it."""
        return self._model.digest

    def _weighed(self, pairs: Sequence[Pair]) -> dict[Pair, LogLikelihood]:
        """The log-likelihood of each pair; what follows one context is asked together."""
        texts: dict[str, dict[str, None]] = defaultdict(dict)
        for context, continuation in pairs:
            texts[context][continuation] = None
        contexts = [self.prompt(context) for context in texts]
        asked = self._model.choices(contexts, [list(of) for of in texts.values()], adapter=self._adapter)
        return {
            (context, text): found
            for (context, of), values in zip(texts.items(), asked, strict=True)
            for text, found in zip(of, values, strict=True)
        }

    def _greedy(self, tokens: Mapping[Pair, int]) -> dict[Pair, bool]:
        """Whether greedy decoding of as many tokens gives the continuation."""
        by_length: dict[int, list[Pair]] = defaultdict(list)
        for pair, length in tokens.items():
            by_length[length].append(pair)
        greedy: dict[Pair, bool] = {}
        for length, of in by_length.items():
            prompts = [self.prompt(context) for context, _ in of]
            said = self._model.generate(prompts, sampling=Sampling(max_tokens=length), adapter=self._adapter)
            greedy.update({pair: reply.text == pair[1] for pair, reply in zip(of, said, strict=True)})
        return greedy


def lm(model: Model, adapter: Adapter | None) -> Any:
    """The model, or its adapter, as an `lm_eval.api.model.LM`; raises EvalsuiteError when lm-eval is not installed."""
    try:
        from lm_eval.api.model import LM
    except ImportError:
        raise EvalsuiteError("lm-eval is not installed; run `pip install 'evalsuite[lm-eval]'`") from None
    return type(LM)("Asked", (HarnessAnswers, LM), {})(model, adapter)


def _message(turn: Mapping[str, str]) -> Message:
    role = turn["role"]
    if role not in ("system", "user", "assistant"):
        raise ModelError(f"a chat has the role {role!r}; system, user and assistant are known")
    return Message(role, turn["content"])  # type: ignore[arg-type]


def _sampling(wanted: Mapping[str, Any], *, seed: int) -> Sampling:
    until = wanted.get("until") or []
    length = next((int(wanted[name]) for name in _LENGTHS if wanted.get(name) is not None), _MOST_TOKENS)
    drawn = bool(wanted.get("do_sample", float(wanted.get("temperature") or 0.0) > 0))
    temperature = float(wanted.get("temperature") or 1.0) if drawn else 0.0
    stops = (until,) if isinstance(until, str) else tuple(str(text) for text in until if text)
    return Sampling(max_tokens=length, temperature=temperature, seed=seed if drawn else 0, stop=stops)


Logged = Mapping[str, Any]


def score(entry: str, options: HarnessTasks, folder: Path | None, *, model: Model, adapter: Adapter | None) -> Outcome:
    """Run one task or group; raises EvalsuiteError when lm-eval is not installed or the task cannot be run."""
    asked = lm(model, adapter)
    found = _run(entry, options, folder, asked)
    rows = [(task, row) for task, logged in found["samples"].items() for row in logged]
    several = len(found["samples"]) > 1
    samples = {_id(task, row, several): _sample(task, row, several) for task, row in rows}
    told = _Told(entry, _directions(found.get("higher_is_better") or {}))
    scored = [pair for task, row in rows for pair in _scores(told, _id(task, row, several), row)]
    declared = dict.fromkeys(metric for metric, _ in scored)
    every = by_metric((score for _, score in scored), declared, by=entry)
    whole = {metric: of for metric, of in every.items() if all(_is_share(score.value) for score in of)}
    kept = list(samples.values())
    measured = [
        pair
        for metric, of in whole.items()
        for pair in ((metric, aggregate(metric, of, kept)), *by_subject(metric, of, kept))
    ]
    measured += _together(told, found["results"], {metric.name for metric, _ in measured})
    prompts = [asked.prompt(sample.prompt.shown) for sample in kept]
    rendered = model.render(prompts, adapter=adapter)
    return Outcome(
        replies=tuple({_id(task, row, several): _reply(_id(task, row, several), row) for task, row in rows}.values()),
        scores=tuple(score for of in whole.values() for score in of),
        results=tuple(result for _, result in measured),
        rendered={sample.id: shown for sample, shown in zip(kept, rendered, strict=True)},
        metrics=tuple(metric for metric, _ in measured),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """A task's figures as the harness tells them: which way is better, by their names there."""

    entry: str
    directions: Mapping[str, Direction]

    def metric(self, name: str, way: str) -> Metric:
        """A figure by one of the task's filters, `none` being none."""
        by = "" if way in ("none", "") else f", by its filter {way}"
        direction = self.directions.get(name, "neither")
        about = f"{name} as lm-evaluation-harness computes it{by}."
        return Metric(joined(name, way if by else ""), direction=direction, about=about).of(self.entry)


def _directions(told: Mapping[str, Mapping[str, bool | None]]) -> dict[str, Direction]:
    """The direction of each metric as the tasks say it; neither where a group's do not agree, or say nothing."""
    said: dict[str, set[bool | None]] = {}
    for metrics in told.values():
        for name, higher in metrics.items():
            said.setdefault(name, set()).add(higher)
    ways: dict[bool | None, Direction] = {True: "higher", False: "lower"}
    return {name: ways.get(next(iter(of)), "neither") if len(of) == 1 else "neither" for name, of in said.items()}


def _run(entry: str, options: HarnessTasks, folder: Path | None, asked: Any) -> dict[str, Any]:
    try:
        from lm_eval import simple_evaluate
        from lm_eval.tasks import TaskManager
    except ImportError:
        raise EvalsuiteError(
            f"lm_eval task {entry!r}: lm-eval is not installed; run `pip install 'evalsuite[lm-eval]'`"
        ) from None
    try:
        with _quietly():
            manager = TaskManager(include_path=None if folder is None else str(folder))
            found: dict[str, Any] | None = simple_evaluate(
                model=asked, tasks=[entry], task_manager=manager, num_fewshot=options.num_fewshot, limit=options.limit,
                apply_chat_template=options.apply_chat_template, fewshot_as_multiturn=options.fewshot_as_multiturn,
                log_samples=True, bootstrap_iters=0,
            )  # fmt: skip
    except EvalsuiteError:
        raise
    except Exception as error:  # a task of anybody's making can fail in any way
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelError(f"lm_eval task {entry!r}: cannot be run ({first}); check its name and data") from error
    assert found is not None
    return found


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    logger = logging.getLogger("lm_eval")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(before)


def _id(task: str, row: Logged, several: bool) -> str:
    return f"{task}/{row['doc_id']}" if several else str(row["doc_id"])


def _sample(task: str, row: Logged, several: bool) -> Sample:
    prompt = Prompt.raw(str(_arguments(row)[0][0]))
    return Sample(_id(task, row, several), prompt, str(row["target"]), subject=task if several else None)


def _arguments(row: Logged) -> list[list[Any]]:
    """Each request's arguments; the harness logs them with names."""
    return (
        [list(of.values()) for of in row["arguments"].values()]
        if isinstance(row["arguments"], dict)
        else [list(of) for of in row["arguments"]]
    )


def _scores(told: _Told, sample: str, row: Logged) -> Iterator[tuple[Metric, Score]]:
    for name in row["metrics"]:
        value, metric = row[name], told.metric(name, row["filter"])
        if isinstance(value, bool | int | float) or hasattr(value, "item"):
            yield metric, Score(sample, metric.name, float(value))


def _is_share(value: float | None) -> bool:
    return value is not None and 0.0 <= value <= 1.0


def _reply(sample: str, row: Logged) -> Reply:
    arguments, replies = _arguments(row), row["filtered_resps"]
    prompt, target = str(arguments[0][0]), str(row["target"])
    if row["resps"] and isinstance(row["resps"][0][0], str):
        return Reply(sample, prompt, row["resps"][0][0], target)
    listed = "  ".join(f"{of[-1]!r} {_number(found)}" for of, found in zip(arguments, replies, strict=False))
    return Reply(sample, prompt, "", target, note=f"log-likelihoods: {listed}")


def _number(found: Any) -> str:
    value = found[0] if isinstance(found, Sequence) and not isinstance(found, str) else found
    return f"{float(value):.3f}"


def _together(told: _Told, results: Mapping[str, Mapping[str, Any]], known: set[str]) -> list[Measured]:
    """The figures of the harness that have no value per item, whose scale is not known."""
    found: list[Measured] = []
    for task, figures in results.items():
        for key, value in figures.items():
            # The harness's own keys: its name of the figure and the filter.
            name, _, way = key.partition(",")
            whole = replace(told.metric(name, way), low=None, high=None, unit="")
            metric = whole if task == told.entry else whole.part(task)
            if not way or name.endswith("_stderr") or metric.name in known or not isinstance(value, int | float):
                continue
            error = figures.get(f"{name}_stderr,{way}")
            low, high = (value - 1.96 * error, value + 1.96 * error) if isinstance(error, float) else (None, None)
            n = int(figures.get("sample_len", 0))
            found.append((metric, Result(metric.name, float(value), low, high, n=n, detail="by lm-eval")))
    return found
