"""What a teacher is asked and what it wrote: which answers are worth learning from, and why the others are not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evalsuite.data.words import Words, words
from evalsuite.records import Completion, Message, Prompt
from evalsuite.spec.checks import PatternCheck, TooSlow
from evalsuite.spec.writing import Keep

# At the end of the question and not as a system message, which some chat templates refuse.
_EXPLAIN = (
    "Think step by step: first explain how the answer follows, so that a learner could find it alone, then give the "
    "answer. Write in the language of the question."
)
# How a model opens that will not answer; only the opening counts, for a good answer may speak of refusing.
_REFUSAL = re.compile(
    r"\W*(?:"
    r"(?:i['’]?m |i am )?(?:very |so )?sorry\b|i apologi[sz]e\b|as an? (?:ai|language model|artificial)\b"
    r"|(?:i|we)(?: am|['’]m| are)? (?:cannot|can['’]t|can not|unable to|not able to|won['’]t|will not) "
    r"(?:help|assist|answer|provide|comply|fulfil|discuss|do that|engage|support)"
    r"|(?:извините|простите|прошу прощения|к сожалению)\b[^.\n]{0,40}\bне (?:могу|смогу|в состоянии|имею возможности)"
    r"|(?:я )?не могу (?:помочь|ответить|выполнить|обсуждать|предоставить)"
    r"|как (?:ии|искусственный интеллект|языковая модель)\b"
    r")",
    re.IGNORECASE,
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
    count = len(words(reply.text))
    if reply.finish == "refused" or _REFUSAL.match(reply.text):
        return "refused to answer"
    if reply.finish == "length":
        return "was cut off at the token limit"
    if not count:
        return "is empty"
    if count < keep.least_words:
        return f"has fewer than {keep.least_words} words"
    if keep.most_words is not None and count > keep.most_words:
        return f"has more than {keep.most_words} words"
    return None if keep.must is None or _fits(keep.must, reply.text) else "does not match the wanted form"


def _fits(expression: str, text: str) -> bool:
    try:
        return PatternCheck(kind="pattern", must=(expression,)).share(text) == 1
    except TooSlow:
        return False
