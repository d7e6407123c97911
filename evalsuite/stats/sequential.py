"""A non-inferiority gate that may stop after any sample, with the error rates it promises."""

from evalsuite.stats.betting import BettingTest
from evalsuite.stats.noninferior import Answer


class SequentialNonInferiority:
    """Pass or fail as soon as the samples so far settle it; both errors are alpha at most under peeking.

    Give paired differences, candidate minus baseline, in random order, one number per independent item (the
    mean of a question's votes), each within `limit` of 0. Passes when "worse by the margin or more" is
    refuted, fails when "at most the margin worse" is refuted. A negative margin asks for superiority: the
    candidate must be better by that much.
    """

    def __init__(self, *, margin: float, alpha: float = 0.05, limit: float = 1.0) -> None:
        if not abs(margin) < limit:
            raise ValueError(f"margin is {margin!r}; it must be smaller than the largest difference, {limit!r}")
        self.limit = limit
        null = (1 - margin / limit) / 2
        self._passes = BettingTest(null, alpha=alpha, side="above")
        self._fails = BettingTest(null, alpha=alpha, side="below")
        self._answer: Answer = "undecided"

    def add(self, difference: float) -> Answer:
        """Take one difference; returns the answer, which stays what it was once it is settled."""
        share = (difference / self.limit + 1) / 2
        self._passes.add(share)
        self._fails.add(share)
        if self._answer == "undecided":
            self._answer = "pass" if self._passes.rejected else "fail" if self._fails.rejected else "undecided"
        return self._answer

    @property
    def answer(self) -> Answer:
        """What the samples so far say."""
        return self._answer

    @property
    def n(self) -> int:
        """How many differences were taken."""
        return self._passes.n

    @property
    def p_pass(self) -> float:
        """The anytime-valid p-value of "worse by the margin or more"."""
        return self._passes.p_value

    @property
    def p_fail(self) -> float:
        """The anytime-valid p-value of "at most the margin worse"."""
        return self._fails.p_value
