"""MT-bench's single-answer score: the mean over both turns of each question (Zheng et al. 2023)."""

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.stats.bootstrap import Undefined
from evalsuite.stats.interval import Estimate, mean


@dataclass(frozen=True, slots=True)
class TurnGrade:
    """The grade, 1 to 10, of one turn; None where the judge's reply could not be read."""

    question: str
    turn: int
    grade: float | None


@dataclass(frozen=True, slots=True)
class TwoTurnScore:
    """The mean over all turns with an interval clustered by question, each turn's own mean, and what was dropped."""

    score: Estimate
    by_turn: tuple[tuple[int, float], ...]
    dropped: int


def two_turn_score(grades: Sequence[TurnGrade]) -> TwoTurnScore | Undefined:
    """The model's score; unread grades are dropped and counted. Undefined when nothing is left."""
    kept = [(turn.question, turn.turn, turn.grade) for turn in grades if turn.grade is not None]
    if not kept:
        return Undefined(f"no grade could be read; {len(grades)} dropped")
    values = [grade for _, _, grade in kept]
    turns = sorted({turn for _, turn, _ in kept})
    means = [(turn, mean([grade for _, own, grade in kept if own == turn]).value) for turn in turns]
    score = mean(values, clusters=[question for question, _, _ in kept], bounds=(0, 10))
    return TwoTurnScore(score, tuple(means), len(grades) - len(kept))
