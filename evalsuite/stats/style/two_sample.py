"""Can a classifier tell two sets of texts apart? Low accuracy is good imitation (Lopez-Paz and Oquab 2017)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalsuite.stats.intervals.mean import Interval, fair_coin_tail, normal_tail, wilson
from evalsuite.stats.intervals.spread import Floats
from evalsuite.stats.ratings.length_control import SoftRows, fit_ridge
from evalsuite.stats.style.burrows import style_words

VOCABULARY = 300


@dataclass(frozen=True, slots=True)
class Passage:
    """A text and the document it is from; texts of one document never stand on both sides of the split."""

    text: str
    document: str


@dataclass(frozen=True, slots=True)
class TwoSampleTest:
    """Accuracy on texts kept aside; small p-values say that the sets differ. `p_exact` is binomial, one-sided."""

    accuracy: float
    interval: Interval
    z: float
    p_value: float
    p_exact: float
    n: int


def accuracy_test(right: int, n: int, *, confidence: float = 0.95) -> TwoSampleTest:
    """Is `right` of n more than guessing? H0: accuracy ~ N(1/2, 1/(4n)). ValueError unless 0 <= right <= n."""
    if not 0 <= right <= n or n < 1:
        raise ValueError(f"{right} right of {n}; wanted 0 to n, and n at least 1")
    z = (right / n - 0.5) * 2 * n**0.5
    exact = 1 - fair_coin_tail(right - 1, n)
    return TwoSampleTest(right / n, wilson(right / n, n, confidence=confidence), z, normal_tail(z), exact, n)


def classifier_test(first: Sequence[Passage], second: Sequence[Passage], *, seed: int) -> TwoSampleTest:
    """Train on half of each set's documents and count right answers on as many texts of either set of the rest.

    The classifier is a ridge logistic regression on the shares of the 300 most common words of the training
    half. Match length and topic of the two sets first, or those are what it detects. ValueError when a set
    has fewer than two documents.
    """
    # The same seed for both, so that sets about the same documents are split alike: the words of a topic would
    # otherwise be learned as those of one set.
    halves = [_halved(passages, np.random.default_rng(seed)) for passages in (first, second)]
    generator = np.random.default_rng(seed)
    train, test = [half[0] for half in halves], [half[1] for half in halves]
    counts = [[Counter(style_words(text)) for text in texts] for texts in train]
    together = sum((count for own in counts for count in own), Counter[str]())
    words = sorted(together, key=lambda word: (-together[word], word))[:VOCABULARY]
    known = _shares([count for own in counts for count in own], words)
    centre, spread = known.mean(axis=0), known.std(axis=0)
    spread[spread == 0] = 1.0
    labels = np.repeat([1.0, 0.0], [len(own) for own in counts])
    # Each set weighs the same, whatever its size.
    weights = np.repeat([1 / len(own) for own in counts], [len(own) for own in counts]) * len(labels) / 2
    rows = SoftRows(_with_one((known - centre) / spread), labels, weights)
    coefficients = fit_ridge(rows, penalty=1.0)
    size = min(len(texts) for texts in test)
    right = 0
    for texts, sign in zip(test, (1, -1), strict=True):
        chosen = [Counter(style_words(texts[i])) for i in generator.permutation(len(texts))[:size]]
        scores = _with_one((_shares(chosen, words) - centre) / spread) @ coefficients
        # A score of exactly 0 is an answer too, the first set; texts that are equal come to one right, one wrong.
        right += int(((scores >= 0) == (sign > 0)).sum())
    return accuracy_test(right, 2 * size)


def _halved(passages: Sequence[Passage], generator: np.random.Generator) -> tuple[list[str], list[str]]:
    documents = sorted({passage.document for passage in passages})
    if len(documents) < 2:
        raise ValueError(f"{len(documents)} documents; a split by document needs two or more in each set")
    order = generator.permutation(len(documents))
    inside = {documents[i] for i in order[: len(documents) // 2]}
    train = [passage.text for passage in passages if passage.document in inside]
    return train, [passage.text for passage in passages if passage.document not in inside]


def _shares(counts: Sequence[Counter[str]], words: Sequence[str]) -> Floats:
    table = np.array([[count[word] for word in words] for count in counts], dtype=np.float64)
    totals = np.array([max(1, count.total()) for count in counts], dtype=np.float64)
    shares: Floats = table / totals[:, None]
    return shares


def _with_one(features: Floats) -> Floats:
    return np.column_stack([features, np.ones(len(features))])
