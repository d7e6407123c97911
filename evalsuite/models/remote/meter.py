"""What was asked and what it cost, with a limit that is never passed, whatever the calls under way come to."""

from __future__ import annotations

from dataclasses import dataclass, field

from evalsuite.models.remote.pace import Pace


@dataclass(slots=True)
class Meter:
    """Counts calls, tokens and money of a run; one meter is shared by all endpoints of the run.

    `doubtful` is the most that attempts may have cost of which no bill came: timeouts, lost connections, replies
    that could not be read. `paces` keep limits per minute for all together who ask one model of one server.
    """

    limit: float | None = None
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    spent: float = 0.0
    doubtful: float = 0.0
    reserved: float = 0.0
    under_way: int = 0
    paces: dict[str, Pace] = field(default_factory=dict)

    def pace(self, model: str, *, requests: int | None, tokens: int | None) -> Pace:
        """The pace of a served model, by its digest; the first who asks for it says its limits a minute."""
        return self.paces.setdefault(model, Pace(requests, tokens))

    def reserve(self, worst: float) -> bool:
        """Set the most that a call can cost aside; False when that could pass the limit."""
        if self.limit is not None and self.spent + self.doubtful + self.reserved + worst > self.limit:
            return False
        self.reserved += worst
        self.under_way += 1
        return True

    def settle(self, worst: float, *, bill: tuple[int, int, float] | None = None, doubtful: bool = False) -> None:
        """A call that had reserved `worst` is over: with a bill (prompt tokens, completion tokens, money) or without.

        Without one it was free, or `doubtful`.
        """
        self.under_way -= 1
        # Sums of reals drift; with nothing under way nothing is reserved.
        self.reserved = self.reserved - worst if self.under_way else 0.0
        if bill is not None:
            self.calls += 1
            self.prompt_tokens += bill[0]
            self.completion_tokens += bill[1]
            self.spent += bill[2]
        elif doubtful:
            self.doubtful += worst

    def __str__(self) -> str:
        """The meter in a few words, for a progress line."""
        tokens = self.prompt_tokens + self.completion_tokens
        doubt = f" (and at most ${self.doubtful:.2f} for calls that broke off)" if self.doubtful >= 0.005 else ""
        return f"{self.calls:,} calls, {tokens:,} tokens, ${self.spent:.2f}{doubt}"
