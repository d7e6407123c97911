"""What the entries of every suite yield besides a task's or a probe's own figures: each declared here, once.

Names are local: a suite's entry puts its own before them (`Metric.of`), a judge `judge.NAME` (`Metric.of_judge`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalsuite.records import Metric, by_name
from evalsuite.spec.rubric import Rubric

LETTER_ACCURACY = Metric(
    "letter_accuracy", about="The share of items whose right option's letter the model wrote when asked for a letter."
)
OVERLAP = Metric(
    "overlap",
    direction="lower",
    place="detail",
    about="The share of the entry's samples that stand in the candidate's own training data, counted.",
)
LATENCY = Metric(
    "latency",
    direction="lower",
    high=None,
    unit="seconds",
    place="detail",
    about="The mean seconds a completion took, as the backend served it; a batch's time is shared among its replies.",
)

_APART = Metric(
    "judge_disagreement",
    direction="lower",
    place="beside",
    about="How far the members of a panel of judges are apart, 0 where all say the same.",
)

# Of a judged set: what the rubric's grades come to.
SCORE = Metric("score", about="The judge's grade by the rubric, criteria weighted, from the worst anchor to the best.")
FIDELITY = Metric(
    "fidelity",
    low=None,
    high=None,
    about="How far the candidate went from the base (0) to the author's own held-out answers (1), by the score.",
)
DISAGREEMENT = _APART

# Of a judged set, beside fidelity.
STYLE: Mapping[str, Metric] = by_name(
    (
        Metric(
            "delta",
            direction="lower",
            high=None,
            unit="Delta",
            place="beside",
            about="Burrows' Delta: how far the use of common words is from the author's (Burrows 2002).",
        ),
        Metric(
            "classifier_accuracy",
            direction="lower",
            place="beside",
            about="How often a classifier tells the texts from the author's; at 0.5 it guesses, so lower is closer.",
        ),
        Metric(
            "author_nll",
            direction="lower",
            high=None,
            unit="nats",
            place="beside",
            about="How surprised the model is by the author's answers, in nats per token.",
        ),
        Metric(
            "control",
            direction="neither",
            place="beside",
            about="What another author's answers get by the same rubric; it tells what the rubric sees.",
        ),
        Metric(
            "indistinguishable",
            place="beside",
            about="The win rate against the author's own answers; at 0.5 the judge cannot tell which is better.",
        ),
    )
)

# Of a pairing, against each opponent.
PAIRED: Mapping[str, Metric] = by_name(
    (
        Metric(
            "win_rate",
            about="The share of pairs that the candidate wins, each judged in both orders, a tie counting half.",
        ),
        Metric(
            "length_controlled",
            place="beside",
            about="The win rate that is expected at equal length of replies (AlpacaEval 2, Dubois et al. 2024).",
        ),
        Metric(
            "length_ratio",
            direction="neither",
            high=None,
            unit="ratio",
            place="beside",
            about="The mean length of the candidate's replies over the opponent's, in characters.",
        ),
        Metric(
            "position_consistency",
            place="beside",
            about="How often the judge says the same of a pair in both orders.",
        ),
        _APART,
    )
)


def _health() -> tuple[Metric, ...]:
    accuracy = Metric("accuracy", place="detail", about="How often the judge prefers what most people prefer.")
    agreement = Metric(
        "agreement",
        low=-1.0,
        unit="kappa",
        place="detail",
        about="The judge's agreement with people beyond chance: Cohen's kappa of preferences, alpha of scores.",
    )
    ways = {"given": "With the pair as it stands.", "swapped": "With the pair swapped."}
    beyond: dict[str, Any] = {"low": -1.0, "place": "detail"}
    share: dict[str, Any] = {"direction": "lower", "place": "detail"}
    return (
        accuracy,
        *(accuracy.figure(way, f"{accuracy.about} {told}", place="detail") for way, told in ways.items()),
        agreement,
        *(agreement.figure(way, f"{agreement.about} {told}", place="detail") for way, told in ways.items()),
        Metric("alpha", unit="alpha", **beyond, about="Krippendorff's alpha of the judge and all people together."),
        Metric("biased_to_first", **share, about="The share of pairs given to whoever stands first, in both orders."),
        Metric("biased_to_second", **share, about="The share of pairs given to whoever stands second, in both orders."),
        Metric("consistency", place="detail", about="The share of pairs with one winner in both orders."),
        Metric("fleiss", unit="kappa", **beyond, about="Fleiss' kappa of the judge and all people."),
        Metric("human_alpha", unit="alpha", **beyond, about="Krippendorff's alpha among the people themselves."),
        Metric("latency", direction="lower", high=None, unit="seconds", place="detail", about="Seconds a call, alone."),
        Metric("leniency", low=-1.0, **share, about="How much more the judge gives than people do; at 0 the same."),
        Metric("money", direction="lower", high=None, unit="dollars", place="detail", about="Dollars for a judgment."),
        Metric("self_consistency", place="detail", about="How often the judge says the same when asked again."),
        Metric("unparsed", **share, about="The share of the judge's replies that could not be read."),
        Metric(
            "verbosity_bias", low=-1.0, **share, about="How much more than people the judge favours length; 0 best."
        ),
    )


# Of a judge that was checked against people's labels, as `judge.JUDGE.FIGURE`.
HEALTH: Mapping[str, Metric] = by_name(_health())


def criterion_scores(rubric: Rubric) -> Mapping[str, Metric]:
    """The judged set's score of each criterion, by the criterion's name."""
    return {
        its.name: SCORE.figure(
            its.name, f"The judge's grade of {its.name} alone, from the worst anchor to the best.", place="detail"
        )
        for its in rubric.criteria
    }


def criterion_agreements(rubric: Rubric) -> Mapping[str, Metric]:
    """The judge's agreement with people on each criterion, by the criterion's name."""
    agreement = HEALTH["agreement"]
    told = "Cohen's kappa with quadratic weights, of the judge and the mean of people, on {}."
    return {its.name: agreement.figure(its.name, told.format(its.name), place="detail") for its in rubric.criteria}


def against_author(figure: str) -> Metric:
    """A figure of the candidate's pairs with the author: the win rate itself, or one that belongs to it."""
    whole = STYLE["indistinguishable"]
    if figure == "win_rate":
        return whole
    its = PAIRED[figure]
    scale: dict[str, Any] = {"direction": its.direction, "low": its.low, "high": its.high, "unit": its.unit}
    return whole.figure(figure, f"{its.about} Against the author's own answers.", **scale)
