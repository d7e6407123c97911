"""Delta to one author: nearer is smaller, the interval holds the truth, scripts other than Latin count."""

from __future__ import annotations

import numpy as np
import pytest

from evalsuite.stats.intervals.bootstrap import Undefined
from evalsuite.stats.style.burrows import AuthorDeltas, author_deltas

WORDS = ["because", "therefore", "maybe", "first", "then", "so", "thus", "premise", "check", "hence"]


def texts(shares: list[float], n: int = 60, seed: int = 0) -> list[str]:
    """Answers of forty words each, drawn with these shares."""
    generator = np.random.default_rng(seed)
    return [" ".join(generator.choice(WORDS, size=40, p=shares)) for _ in range(n)]


AUTHOR = [0.3, 0.2, 0.0, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.0]
BASE = [0.0, 0.05, 0.4, 0.1, 0.2, 0.1, 0.05, 0.05, 0.0, 0.05]
HALF = [(a + b) / 2 for a, b in zip(AUTHOR, BASE, strict=True)]


def deltas(candidate: list[str], base: list[str], author: list[str], **more: object) -> AuthorDeltas:
    found = author_deltas(candidate, base, author=author, **more)  # type: ignore[arg-type]
    assert isinstance(found, AuthorDeltas)
    return found


def test_the_definition_by_hand() -> None:
    """Two prompts, two words; shares of the author (1/2, 1/2) twice, of the base (1/4, 3/4) and (3/4, 1/4)."""
    author, base = ["aa bb", "aa bb"], ["aa bb bb bb", "aa aa aa bb"]
    found = deltas(["aa aa aa bb", "aa aa aa bb"], base, author)
    # Chunks are the four answers: sd of (1/2, 1/2, 1/4, 3/4) is sqrt(0.125 / 3) for both words.
    assert found.candidate.value == pytest.approx(0.25 / (0.125 / 3) ** 0.5)
    assert found.base.value == 0.0
    assert (found.words, found.telling) == (4, 2)


def test_who_writes_like_the_author_is_near_and_half_way_is_between() -> None:
    author, base = texts(AUTHOR), texts(BASE, seed=1)
    near, half = (deltas(texts(shares, seed=2), base, author) for shares in (AUTHOR, HALF))
    assert near.candidate.value < half.candidate.value < half.base.value == near.base.value
    assert near.difference.value == pytest.approx(near.candidate.value - near.base.value)
    assert near.difference.interval is not None
    assert near.difference.interval.high < 0
    assert near.difference.p_value is not None
    assert near.difference.p_value < 0.001


def test_the_interval_of_the_difference_holds_nothing_where_there_is_nothing() -> None:
    """Candidate and base draw from one source: about 95 of 100 intervals hold a difference of 0."""
    held = 0
    for seed in range(100):
        found = deltas(texts(BASE, 30, 3 * seed), texts(BASE, 30, 3 * seed + 1), texts(AUTHOR, 30, 3 * seed + 2))
        assert found.difference.interval is not None
        held += found.difference.interval.low <= 0 <= found.difference.interval.high
    assert held >= 90


def test_prompts_of_one_group_are_one_piece_of_evidence() -> None:
    author, base, ours = texts(AUTHOR), texts(BASE, seed=1), texts(HALF, seed=2)
    alone = deltas(ours, base, author)
    grouped = deltas(ours, base, author, clusters=[i // 20 for i in range(60)])
    assert alone.candidate.interval is not None
    assert grouped.candidate.interval is not None
    assert grouped.candidate.value == pytest.approx(alone.candidate.value, rel=0.7)
    width = [one.candidate.interval.high - one.candidate.interval.low for one in (alone, grouped)]
    assert width[1] > width[0]


def test_russian_counts_like_english() -> None:
    author = ["поэтому посылка верна", "итак посылка верна"] * 5
    base = ["наверное так и есть", "может быть"] * 5
    found = deltas(author, base, author)
    assert found.candidate.value == 0.0
    assert found.candidate.interval is None
    assert found.base.value > 0.5


@pytest.mark.parametrize(
    ("candidate", "base", "author", "reason"),
    [
        ([], [], [], "0 prompts; the spread between answers needs two or more"),
        (["a word"], ["a word"], ["a word"], "1 prompts; the spread between answers needs two or more"),
        (["", ""], ["word", "word"], ["word", "word"], "no words in the answers of candidate"),
        (["word", "word"], ["12", "?"], ["..", "word"], "no words in the answers of base"),
        (["word", "word"], ["word", "word"], ["word", "word"], "author and base use every common word equally often"),
    ],
)
def test_no_distance_has_a_reason(candidate: list[str], base: list[str], author: list[str], reason: str) -> None:
    assert author_deltas(candidate, base, author=author) == Undefined(reason)


def test_answers_are_paired_by_prompt() -> None:
    with pytest.raises(ValueError, match="pair them by prompt"):
        author_deltas(["a"], ["a", "b"], author=["a", "b"])
