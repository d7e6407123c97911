"""Intervals of a share by other families than Wilson's, for comparison and where a guarantee is wanted."""

from evalsuite.stats.interval import Interval


def clopper_pearson(right: int, n: int, *, confidence: float = 0.95) -> Interval:
    """The exact interval: covers at least `confidence` always, and usually more (Clopper and Pearson 1934)."""
    return _beta(right, n, before=(0.0, 1.0), confidence=confidence)


def jeffreys(right: int, n: int, *, confidence: float = 0.95) -> Interval:
    """The equal-tailed interval of the Jeffreys prior, 0 or 1 at the ends (Brown, Cai and DasGupta 2001)."""
    return _beta(right, n, before=(0.5, 0.5), confidence=confidence)


def _beta(right: int, n: int, *, before: tuple[float, float], confidence: float) -> Interval:
    from scipy.special import betaincinv

    if not 0 <= right <= n or n < 1:
        raise ValueError(f"{right} right of {n}; wanted 0 to n, and n at least 1")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}; it must lie between 0 and 1, for example 0.95")
    tail, (first, second) = (1 - confidence) / 2, before
    wrong = n - right
    low = 0.0 if right == 0 else float(betaincinv(right + first, wrong + second, tail))
    high = 1.0 if wrong == 0 else float(betaincinv(right + second, wrong + first, 1 - tail))
    return Interval(low, high, confidence)
