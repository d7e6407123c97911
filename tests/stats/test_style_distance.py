"""How far a text is from an author."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from evalsuite.stats.style.burrows import style_words
from evalsuite.stats.style.two_sample import Passage, accuracy_test, classifier_test

NOVELS = Path(os.environ.get("EVALSUITE_SHARED_DATA", "../shared/data")) / "author"
needs_novels = pytest.mark.skipif(not NOVELS.is_dir(), reason=f"no public novels at {NOVELS}")


def test_words_of_any_script_without_pronouns():
    assert style_words("He said: IT's 5 o'clock, ёлки; Она вошла, ЁЖ!") == ["said", "clock", "елки", "вошла", "еж"]


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: accuracy_test(3, 2), "wanted 0 to n"),
        (lambda: classifier_test([Passage("a", "1")], [Passage("b", "1")], seed=1), "two or more in each set"),
    ],
)
def test_what_cannot_be_measured_is_refused(mistake, message):
    with pytest.raises(ValueError, match=message):
        mistake()


def test_accuracy_against_guessing():
    found = accuracy_test(112, 200)
    assert (found.z, found.p_value, found.p_exact) == pytest.approx((1.6970563, 0.0448430, 0.0518195), abs=5e-8)


def _texts(generator, words, documents):
    shares = np.array([5, 4, 3, 2, 1]) / 15
    return [
        Passage(" ".join(generator.choice(words, p=shares, size=60)), f"{words[0]} {document}")
        for document in range(documents)
        for _ in range(3)
    ]


def test_a_classifier_tells_different_writers_apart_and_not_the_same():
    generator = np.random.default_rng(7)
    own = _texts(generator, ["one", "two", "three", "four", "five"], 20)
    same = _texts(generator, ["one", "two", "three", "four", "five"], 20)
    other = _texts(generator, ["five", "two", "three", "one", "four"], 20)
    assert classifier_test(own, other, seed=1).p_value < 1e-6
    assert classifier_test(own, same, seed=1).p_value > 0.05
    assert classifier_test(own, other, seed=1) == classifier_test(own, other, seed=1)


def _novel(name: str) -> str:
    return next(NOVELS.glob(f"{name}*.txt")).read_text(encoding="utf-8")


@needs_novels
def test_a_classifier_tells_austen_from_conan_doyle_more_surely_than_from_herself():
    novels = [_passages(_novel(name)) for name in ("austen_-_persuasion", "conan_doyle", "austen_-_northanger")]
    across = classifier_test(novels[0], novels[1], seed=7)
    within = classifier_test(novels[0], novels[2], seed=7)
    assert across.accuracy > 0.95
    assert within.accuracy < across.accuracy


def _passages(novel: str) -> list[Passage]:
    words = re.sub(r"\s+", " ", novel).split(" ")
    return [Passage(" ".join(words[at : at + 300]), str(at // 3000)) for at in range(0, 30_000, 300)]
