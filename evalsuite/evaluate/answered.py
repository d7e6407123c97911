"""Completions that all came: a server that failed is no answer, right or wrong."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.errors import ModelError
from evalsuite.records import Completion


def answered(completions: Sequence[Completion]) -> Sequence[Completion]:
    """The completions; raises ModelError when some of their calls failed for good.

    What was answered is in the reply cache by then, so that the next run asks only for the rest.
    """
    failed = [completion for completion in completions if completion.finish == "failed"]
    if failed:
        raise ModelError(
            f"{len(failed)} of {len(completions)} calls failed for good, the first with: {failed[0].reason}; the "
            "others are kept, and the same command asks only for what is missing"
        )
    return completions


def note(completion: Completion) -> str | None:
    """What a person who reads the reply should know of how it ended."""
    if completion.finish == "refused":
        return f"refused: {completion.reason or 'no reason given'}"
    return "cut off at the token limit" if completion.finish == "length" else None
