"""Tasks of lm-evaluation-harness: its prompts, filters and metrics, our scorer, cache and adapters.

Each item's figures are kept like a native benchmark's. Figures that the harness has only for all items together (a
corpus BLEU, say) are kept as its result and its standard error.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalsuite.errors import EvalsuiteError, ModelError
from evalsuite.evaluate.aggregate import Measured, aggregate, by_metric, by_subject
from evalsuite.evaluate.harness_model import lm
from evalsuite.models import Model
from evalsuite.records import Adapter, Direction, Metric, Outcome, Prompt, Reply, Result, Sample, Score, joined
from evalsuite.spec.suite import HarnessTasks

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
