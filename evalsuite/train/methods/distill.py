"""Distillation: a teacher answers prompts, and the adapter learns to answer as it does (Hinton et al. 2015).

What is learnt are the teacher's words, not its probabilities, so that any model behind an endpoint can teach. With
`explain` the teacher gives its reasons before its answer, and the student learns both (Orca, arXiv 2306.02707).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from evalsuite.data.files import write_objects
from evalsuite.data.synthesis.teacher_rows import explained, reasons
from evalsuite.errors import TrainingError
from evalsuite.plugins import Asking, TrainingJob
from evalsuite.records import Completion, Example, Named, Recipe, Row, Sampling, Training, Unanswered
from evalsuite.spec.teacher import Keep, ServedTeacher, Teacher
from evalsuite.train.loop.supervised import SupervisedOptions, only


@dataclass(frozen=True)
class TeacherAnswer:
    """What a teacher said to one row, and why it is not used, if so."""

    row: Unanswered
    reply: Completion
    dropped: str | None


def teacher_answers(
    job: TrainingJob, sampling: Sampling, *, explain: bool, keep: Keep
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """The job's training and held-out rows with the teacher's answers, those that are good enough.

    All answers are left beside the adapter: `NAME.answers.jsonl` has what is learnt from, `NAME.dropped.jsonl` the
    rest with reasons. Raises TrainingError when requests failed, or when no answer is good enough.
    """
    teacher = job.teacher
    if teacher is None:
        raise TrainingError(f"{job.name}  there is no teacher to ask; name one under train.teacher")
    rows = only(Unanswered, (*job.train, *job.held_out), what="prompts")
    prompts = [explained(row.prompt) if explain else row.prompt for row in rows]
    replies = teacher.ask(prompts, sampling)
    _refuse_failed(job.name, replies)
    why = reasons([row.prompt for row in rows], replies, keep)
    answers = [TeacherAnswer(*found) for found in zip(rows, replies, why, strict=True)]
    _keep_record(job.output, answers, teacher, sampling)
    job.progress(summary(answers, teacher.id))
    train, held_out = answers[: len(job.train)], answers[len(job.train) :]
    if not _examples(train):
        raise TrainingError(f"{job.name}  {summary(answers, teacher.id)}; nothing is left to learn from")
    return _examples(train), _examples(held_out)


def summary(answers: Sequence[TeacherAnswer], teacher: str) -> str:
    """How many answers are used, and why the others are not, in one line."""
    counts = Counter(answer.dropped for answer in answers if answer.dropped is not None)
    lost = "".join(f"; {reason}: {count:,}" for reason, count in counts.most_common())
    return f"teacher {teacher}: {len(answers) - counts.total():,} of {len(answers):,} answers used{lost}"


def _refuse_failed(name: str, replies: Sequence[Completion]) -> None:
    failed = [reply for reply in replies if reply.finish == "failed"]
    if failed:
        raise TrainingError(
            f"{name}  {len(failed):,} of {len(replies):,} requests to the teacher failed ({failed[0].reason}); "
            "run again: what was answered is not asked again"
        )


def _examples(answers: Sequence[TeacherAnswer]) -> tuple[Example, ...]:
    return tuple(
        Example(answer.row.prompt, answer.reply.text.strip(), answer.row.document)
        for answer in answers
        if answer.dropped is None
    )


def _keep_record(output: Path, answers: Sequence[TeacherAnswer], teacher: Asking, sampling: Sampling) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    said_by = {"teacher": {"id": teacher.id, "digest": teacher.digest}, "sampling": asdict(sampling)}
    for ending, dropped in (("answers", False), ("dropped", True)):
        file = output.with_name(f"{output.name}.{ending}.jsonl")
        fresh = file.with_name(f"{file.name}.new")
        chosen = [answer for answer in answers if (answer.dropped is not None) == dropped]
        write_objects(fresh, ({**_written(answer), **said_by} for answer in chosen))
        fresh.replace(file)


def _written(answer: TeacherAnswer) -> dict[str, Any]:
    """A row that can be trained on again, in the shape `messages` where the prompt is more than one question."""
    prompt, reply = answer.row.prompt, answer.reply
    turns = [asdict(message) for message in prompt.messages]
    asked: Any = prompt.messages[0].content if len(turns) == 1 else turns
    row = {"prompt": asked, "completion": reply.text, "document": answer.row.document, "dropped": answer.dropped}
    cost = {"finish": reply.finish, "prompt_tokens": reply.prompt_tokens, "tokens": reply.tokens}
    return {key: value for key, value in (row | cost).items() if value is not None}


class Distill(SupervisedOptions):
    """Learns to answer as a teacher does; the teacher's answers are kept beside the adapter."""

    version: ClassVar[int] = 2
    learns_from: ClassVar[type[Row]] = Unanswered

    method: Literal["distill"]
    teacher: Teacher
    explain: Annotated[
        bool, Field(description="ask for the reasons before the answer; the student sees the question alone")
    ] = False
    keep: Annotated[Keep, Field(description="which answers are good enough")] = Keep()

    @model_validator(mode="after")
    def _teachable(self) -> Self:
        if any(source.format != "chat" for source in self.data):
            raise ValueError("a teacher is asked in a conversation; remove `format`")
        unknown = sorted({source.filter.by for source in self.data if source.filter} & {"ifd", "length"})
        if unknown:
            raise ValueError(f"the rows have no answers yet, so they cannot be filtered by {unknown[0]}; use `keep`")
        return self

    @property
    def recipe(self) -> Recipe:
        """The prompts of its sources, and the teacher who answers them."""
        adapter = None if isinstance(self.teacher, ServedTeacher) else self.teacher.adapter
        on = None if adapter is None else Named(adapter, ("teacher", "adapter"))
        whole = super().recipe
        apart = whole.by_content | {"teacher"}
        return replace(whole, builds_on=on, teacher=self.teacher, explain=self.explain, by_content=apart)

    def train(self, job: TrainingJob) -> Training:
        """Asks the teacher what is not known yet, then trains on the good answers; raises TrainingError."""
        train, held_out = teacher_answers(job, self.teacher.sampling, explain=self.explain, keep=self.keep)
        return self.supervise(replace(job, train=train, held_out=held_out, teacher=None))
