"""How far a text is from an author."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from evalsuite.stats.burrows import burrows_delta, deltas, style_words
from evalsuite.stats.two_sample import Passage, accuracy_test, classifier_test

NOVELS = Path(os.environ.get("EVALSUITE_SHARED_DATA", "../shared/data")) / "author"
needs_novels = pytest.mark.skipif(not NOVELS.is_dir(), reason=f"no public novels at {NOVELS}")

AUTHORS = [(0.06, 0.03, 0.02), (0.05, 0.04, 0.01), (0.07, 0.02, 0.03)]


def test_the_worked_example():
    assert deltas((0.055, 0.038, 0.013), AUTHORS) == pytest.approx([0.6666667, 0.3333333, 1.6666667], abs=5e-8)


def test_words_of_any_script_without_pronouns():
    assert style_words("He said: IT's 5 o'clock, ёлки; Она вошла, ЁЖ!") == ["said", "clock", "елки", "вошла", "еж"]


def test_the_author_of_a_russian_text_is_found():
    first = "Однако же надобно сказать, что, впрочем, дело это было весьма странное. " * 20 + "Конечно же так и было. "
    second = "Потому ветер дул, и река текла, но лес молчал под луною; и снова ветер. " * 20 + "Лес молчал. "
    authors = {"first": [first], "second": [second], "third": ["Снег под луною молчал, конечно, но ветер. " * 20]}
    text = "Впрочем, надобно сказать, что странное это было дело, однако же весьма странное."
    assert burrows_delta(text, authors)[0].author == "first"


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: burrows_delta("some words", {"a": ["other words"]}), "two or more"),
        (lambda: burrows_delta("...", {"a": ["other words"], "b": ["more words"]}), "no words in the text"),
        (lambda: deltas((0.1,), [(0.1, 0.2), (0.2, 0.3)]), "wanted"),
        (lambda: deltas((0.1,), [(0.2,), (0.2,)]), "equally often"),
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
def test_one_novel_of_austen_is_nearer_to_another_than_to_conan_doyle():
    authors = {"austen": [_novel("austen_-_persuasion")], "conan doyle": [_novel("conan_doyle")]}
    nearest, other = burrows_delta(_novel("austen_-_northanger"), authors)
    assert (nearest.author, other.author) == ("austen", "conan doyle")
    assert nearest.delta < other.delta - 0.2


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
