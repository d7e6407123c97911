"""Judges against people: the labels that a person gives are kept, and a judge is measured against such labels."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from evalsuite.data.digest import digest, file_digest
from evalsuite.data.evaluation.labels import LabelledPair, LabelledReply, Labels, read_labels
from evalsuite.errors import EvalsuiteError
from evalsuite.execute.workbench import Workbench
from evalsuite.judges.judge_agreement import Health, check_preferences, check_scores, with_latency
from evalsuite.models.openai.calls import Meter
from evalsuite.models.protocol import Model
from evalsuite.plan.digests import judging
from evalsuite.plugins import Grader
from evalsuite.records import Item, Pair, Usage, usage_of
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.loading.load import load_judge, load_rubric
from evalsuite.spec.rubric import Rubric
from evalsuite.store import Store
from evalsuite.store.judges import CheckRow, JudgeCheck, save_check, save_labels
from evalsuite.store.replies import ReplyCache

DEFAULT_RUBRIC = "helpfulness"

# Enough to see how long one call takes, few enough not to be felt.
_TIMED = 3
_CACHED = "no call was made: all replies were known, or the judge makes none"


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """Which judge is measured by which rubric against which labels, and how often it is asked again."""

    judge: str
    labels: Path
    rubric: str = DEFAULT_RUBRIC
    repeats: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """A check that was made now: what is kept of it, what was asked for it, and what that cost.

    `asked` counts every round, and as `cached` what needed no call; `paid` are the dollars that servers billed.
    """

    check: JudgeCheck
    asked: Usage
    paid: float


def check_judge(
    question: CheckRequest,
    store: Store,
    progress: Callable[[int, int], None],
    *,
    max_cost: float | None = None,
    load: Callable[[ResolvedJudge], Model] | None = None,
) -> Checked:
    """Measure a judge and keep what was found; raises EvalsuiteError for wrong documents or labels.

    Names are looked up in the folder where the command runs; `load` makes the judge's model in place of its backend.
    """
    here = Path("-")
    judge, rubric = load_judge(question.judge, beside=here), load_rubric(question.rubric, beside=here)
    why = judge.cannot_grade(rubric)
    if why is not None:
        raise EvalsuiteError(f"rubric {rubric.name}: {why}; name another --rubric, or another judge")
    labels = read_labels(question.labels, {criterion.name: criterion.scale for criterion in rubric.criteria})
    with closing(ReplyCache(store.replies)) as cache:
        clock = _Clock(progress)
        bench = Workbench(cache, clock.progress, meter=Meter(max_cost), load_judge=load)

        def asked(repeat: int) -> Grader:
            return bench.judges.grader(judge, rubric, repeat=repeat)

        timed = clock.time(asked(0), labels)
        health = with_latency(_measured(asked, labels, question, rubric), clock.seconds, reason=_CACHED)
    check = JudgeCheck(_row(question, judge, rubric, health), health.results, health.metrics)
    save_check(store, check, labels)
    made = timed.calls - timed.cached + health.asked.calls - health.asked.cached
    return Checked(check, replace(health.asked, cached=health.asked.calls - made), bench.meter.spent)


def keep_labels(store: Store, labels: Labels, *, rubric_digest: str, source: str) -> None:
    """Keep labels that a person gave just now; a person's newer label replaces the older.

    `rubric_digest` is empty for preferences; `source` is where they were given. Raises StoreError when the store
    stays busy for longer than its patience.
    """
    # The store keeps plain UTC.
    save_labels(store, labels, rubric_digest=rubric_digest, source=source, at=datetime.now(UTC).replace(tzinfo=None))


def _measured(asked: Callable[[int], Grader], labels: Labels, question: CheckRequest, rubric: Rubric) -> Health:
    pairs = [label for label in labels if isinstance(label, LabelledPair)]
    if pairs:
        return check_preferences(pairs, asked, repeats=question.repeats, seed=question.seed)
    replies = [label for label in labels if isinstance(label, LabelledReply)]
    return check_scores(replies, asked, rubric, repeats=question.repeats, seed=question.seed)


class _Clock:
    """Times single calls that the reply cache could not answer."""

    def __init__(self, told: Callable[[int, int], None]) -> None:
        self._told = told
        self._asked = False
        self.seconds: list[float] = []

    def progress(self, done: int, total: int) -> None:
        """Hear from the cache how much it knows, and pass it on."""
        self._asked = self._asked or done < total
        self._told(done, total)

    def time(self, judge: Grader, labels: Labels) -> Usage:
        """Ask about the first few, one by one, and say what that took; the answers serve the check itself as well."""
        taken = Usage()
        for label in labels[:_TIMED]:
            self._asked = False
            started = time.monotonic()
            if isinstance(label, LabelledPair):
                taken += usage_of(judge.prefer([Pair(label.question, label.a, label.b)]))
            else:
                taken += usage_of(judge.grade([Item(label.question, label.reply)]))
            if self._asked:
                self.seconds.append(time.monotonic() - started)
        return taken


def _row(question: CheckRequest, judge: ResolvedJudge, rubric: Rubric, health: Health) -> CheckRow:
    its, labels = judging(judge, rubric), file_digest(question.labels)
    return CheckRow(
        check_digest=digest("check", its.judge_digest, its.rubric_digest, labels, question.repeats, question.seed),
        judge=its.judge,
        judge_digest=its.judge_digest,
        rubric=its.rubric,
        rubric_digest=its.rubric_digest,
        kind=health.kind,
        labels=question.labels.name,
        labels_digest=labels,
        # The store keeps plain UTC.
        checked_at=datetime.now(UTC).replace(tzinfo=None),
        seed=question.seed,
        judgments=health.judgments,
        calls=health.usage.calls,
        prompt_tokens=health.usage.prompt_tokens,
        tokens=health.usage.tokens,
        money=health.usage.money,
    )
