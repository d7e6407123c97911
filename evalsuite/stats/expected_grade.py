"""The grade a judge would give on average, out of its token probabilities (G-Eval, Liu et al. 2023)."""

from collections.abc import Mapping

from evalsuite.stats.bootstrap import Undefined


def expected_grade(chances: Mapping[float, float]) -> float | Undefined:
    """Σ p(grade) · grade over the valid grades' probabilities, renormalised to 1.

    Undefined when no valid grade has any probability. ValueError for a negative probability.
    """
    if any(not chance >= 0 for chance in chances.values()):
        raise ValueError("chances: a probability is 0 or more")
    total = sum(chances.values())
    if total <= 0:
        return Undefined("none of the grades has any probability; the judge meant to say something else")
    return sum(grade * chance for grade, chance in chances.items()) / total
