"""Quantiles and tails of the normal, Student's t and fair-coin distributions, one number at a time."""

import math
from statistics import NormalDist


def normal_critical(confidence: float) -> float:
    """The z that leaves (1 - confidence) / 2 in each tail: 1.96 for 0.95."""
    return -NormalDist().inv_cdf((1 - _checked(confidence)) / 2)


def normal_tail(z: float) -> float:
    """P(Z > z), accurate far out in the tail."""
    return math.erfc(z / math.sqrt(2)) / 2


def t_critical(confidence: float, degrees: int) -> float:
    """The t that leaves (1 - confidence) / 2 in each tail at `degrees` of freedom."""
    from scipy.special import stdtrit  # scipy.special alone: scipy.stats takes ten times as long to import

    return -float(stdtrit(degrees, (1 - _checked(confidence)) / 2))


def t_tail(t: float, degrees: int) -> float:
    """P(T > t) at `degrees` of freedom."""
    from scipy.special import stdtr

    return float(stdtr(degrees, -t))


def fair_coin_tail(heads: int, tosses: int) -> float:
    """P(at most `heads` heads in `tosses` tosses of a fair coin); 0 below zero heads."""
    from scipy.special import bdtr

    return float(bdtr(heads, tosses, 0.5)) if heads >= 0 else 0.0


def _checked(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}; it must lie between 0 and 1, for example 0.95")
    return confidence
