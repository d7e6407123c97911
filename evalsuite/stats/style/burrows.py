"""Burrows' Delta: how far texts are from an author's by the most common words (Burrows 2002)."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evalsuite.stats.intervals.bootstrap import Undefined
from evalsuite.stats.intervals.mean import Interval, t_critical, t_tail
from evalsuite.stats.intervals.spread import Floats, cluster_codes

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


def style_words(text: str) -> list[str]:
    """The words that count: letters only, two at least, case folded, no pronouns; ё counts as е."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return [word for word in _WORD.findall(plain) if word not in PRONOUNS]


CHUNKS = 10


@dataclass(frozen=True, slots=True)
class Distance:
    """A Delta, or a difference of two, with its jackknife interval; none where leaving out a sample changes nothing."""

    value: float
    interval: Interval | None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class AuthorDeltas:
    """Candidate and base to the author, and candidate minus base; `words` of the author, `telling` kinds of word."""

    candidate: Distance
    base: Distance
    difference: Distance
    words: int
    telling: int


def author_deltas(
    candidate: Sequence[str],
    base: Sequence[str],
    *,
    author: Sequence[str],
    clusters: Iterable[object] | None = None,
    count: int = 50,
) -> AuthorDeltas | Undefined:
    """Delta of all answers together to the author's, over the `count` commonest words of author and base.

    Shapes (n,): answers to the same prompts. Delta is the mean of |share - author's share| over the standard
    deviation (n - 1) of the word's share in ten chunks of the author's and ten of the base's answers, as stylo
    takes it over all texts of a corpus. Intervals by the delete-one jackknife over prompts or clusters (Efron and
    Stein 1981). Undefined without words or with fewer than two units. ValueError when lengths differ.
    """
    if not len(candidate) == len(base) == len(author):
        raise ValueError(f"{len(candidate)}, {len(base)} and {len(author)} answers; pair them by prompt")
    codes = np.arange(len(author)) if clusters is None else cluster_codes(clusters, len(author))
    units = len(set(codes.tolist()))
    if units < 2:
        return Undefined(f"{units} prompts; the spread between answers needs two or more")
    counts = {name: [Counter(style_words(text)) for text in texts] for name, texts in _named(candidate, base, author)}
    empty = [name for name, of in counts.items() if not any(of)]
    if empty:
        return Undefined(f"no words in the answers of {' and '.join(empty)}")
    common = sum((one for name in ("author", "base") for one in counts[name]), Counter[str]())
    words = sorted(common, key=lambda word: (-common[word], word))[:count]
    tables = {name: _by_unit(of, words, codes) for name, of in counts.items()}
    spread = np.concatenate([_chunked(tables["author"]), _chunked(tables["base"])]).std(axis=0, ddof=1)
    telling = spread > 0
    if not telling.any():
        return Undefined("author and base use every common word equally often")
    scale = np.where(telling, spread, np.inf)
    many, own = int(telling.sum()), tables["author"]
    ours, theirs = (_deltas(tables[name], own, scale, many) for name in ("candidate", "base"))
    gap = _distance(ours[0] - theirs[0], ours[1] - theirs[1], signed=True)
    return AuthorDeltas(_distance(*ours), _distance(*theirs), gap, int(own[:, -1].sum()), many)


def _named(candidate: Sequence[str], base: Sequence[str], author: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    return [("candidate", candidate), ("base", base), ("author", author)]


def _by_unit(counts: Sequence[Counter[str]], words: Sequence[str], codes: Iterable[int]) -> Floats:
    """One row per unit: how often each word stands in it, and all its words at the end (u, w + 1)."""
    labels = list(codes)
    table = np.zeros((max(labels) + 1, len(words) + 1))
    for code, one in zip(labels, counts, strict=True):
        table[code] += [*(one[word] for word in words), one.total()]
    return table


def _chunked(table: Floats) -> Floats:
    """Shares of the words in chunks of every tenth unit; chunks without words are left out."""
    chunks = [table[start::CHUNKS].sum(axis=0) for start in range(min(CHUNKS, len(table)))]
    return np.array([chunk[:-1] / chunk[-1] for chunk in chunks if chunk[-1]])


def _deltas(table: Floats, author: Floats, scale: Floats, telling: int) -> tuple[float, Floats]:
    """The Delta over all units, and with each unit left out of both."""

    def delta(one: Floats, other: Floats) -> Floats:
        shares, theirs = (rows[..., :-1] / np.maximum(rows[..., -1:], 1) for rows in (one, other))
        return np.asarray((np.abs(shares - theirs) / scale).sum(axis=-1) / telling, dtype=np.float64)

    whole, own = table.sum(axis=0), author.sum(axis=0)
    return float(delta(whole, own)), delta(whole - table, own - author)


def _distance(value: float, left_out: Floats, *, signed: bool = False) -> Distance:
    units = len(left_out)
    error = math.sqrt((units - 1) / units * float(((left_out - left_out.mean()) ** 2).sum()))
    if error == 0:
        return Distance(value, None)
    half = t_critical(0.95, units - 1) * error
    interval = Interval(value - half, value + half, 0.95)
    if not signed:
        interval = interval.clipped(0.0, math.inf).around(value)
    return Distance(value, interval, 2 * t_tail(abs(value) / error, units - 1) if signed else None)
