"""Evidence from flipped answers that may be looked at any time: McNemar's test as a bet."""

import math


def discordant(lost: int, gained: int, *, prior: float = 1.0) -> float:
    """The e-value of "a flip is lost or gained like a fair coin"; reject at 1 / alpha, at any time.

    The Beta-binomial mixture 2^(b+c) B(b+a, c+a) / B(a, a) with a = `prior`: 1 is uniform, 1/2 Jeffreys'.
    """
    _checked(lost, gained)
    if not prior > 0:
        raise ValueError(f"prior is {prior!r}; it must be above 0, for example 1 or 0.5")
    flips = lost + gained
    return _exp(flips * math.log(2) + _log_beta(lost + prior, gained + prior) - _log_beta(prior, prior))


def worse(lost: int, gained: int) -> float:
    """The e-value of "no more is lost than gained": large when the candidate got worse.

    The mixture over all shares of losses above one half: 2^(b+c+1) B(b+1, c+1) P(Beta(b+1, c+1) > 1/2).
    """
    from scipy.special import bdtr

    _checked(lost, gained)
    flips = lost + gained
    # P(Beta(b+1, c+1) > 1/2) = P(at most b heads in b+c+1 tosses of a fair coin).
    tail = float(bdtr(lost, flips + 1, 0.5))
    return _exp((flips + 1) * math.log(2) + _log_beta(lost + 1, gained + 1) + math.log(tail)) if tail else 0.0


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _exp(value: float) -> float:
    return math.exp(min(value, 700.0))


def _checked(lost: int, gained: int) -> None:
    if min(lost, gained) < 0:
        raise ValueError(f"{lost} lost and {gained} gained; counts of flips are 0 or more")
