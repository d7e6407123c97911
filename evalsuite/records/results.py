"""What was measured, and what judges say: replies, scores, aggregates with intervals, judgments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from evalsuite.records.asking import Rendered
from evalsuite.records.metrics import Metric, by_name, required

StepKind = Literal["train", "prove", "overlap", "score", "probe", "style", "pair", "compare", "decide"]
# The kinds of step that say something about a candidate.
MEASURED: tuple[StepKind, ...] = ("overlap", "score", "probe", "style", "pair", "compare")


@dataclass(frozen=True, slots=True)
class Adapter:
    """Trained weights on disk: a PEFT folder and the digest of what it holds."""

    name: str
    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What one model said to one sample, kept so that a person can read it, with the sample's group and subject."""

    sample_id: str
    prompt: str
    text: str
    target: str
    group: str | None = None
    note: str | None = None
    seconds: float | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A number for one sample; `value` is None with a `reason` where nothing could be scored.

    `weight` is what the sample counts in the metric's mean where that is a ratio of sums, such as loss per token; None
    where all samples count alike.
    """

    sample_id: str
    metric: str
    value: float | None
    reason: str | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """An aggregate over samples: value with its interval, how many counted, how many could not be scored."""

    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    unscored: int = 0
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A paired difference, candidate minus baseline, over the samples both have."""

    metric: str
    baseline: str
    difference: float
    low: float
    high: float
    p_value: float | None
    n: int
    gained: int | None = None
    lost: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls to language models with their tokens, and money in dollars.

    `cached` is how many of the calls the reply cache answered, so that nobody was asked or paid.
    """

    calls: int = 0
    prompt_tokens: int = 0
    tokens: int = 0
    money: float = 0.0
    cached: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.tokens + other.tokens,
            self.money + other.money,
            self.cached + other.cached,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that one step of scoring yields: replies, scores per sample, aggregates, paired differences.

    `rendered` has the prompts, by sample, as the model saw them; `judging` is what its judges take when nothing comes
    from the cache; `metrics` declares every metric of its results, scores and comparisons.
    """

    replies: tuple[Reply, ...] = ()
    scores: tuple[Score, ...] = ()
    results: tuple[Result, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    rendered: Mapping[str, Rendered] = field(default_factory=dict)
    judging: Usage = Usage()
    metrics: tuple[Metric, ...] = ()

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of all metrics that it has results, scores or comparisons of, each once."""
        every: tuple[Result | Score | Comparison, ...] = (*self.results, *self.scores, *self.comparisons)
        return tuple(dict.fromkeys(found.metric for found in every))

    def declaring(self, metrics: Iterable[Metric]) -> Outcome:
        """The same with the declarations of its figures that stand among these; what it says itself comes first."""
        needed = set(self.figures)
        told = {metric.name: metric for metric in metrics if metric.name in needed}
        return replace(self, metrics=tuple({**told, **by_name(self.metrics)}.values()))

    def check_declared(self, *, by: str) -> None:
        """Raise EvalsuiteError, naming the figure and who yields it, where one is not declared."""
        known = by_name(self.metrics)
        for name in self.figures:
            required(name, known, by=by)


@dataclass(frozen=True)
class Results:
    """The evidence about one subject: aggregates with what they are, and by metric and sample scores and more.

    `groups` has the cluster of a sample, `weights` what it counts, `slices` the slice that it belongs to. `name` is
    what people call the subject where that is not `subject`; `missing` says why there is no such subject. `apart` says
    how metrics were measured differently from a candidate's: of these it has neither results nor scores.
    """

    subject: str
    by_metric: Mapping[str, Result] = field(default_factory=dict)
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    slices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    name: str | None = None
    missing: str | None = None
    apart: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What sentences call the subject."""
        return self.name or self.subject

    def declared(self, name: str) -> Metric:
        """What a metric is; raises EvalsuiteError where nobody said it."""
        return required(name, self.metrics, by=self.subject)

    def without(self, apart: Mapping[str, str]) -> Results:
        """The same less what was measured differently, which `apart` tells."""
        by_metric = {name: its for name, its in self.by_metric.items() if name not in apart}
        scores = {name: its for name, its in self.scores.items() if name not in apart}
        return replace(self, by_metric=by_metric, scores=scores, apart=apart)

    def apart_on(self, entry: str) -> str | None:
        """How an entry was measured differently from a candidate's; None where it was not."""
        of_entry = {name for name, its in self.metrics.items() if its.entry == entry}
        return next((why for name, why in self.apart.items() if name in of_entry), None)


def results_of(subject: str, outcome: Outcome) -> Results:
    """An outcome as evidence: aggregates and scores by metric, unscored samples left out."""
    groups = {reply.sample_id: reply.group for reply in outcome.replies if reply.group is not None}
    slices = {reply.sample_id: reply.subject for reply in outcome.replies if reply.subject is not None}
    scores: dict[str, dict[str, float]] = {}
    weights: dict[str, dict[str, float]] = {}
    for score in outcome.scores:
        if score.value is not None:
            scores.setdefault(score.metric, {})[score.sample_id] = score.value
        if score.weight is not None:
            weights.setdefault(score.metric, {})[score.sample_id] = score.weight
    return Results(
        subject,
        {result.metric: result for result in outcome.results},
        scores,
        dict.fromkeys(scores, groups) if groups else {},
        weights,
        by_name(outcome.metrics),
        dict.fromkeys(scores, slices) if slices else {},
    )


def measured_alike(metric: str, ours: Results, theirs: Results, *, among: Iterable[str]) -> list[str]:
    """Those samples that were measured in one unit for both, sorted.

    A sample that weighs differently for the two, as one does in tokens of two tokenisers, was not.
    """
    mine, other = ours.weights.get(metric, {}), theirs.weights.get(metric, {})
    return sorted(key for key in among if mine.get(key) == other.get(key))


def clusters_of(groups: Mapping[str, str], sample_ids: Sequence[str]) -> list[str] | None:
    """The cluster of each sample, one without a group being its own; None when no two samples share a cluster."""
    clusters = [f"group {groups[key]}" if key in groups else f"sample {key}" for key in sample_ids]
    return clusters if len(set(clusters)) < len(clusters) else None


Choice = Literal["first", "second", "tie"]


@dataclass(frozen=True, slots=True)
class Item:
    """A reply to be graded; the reference answer is for checks by rule only, no language model sees it."""

    question: str
    reply: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two replies to one question in the order in which they are shown."""

    question: str
    first: str
    second: str

    @property
    def swapped(self) -> Pair:
        """The same two in the other order."""
        return Pair(self.question, self.second, self.first)


@dataclass(frozen=True, slots=True)
class Judgment:
    """The score of each criterion on its own scale, or the reason why there is none.

    `disagreement` is a panel's: the largest difference between its members' overall scores, 0 to 1.
    """

    scores: Mapping[str, float] | None
    reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    disagreement: float | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The better of two as they were shown, or the reason why no answer could be used.

    `disagreement` is a panel's: the share of its members who said otherwise.
    """

    choice: Choice | None
    reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    disagreement: float | None = None


@dataclass(frozen=True, slots=True)
class Graded:
    """How far each reply fulfils a rubric, 0 to 1, None without a usable judgment; and what the judging takes."""

    grades: tuple[float | None, ...]
    usage: Usage = field(default_factory=Usage)


def usage_of(given: Iterable[Judgment | Chosen]) -> Usage:
    """What judgments or preferences take in all when nothing of them comes from the cache."""
    return sum((one.usage for one in given), Usage())


def majority(choices: Sequence[Choice]) -> Choice:
    """What most say; a tie where no answer is ahead of all others."""
    counts = {choice: choices.count(choice) for choice in choices}
    most = [choice for choice, count in counts.items() if count == max(counts.values())]
    return most[0] if len(most) == 1 else "tie"
