"""How much of a text was said word for word: exact continuation, longest run, share of copied n-grams."""

from collections.abc import Sequence


def extracted(said: Sequence[int], truth: Sequence[int]) -> bool:
    """Whether greedy decoding gave exactly what follows (Carlini et al. 2023); an empty truth is not extracted."""
    return bool(truth) and list(said[: len(truth)]) == list(truth)


def longest_run(said: Sequence[int], truth: Sequence[int]) -> int:
    """The length of the longest run of tokens that both have, wherever it stands."""
    best, above = 0, [0] * (len(truth) + 1)
    for token in said:
        row = [0] * (len(truth) + 1)
        for place, other in enumerate(truth):
            if token == other:
                row[place + 1] = above[place] + 1
        best, above = max(best, *row), row
    return best


def copied_share(said: Sequence[int], truth: Sequence[int], *, n: int) -> float | None:
    """The share of the runs of n tokens in `said` that stand in `truth`; None where `said` is shorter than n."""
    runs = [tuple(said[start : start + n]) for start in range(len(said) - n + 1)]
    known = {tuple(truth[start : start + n]) for start in range(len(truth) - n + 1)}
    return sum(run in known for run in runs) / len(runs) if runs else None
