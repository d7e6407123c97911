"""A watcher for runs that nobody watches."""

from __future__ import annotations

from evalsuite.plan.steps import Plan, Step


class Silent:
    """A watcher that is told and says nothing."""

    def begin(self, plan: Plan, step: Step) -> None:
        """Nothing."""

    def progress(self, done: int, total: int) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def end(self, seconds: float) -> None:
        """Nothing."""
