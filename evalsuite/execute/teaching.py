"""Teachers at work behind the reply cache: no prompt is put to one twice, its rows are sifted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalsuite.data.synthesis.documents import Dropped
from evalsuite.data.synthesis.teacher_rows import prompts, written_rows
from evalsuite.errors import ModelError
from evalsuite.execute.cached import CachedModel
from evalsuite.models.checkpoints.found_teacher import FoundTeacher, find_teacher
from evalsuite.models.in_context import InContextModel
from evalsuite.models.openai.calls import Meter
from evalsuite.models.protocol import Model
from evalsuite.plugins import Asking
from evalsuite.records import Completion, Prompt, Sampling
from evalsuite.spec.teacher import Writing
from evalsuite.store.replies import ReplyCache


def asking(
    teacher: FoundTeacher,
    cache: ReplyCache,
    progress: Callable[[int, int], None],
    *,
    make: Callable[[], Model] | None = None,
) -> Asking:
    """The teacher, ready to be asked; its model is in memory only while it writes. `make` makes another model."""

    def ask(prompts: Sequence[Prompt], sampling: Sampling) -> Sequence[Completion]:
        loaded: list[Model] = []

        def load() -> Model:
            if not loaded:
                loaded.append(make() if make is not None else teacher.model(Meter()))
            return loaded[0]

        model = InContextModel(CachedModel(teacher.model_digest, load, cache=cache, progress=progress))
        return model.generate(prompts, sampling=sampling, adapter=teacher.adapter)

    return Asking(teacher.id, teacher.digest, ask)


@dataclass(frozen=True)
class Written:
    """The rows, what was dropped, and what it took, in one line."""

    rows: tuple[dict[str, Any], ...]
    dropped: tuple[Dropped, ...]
    summary: str


def write_rows(
    passages: Sequence[Mapping[str, Any]],
    writing: Writing,
    replies: Path,
    *,
    beside: Path,
    make: Callable[[], Model] | None = None,
) -> Written:
    """The rows that the document's teacher writes about the passages; raises ModelError when requests failed.

    `replies` is the reply cache's file; `beside` is the document's, which a teacher's folder may be relative to.
    """
    found = find_teacher(writing.teacher, beside=beside)
    with closing(ReplyCache(replies)) as cache:
        teacher = asking(found, cache, lambda done, total: None, make=make)
        said = teacher.ask(prompts(passages, writing), writing.teacher.sampling)
    failed = [reply for reply in said if reply.finish == "failed"]
    if failed:
        raise ModelError(
            f"{found.id}  {len(failed):,} of {len(said):,} requests failed ({failed[0].reason}); run again: what was "
            "answered is not asked again"
        )
    made = written_rows(passages, said, writing, teacher)
    return Written(made.rows, made.dropped, _summary(found, said))


def _summary(teacher: FoundTeacher, said: Sequence[Completion]) -> str:
    asked, wrote = sum(reply.prompt_tokens for reply in said), sum(reply.tokens for reply in said)
    money = teacher.money(asked, wrote)
    priced = "" if money is None else f", ${money:.2f} when asked anew"
    known = sum(reply.cached for reply in said)
    cached = f" ({'all' if known == len(said) else f'{known:,}'} from the cache)" if known else ""
    return f"teacher {teacher.id}: {len(said):,} passages{cached}, {asked:,} tokens read, {wrote:,} written{priced}"
