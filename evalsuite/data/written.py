"""What a teacher is asked and what it wrote: which answers are worth learning from, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.data.refusals import declined, does_not_know
from evalsuite.data.words import Words, words
from evalsuite.records import Completion, Message, Prompt
from evalsuite.spec.checks import PatternCheck, TooSlow
from evalsuite.spec.writing import Keep

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
    if declined(reply):
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
