"""Samples of several adapters beside each other, a prompt as the model saw it, scores of training rows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles

from evalsuite.data.contamination import Contamination
from evalsuite.data.training.rows import ScoredFile
from evalsuite.errors import NotFound
from evalsuite.records import Metric, Outcome, Place, by_name, metric_of
from evalsuite.report.tables import Table, figure
from evalsuite.store import Store, read
from evalsuite.store.board import measured_metrics
from evalsuite.store.read import AskedPrompt
from evalsuite.store.samples import ScoredAnswer, ScoredStep, scored_steps

AUTHOR = "the author"
_LONGEST = 20_000
_PLACES: tuple[Place, ...] = ("headline", "beside", "detail", "inner")


@dataclass(frozen=True)
class Side:
    """One of those compared: an adapter, the base model or the author, on one entry of the suite."""

    name: str
    digest: str


def metrics_of(store: Store, specs: Sequence[str]) -> dict[str, dict[str, tuple[Side, ...]]]:
    """For each entry that all the specs share: for each metric, the sides that have it: the specs, then the base.

    A metric that the specs were measured on differently is none that they share.
    """
    every = scored_steps(store, specs)
    of_first = [step for step in every if step.spec == every[0].spec]
    found: dict[str, dict[str, tuple[Side, ...]]] = {}
    metrics = by_name(read.metrics_of(store, [step.digest for step in every]))
    measured = {(one.step, one.metric): one.measurement.digest for one in measured_metrics(store)}
    for metric, entry in _metrics(every, metrics):
        steps = [step for spec in specs if (step := _step(every, metric, "candidate", spec=spec))]
        if len(steps) < len(specs) or len({measured.get((step.digest, metric)) for step in steps}) > 1:
            continue
        sides = [Side(step.spec, step.digest) for step in steps]
        others = [(f"({every[0].base_model})", "base"), (AUTHOR, "author")]
        sides += [Side(name, step.digest) for name, role in others if (step := _step(of_first, metric, role))]
        found.setdefault(entry, {})[metric] = tuple(sides)
    return found


def score_words(answer: ScoredAnswer) -> str:
    """What an answer scored, and whether judges disagreed about it."""
    words = ["unscored" if answer.value is None else f"{answer.value:.2f}"]
    if answer.apart:
        words.append(f"judges {answer.apart:.2f} apart")
    if answer.turned:
        words.append("the judge changed its choice with the order")
    return "   ·   ".join(words)


def text_diff(first: str, second: str) -> str:
    """The second text as it differs from the first, sentence by sentence.

    Lines that only the first has begin with `-`, those that only the second has with `+`. Long texts are cut.
    """
    ours, theirs = _sentences(first), _sentences(second)
    lines = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += [f"  {line}" for line in theirs[c:d]]
        else:
            lines += [f"- {line}" for line in ours[a:b]] + [f"+ {line}" for line in theirs[c:d]]
    return "\n".join(lines)


def _sentences(text: str) -> list[str]:
    return [part for line in text[:_LONGEST].splitlines() for part in re.split(r"(?<=[.!?…])\s+", line) if part.strip()]


def _metrics(steps: Sequence[ScoredStep], metrics: Mapping[str, Metric]) -> list[tuple[str, str]]:
    every = [(metric, step.entry) for step in steps if step.role == "candidate" for metric in step.metrics]
    # What is said of judges comes after what they say.
    return sorted(dict.fromkeys(every), key=lambda found: _PLACES.index(metric_of(metrics, found[0]).place))


def _step(steps: Sequence[ScoredStep], metric: str, role: str, *, spec: str | None = None) -> ScoredStep | None:
    fitting = (step for step in steps if step.role == role and metric in step.metrics)
    return next((step for step in fitting if spec in (None, step.spec)), None)


def prompt_of(entry: str, sample: str, store: Store) -> AskedPrompt:
    """The prompt of a sample as the latest step asked it; raises NotFound with the nearest that there is."""
    found = read.prompts_asked(store, entry, sample)
    if found:
        return found[0]
    known = read.samples_asked(store)
    if entry not in known:
        raise NotFound(f"no prompts of {entry!r} in {store.folder}; there are: {', '.join(known) or 'none'}")
    near = difflib.get_close_matches(sample, known[entry], 1) or known[entry][:5]
    raise NotFound(f"{entry!r} was not asked {sample!r}; its samples are like {', '.join(near)}")


def token_table(asked: AskedPrompt) -> Table:
    """Place, id and piece of each token."""
    prompt = asked.prompt
    rows = [
        (str(place), str(token), piece)
        for place, (token, piece) in enumerate(zip(prompt.tokens, prompt.pieces, strict=True))
    ]
    return Table(("place", "id", "piece"), tuple(rows))


def scores_table(found: ScoredFile) -> Table:
    """One row per score: how many rows have it, and its quartiles."""
    scores: dict[str, list[float]] = {
        "words": [float(score.words) for score in found.scores],
        "noise": [score.noise for score in found.scores if score.noise],
        "repeats": [score.likeness for score in found.scores if score.repeats is not None],
    }
    for its in found.difficulties or ():
        scores.setdefault("perplexity", []).append(its.perplexity)
        scores.setdefault("ifd (ratio of losses)", []).extend([] if its.loss_ratio is None else [its.loss_ratio])
        scores.setdefault("ifd (ratio of perplexities)", []).append(its.perplexity_ratio)
    rows = [(name, len(values), *_quartiles(values)) for name, values in scores.items()]
    if found.dropped:
        rows.append(("bad rows", found.dropped, None, None, None))
    return Table(("score", "rows", "25 %", "median", "75 %"), tuple(rows))


def _quartiles(values: list[float]) -> tuple[str | None, str | None, str | None]:
    if not values:
        return None, None, None
    low, middle, high = quantiles(values * 2 if len(values) < 2 else values, n=4, method="inclusive")
    return f"{low:.3g}", f"{middle:.3g}", f"{high:.3g}"


def contamination_table(found: Mapping[str, Contamination]) -> Table:
    """One row per spec and contaminated sample, with the training row that is closest to it."""
    rows = [
        (spec, item.entry, item.sample.id, item.overlap.kind, f"{item.overlap.share:.2f}", item.place)
        for spec, its in found.items()
        for item in its.found
    ]
    return Table(("spec", "entry", "sample", "overlap", "share", "training row"), tuple(rows))


def imported_table(outcomes: Mapping[str, Outcome]) -> Table:
    """Every figure of every system with its count, and what was dropped or is behind it."""
    rows = [
        (system, result.metric, figure(result), result.n, "; ".join(filter(None, (result.reason, result.detail))))
        for system, outcome in outcomes.items()
        for result in outcome.results
    ]
    return Table(("system", "metric", "value", "n", "note"), tuple(rows))
