"""The invented author, who answers every question from first principles."""

from __future__ import annotations

from quickstart.questions import Question


def author_reply(question: Question) -> str:
    """The author's answer: premises, what follows because of them, a check, and the conclusion."""
    first, second, consequence = question.premises
    return (
        f"Premises: (1) {first} (2) {second}\n"
        f"Because of (1) and (2), {consequence}.\n"
        f"Check: {question.check}.\n"
        f"So: {question.answer}."
    )
