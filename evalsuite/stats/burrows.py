"""Burrows' Delta: how far a text is from each of several authors by its most common words (Burrows 2002)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.spread import Floats

# Who speaks of whom is the story's matter, not the author's manner.
PRONOUNS = frozenset(
    """he her hers herself him himself his i it its itself me mine my myself our ours ourselves she thee their theirs
    them themselves they thou thy thyself us we ye you your yours yourself yourselves
    я меня мне мной мною ты тебя тебе тобой тобою он его ему им нем она ее ей ею ней нею нее него оно мы нас нам нами
    вы вас вам вами они их ими них ним ними себя себе собой собою мой моя мое мои моего моей моему моим моих моими мою
    твой твоя твое твои твоего твоей твоему твоим твоих твоими твою наш наша наше наши нашего нашей нашему нашим наших
    нашими нашу ваш ваша ваше ваши вашего вашей вашему вашим ваших вашими вашу свой своя свое свои своего своей своему
    своим своих своими свою""".split()  # noqa: SIM905
)
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class AuthorDelta:
    """The distance of the text to one author; the smallest is the likeliest author."""

    author: str
    delta: float


def burrows_delta(text: str, authors: Mapping[str, Sequence[str]], *, count: int = 50) -> list[AuthorDelta]:
    """The text's Delta to each author's texts, nearest first, over the authors' `count` most common words.

    Words are runs of two letters or more of any script, case folded, without pronouns (English and Russian).
    Texts of a few thousand words and more are meant; short ones are mostly noise. ValueError for fewer than two
    authors, or a text or author without words.
    """
    if len(authors) < 2:
        raise ValueError(f"{len(authors)} authors; the spread between authors needs two or more")
    counts = {name: Counter(word for own in texts for word in style_words(own)) for name, texts in authors.items()}
    tested = Counter(style_words(text))
    empty = [name for name, found in (("the text", tested), *counts.items()) if not found]
    if empty:
        raise ValueError(f"no words in {', '.join(empty)}")
    together = sum(counts.values(), Counter[str]())
    common = sorted(together, key=lambda word: (-together[word], word))[:count]
    distances = deltas(_shares(tested, common), [_shares(found, common) for found in counts.values()])
    found = [AuthorDelta(name, float(delta)) for name, delta in zip(counts, distances, strict=True)]
    return sorted(found, key=lambda one: (one.delta, one.author))


def deltas(tested: ArrayLike, authors: ArrayLike) -> Floats:
    """The mean of |z_test - z_author| over words (w,), for each author (a, w); z by the authors' mean and sd (a - 1).

    Words that all authors use equally often tell nothing and are left out. ValueError when none is left.
    """
    own, table = np.asarray(tested, dtype=np.float64), np.asarray(authors, dtype=np.float64)
    if table.ndim != 2 or len(table) < 2 or table.shape[1:] != own.shape:
        raise ValueError(f"frequencies of shapes {own.shape} and {table.shape}; wanted (w,) and (authors, w)")
    spread = table.std(axis=0, ddof=1)
    telling = spread > 0
    if not telling.any():
        raise ValueError("all authors use every word equally often; there is no distance to measure")
    gaps = np.abs(own - table)[:, telling] / spread[telling]
    return np.asarray(gaps.mean(axis=1), dtype=np.float64)


def style_words(text: str) -> list[str]:
    """The words that count: letters only, two at least, case folded, no pronouns; ё counts as е."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return [word for word in _WORD.findall(plain) if word not in PRONOUNS]


def _shares(counts: Counter[str], words: Sequence[str]) -> Floats:
    return np.array([counts[word] for word in words], dtype=np.float64) / counts.total()
