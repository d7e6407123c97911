"""What judges are worth: who judged what, checks against people's labels, and those labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from datetime import datetime
from typing import Any

from evalsuite.data.digest import digest
from evalsuite.data.evaluation.labels import Label, LabelledPair, LabelledReply, Labels
from evalsuite.records import Metric, Result, by_name, required
from evalsuite.store import Store
from evalsuite.store.connect import open_for_reads, reading, writing
from evalsuite.store.query import METRIC_COLUMNS, every, metric_rows, rows, upsert


@dataclass(frozen=True)
class CheckRow:
    """One check of a judge by a rubric, against one file of labels."""

    check_digest: str
    judge: str
    judge_digest: str
    rubric: str
    rubric_digest: str
    kind: str
    labels: str
    labels_digest: str
    checked_at: datetime
    seed: int
    judgments: int
    calls: int
    prompt_tokens: int
    tokens: int
    money: float


@dataclass(frozen=True)
class JudgeCheck:
    """A check, the figures that it found and what these are."""

    row: CheckRow
    results: tuple[Result, ...]
    metrics: tuple[Metric, ...] = ()

    @property
    def measured(self) -> list[tuple[Metric, Result]]:
        """Each figure with what it is; raises EvalsuiteError for one that nobody declared."""
        known = by_name(self.metrics)
        return [(required(result.metric, known, by=f"judge {self.row.judge}"), result) for result in self.results]

    def figure(self, metric: str) -> Result | None:
        """The figure of that name, or None when the check has none."""
        return next((result for result in self.results if result.metric == metric), None)


@dataclass(frozen=True)
class JudgingRow:
    """Who judged a step by what."""

    step_digest: str
    judge: str
    judge_digest: str
    rubric: str
    rubric_digest: str


def save_check(store: Store, check: JudgeCheck, labels: Labels) -> None:
    """Keep a check, its figures and the labels, replacing what is there of the same ones."""
    key = check.row.check_digest
    figures = [
        (key, place, r.metric, r.value, r.low, r.high, r.n, r.unscored, r.reason, r.detail)
        for place, r in enumerate(check.results)
    ]
    names = "check_digest ordinal metric value low high n unscored reason detail"
    with writing(store) as connection:
        marks = ", ".join("?" for _ in fields(CheckRow))
        connection.execute("DELETE FROM judge_health WHERE check_digest = ?", [key])
        connection.execute(f"INSERT OR REPLACE INTO judge_checks VALUES ({marks})", list(astuple(check.row)))
        upsert(connection, "judge_health", tuple(names.split()), figures)
        # What figures are is kept in one table, of steps and of checks: their digests never meet.
        upsert(connection, "metrics", METRIC_COLUMNS, metric_rows(key, check.metrics))
        for table, (of, given) in _labels(check.row.rubric_digest, labels, check.row.labels).items():
            upsert(connection, table, of, given)


def save_labels(store: Store, labels: Labels, *, rubric_digest: str, source: str, at: datetime | None = None) -> None:
    """Keep labels that people gave, from a file or a page; one annotator's newer label replaces the older.

    `at` is when they were given, where that is known, in plain UTC.
    """
    with writing(store) as connection:
        for table, (columns, given) in _labels(rubric_digest, labels, source, at).items():
            upsert(connection, table, columns, given)


def checks(store: Store) -> list[JudgeCheck]:
    """The latest check of each judge by each rubric and kind of labels; none when there is no store yet."""
    return _checks(store, "judge_checks")


def check_history(store: Store) -> list[JudgeCheck]:
    """Every check ever made, oldest first; none when there is no store yet."""
    return _checks(store, "judge_check_history")


def _checks(store: Store, query: str, *, declared: bool = True) -> list[JudgeCheck]:
    if not knows_judges(store):
        return []
    found, figures = every(store, [(query, ()), ("judge_health", ())])
    told = rows(store, "judge_metrics") if declared else []
    results: dict[str, list[Result]] = defaultdict(list)
    metrics: dict[str, list[Metric]] = defaultdict(list)
    for figure in figures:
        results[figure.pop("check_digest")].append(Result(**figure))
    for metric in told:
        metrics[metric.pop("check_digest")].append(Metric(**metric))
    return [
        JudgeCheck(CheckRow(**row), tuple(results[row["check_digest"]]), tuple(metrics[row["check_digest"]]))
        for row in found
    ]


def judgings(store: Store, step_digests: Sequence[str]) -> list[JudgingRow]:
    """Who judged the steps by what; by judge and rubric."""
    if not knows_judges(store):
        return []
    return [JudgingRow(**row) for row in rows(store, "judgings", [list(step_digests)])]


def human_scores(store: Store, rubric_digest: str) -> dict[str, LabelledReply]:
    """The replies that people scored by a rubric, by `LabelledReply.digest`; none when there is no store yet."""
    if not knows_judges(store):
        return {}
    scores: dict[tuple[str, str], dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows(store, "human_scores", [rubric_digest]):
        scores[row["question"], row["reply"]][row["annotator"]][row["criterion"]] = row["score"]
    found = (LabelledReply(question, reply, its) for (question, reply), its in scores.items())
    return {reply.digest: reply for reply in found}


def human_preferences(store: Store) -> tuple[LabelledPair, ...]:
    """The pairs that people compared, with what each said; none when there is no store yet."""
    if not knows_judges(store):
        return ()
    found: dict[tuple[str, str, str], dict[str, Label]] = defaultdict(dict)
    for row in rows(store, "human_preferences"):
        found[row["question"], row["a"], row["b"]][row["annotator"]] = row["label"]
    return tuple(LabelledPair(*pair, its) for pair, its in found.items())


@dataclass(frozen=True)
class Knowledge:
    """Digests of what a store knows: health by judge and rubric, people's scores by rubric."""

    health: Mapping[tuple[str, str], str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def knowledge(store: Store) -> Knowledge:
    """What the store knows of judges, so that what rests on it is made anew when that changes."""
    if not store.results.exists():
        return Knowledge()
    figures: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
    with open_for_reads(store) as held:
        if not knows_judges(held):
            return Knowledge()
        # A plan reads stores that have not been brought up to date, where nothing says what figures are.
        for check in _checks(held, "judge_checks", declared=False):
            of = (check.row.judge_digest, check.row.rubric_digest)
            figures[of] += [[*map(str, astuple(its))] for its in check.results]
        labels = {row["rubric_digest"]: row["digest"] for row in rows(held, "human_labels")}
    return Knowledge({of: digest("health", its) for of, its in figures.items()}, labels)


def _labels(
    rubric_digest: str, labels: Labels, source: str, at: datetime | None = None
) -> Mapping[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
    when = at.isoformat(sep=" ") if at else None
    pairs = [
        (pair.question, pair.a, pair.b, annotator, label, source, when)
        for pair in labels
        if isinstance(pair, LabelledPair)
        for annotator, label in pair.labels.items()
    ]
    scores = [
        (rubric_digest, reply.digest, annotator, criterion, score, reply.question, reply.reply, source, when)
        for reply in labels
        if isinstance(reply, LabelledReply)
        for annotator, its in reply.scores.items()
        for criterion, score in its.items()
    ]
    of_scores = "rubric_digest reply_digest annotator criterion score question reply source given_at"
    return {
        "human_preferences": (("question", "a", "b", "annotator", "label", "source", "given_at"), pairs),
        "human_scores": (tuple(of_scores.split()), scores),
    }


def knows_judges(store: Store) -> bool:
    """Whether there is a store, and of a version that keeps who judged."""
    # A page reads stores that no run of this version has brought up to date.
    if not store.results.exists():
        return False
    with reading(store) as connection:
        found = connection.execute("SELECT 1 FROM information_schema.tables WHERE table_name = 'judge_checks'")
        return found.fetchone() is not None


@dataclass(frozen=True)
class Seat:
    """A judge by a rubric: its steps, the samples in them, those without a score, and when it judged last."""

    judge: str
    rubric: str
    steps: int = 0
    judged: int = 0
    unread: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True)
class Unread:
    """A sample that a judge gave no score for, and why; prompt and text are None where no reply is on record."""

    entry: str | None
    role: str | None
    sample_id: str
    reason: str | None
    prompt: str | None
    text: str | None


def seats(store: Store) -> list[Seat]:
    """Everyone who judged a step, by judge and rubric; none when there is no store yet."""
    if not knows_judges(store):
        return []
    return [Seat(**row) for row in rows(store, "judge_seats")]


def unread(store: Store, judge: str, rubric: str, *, most: int) -> list[Unread]:
    """The newest samples that a judge by a rubric gave no score for, at most so many."""
    return [Unread(**row) for row in rows(store, "judge_unread", [judge, rubric, most])]
