"""Comparisons of one pair of answers, made in one or both orders and perhaps repeatedly, as one outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.imports import Compared, Imported, sample_id


@dataclass(frozen=True, slots=True)
class Match:
    """Two systems on one question's turn; `score` is the first one's, None when nothing could be read."""

    question: str
    turn: int
    first: str
    second: str
    score: float | None
    changed_with_order: bool = False

    @property
    def sample(self) -> str:
        """The sample's id."""
        return sample_id(self.question, self.turn)

    def seen_by(self, system: str) -> float | None:
        """The score from one system's side."""
        if self.score is None:
            return None
        return self.score if system == self.first else 1 - self.score

    def against(self, system: str) -> str:
        """The other system."""
        return self.second if system == self.first else self.first


def matches(imported: Imported) -> list[Match]:
    """One match per pair of systems and turn of a question, in order of appearance.

    Chances are averaged. Verdicts that differ, in the other order or on repeat, are a tie: judges favour a
    position, and one order alone would measure it.
    """
    groups: dict[tuple[str, int, str, str], list[Compared]] = {}
    for pair in imported.compared:
        first, second = sorted((pair.first, pair.second))
        groups.setdefault((pair.question, pair.turn, first, second), []).append(pair)
    return [_match(key, group, weighted=imported.weighted) for key, group in groups.items()]


def _match(key: tuple[str, int, str, str], group: Sequence[Compared], *, weighted: bool) -> Match:
    question, turn, first, second = key
    scores = [pair.score if pair.first == first else 1 - pair.score for pair in group if pair.score is not None]
    if not scores:
        return Match(question, turn, first, second, None)
    differ = len(set(scores)) > 1
    score = sum(scores) / len(scores) if weighted else 0.5 if differ else scores[0]
    return Match(question, turn, first, second, score, changed_with_order=differ)
