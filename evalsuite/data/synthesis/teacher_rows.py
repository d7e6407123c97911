"""Rows that a teacher writes: what it is asked, and which of its answers are worth learning from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evalsuite.data.near_duplicates import Words, words
from evalsuite.data.refusals import declines, does_not_know
from evalsuite.data.synthesis.documents import Dropped
from evalsuite.plugins import Asking
from evalsuite.records import Completion, Message, Prompt
from evalsuite.spec.rubric import PatternCheck, TooSlow
from evalsuite.spec.teacher import Keep, Writing

# At the end of the question and not as a system message, which some chat templates refuse.
_EXPLAIN = (
    "Think step by step: first explain how the answer follows, so that a learner could find it alone, then give the "
    "answer. Write in the language of the question."
)


def explained(prompt: Prompt) -> Prompt:
    """The prompt with the wish for an explanation at the end of its last turn."""
    *earlier, last = prompt.messages
    return Prompt(messages=(*earlier, Message(last.role, f"{last.content}\n\n{_EXPLAIN}")))


def reasons(prompts: Sequence[Prompt], replies: Sequence[Completion], keep: Keep) -> list[str | None]:
    """Why each answer is not kept, or None where it is; of equal questions with equal answers the first is kept."""
    seen: set[tuple[Prompt, Words]] = set()
    found = []
    for prompt, reply in zip(prompts, replies, strict=True):
        reason = _reason(reply, keep)
        said = (prompt, words(reply.text))
        if reason is None and said in seen:
            reason = "repeats an earlier row"
        if reason is None:
            seen.add(said)
        found.append(reason)
    return found


def _reason(reply: Completion, keep: Keep) -> str | None:
    if declines(reply):
        return "refused to answer"
    if does_not_know(reply.text):
        return "says that it does not know"
    if reply.finish == "length":
        return "was cut off at the token limit"
    unfit = _unfit_length(len(words(reply.text)), keep)
    if unfit is not None or keep.must is None:
        return unfit
    return None if _fits(keep.must, reply.text) else "does not match the wanted form"


def _unfit_length(count: int, keep: Keep) -> str | None:
    if not count:
        return "is empty"
    if count < keep.least_words:
        return f"has fewer than {keep.least_words} words"
    if keep.most_words is not None and count > keep.most_words:
        return f"has more than {keep.most_words} words"
    return None


def _fits(expression: str, text: str) -> bool:
    try:
        return PatternCheck(kind="pattern", must=(expression,)).share(text) == 1
    except TooSlow:
        return False


# Below this share of words that stand in the passage an answer is not about it. Words are compared by their first
# letters, so that other endings, many in Russian, count as the same; short ones are in every text.
_GROUNDED = 0.5
_STEM, _TELLING = 5, 4

_PART = re.compile(r"^[^\S\n]*(?:\*\*)?(Q|WHY|A)\d*(?:\*\*)?:(?:\*\*)?", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class WrittenRows:
    """Rows `{"prompt", "completion", "document", "span", "teacher", "sampling"}`, and what was dropped."""

    rows: tuple[dict[str, Any], ...]
    dropped: tuple[Dropped, ...]


def prompts(passages: Sequence[Mapping[str, Any]], writing: Writing) -> list[Prompt]:
    """What the teacher is asked about each of the passages that `evalsuite data build` makes."""
    return [writing.prompt(passage["text"]) for passage in passages]


def written_rows(
    passages: Sequence[Mapping[str, Any]], replies: Sequence[Completion], writing: Writing, teacher: Asking
) -> WrittenRows:
    """The rows in the teacher's replies about the passages, in order; a question that was asked before is dropped."""
    source = {"teacher": {"id": teacher.id, "digest": teacher.digest}, "sampling": asdict(writing.teacher.sampling)}
    rows: list[dict[str, Any]] = []
    dropped: list[Dropped] = []
    seen: set[Words] = set()
    for passage, reply in zip(passages, replies, strict=True):
        place = {"document": passage["document"], "span": passage["span"]}
        for found in _questions(reply, writing):
            reason = found if isinstance(found, str) else _why_dropped(*found, str(passage["text"]), writing.keep, seen)
            if reason is not None or isinstance(found, str):
                dropped.append(Dropped(Path(passage["document"]), tuple(passage["span"]), str(reason)))
                continue
            seen.add(words(found[0]))
            rows.append({"prompt": found[0], "completion": found[1], **place, **source})
    return WrittenRows(tuple(rows), tuple(dropped))


def _questions(reply: Completion, writing: Writing) -> Iterator[tuple[str, str] | str]:
    """The questions of a reply with their answers, or why there is none; a last one that was cut off is left out."""
    found = _pairs(reply.text, explained=writing.rows == "explained")
    cut = reply.finish == "length"
    if cut:
        found = found[:-1]
        yield "the teacher's reply was cut off at the token limit"
    elif reply.finish == "refused" or not found:
        # A reply of questions is no refusal where one of its answers is: each answer is looked at by itself.
        [refused] = reasons([Prompt()], [reply], Keep())
        form = "has no question with its answer in the form that was asked for"
        yield f"the teacher's reply {refused or form}"
        return
    yield from found


def _pairs(text: str, *, explained: bool) -> list[tuple[str, str]]:
    marks = list(_PART.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    parts = [(mark[1].upper(), text[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=False)]
    wanted = ("Q", "WHY", "A") if explained else ("Q", "A")
    size = len(wanted)
    runs = (parts[start : start + size] for start in range(len(parts) - size + 1))
    fitting = [run for run in runs if tuple(kind for kind, _ in run) == wanted and all(said for _, said in run)]
    return [(run[0][1], "\n\n".join(said for _, said in run[1:])) for run in fitting]


def _why_dropped(question: str, answer: str, passage: str, keep: Keep, seen: set[Words]) -> str | None:
    if words(question) in seen:
        return "asks what an earlier row asks"
    [reason] = reasons([Prompt.user(question)], [Completion(answer, 0, 0, "stop")], keep)
    if reason is not None:
        return f"the answer {reason}"
    return None if share_grounded(answer, passage) >= _GROUNDED else "the answer says what the passage does not"


def share_grounded(answer: str, passage: str) -> float:
    """The share of an answer's telling words that the passage has, by their first letters; 1 where there are none."""
    known = {word[:_STEM] for word in words(passage)}
    telling = [word for word in words(answer) if len(word) >= _TELLING or word.isdigit()]
    return sum(word[:_STEM] in known for word in telling) / len(telling) if telling else 1.0
