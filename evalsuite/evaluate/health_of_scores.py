"""A judge's scores against people's: agreement overall and by criterion, leniency, the pull of length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from evalsuite.data.labels import LabelledReply
from evalsuite.evaluate.health_of_preferences import RESAMPLES, agreement_result, share
from evalsuite.evaluate.judge import Judgment, means, overall
from evalsuite.records import Result
from evalsuite.spec.declared import criterion_agreements
from evalsuite.spec.rubric import Rubric

_Scores = Mapping[str, float]


def score_health(
    replies: Sequence[LabelledReply],
    judged: Sequence[Judgment],
    rubric: Rubric,
    *,
    repeats: Sequence[Sequence[Judgment]],
    seed: int,
) -> list[Result]:
    """The figures of a judge that graded replies which people graded too."""
    people = [means(rubric, list(reply.scores.values())) for reply in replies]
    read = [
        (reply, judgment.scores, own)
        for reply, judgment, own in zip(replies, judged, people, strict=True)
        if judgment.scores is not None
    ]
    unread = share("unparsed", [float(judgment.scores is None) for judgment in judged])
    if not read:
        reason = f"no reply of the judge could be read: {judged[0].reason}"
        return [Result("agreement", None, None, None, 0, unscored=len(judged), reason=reason), unread]
    return [
        *_agreement(read, rubric, unscored=len(judged) - len(read), seed=seed),
        _leniency(read, rubric),
        _verbosity(read, rubric, seed=seed),
        _self_consistency(judged, repeats, rubric),
        unread,
    ]


def _agreement(
    read: Sequence[tuple[LabelledReply, _Scores, _Scores]], rubric: Rubric, *, unscored: int, seed: int
) -> Iterator[Result]:
    from evalsuite.stats.agreement import cohen
    from evalsuite.stats.bootstrap import Resampling
    from evalsuite.stats.krippendorff import krippendorff

    resampling = Resampling(seed=seed, resamples=RESAMPLES)
    levels = [(overall(rubric, judge), overall(rubric, people)) for _, judge, people in read]
    found = krippendorff(levels, scale="interval", resampling=resampling)
    named = "Krippendorff's alpha of overall scores, judge and mean of people"
    yield agreement_result("agreement", found, unscored=unscored, named=named)
    annotators = sorted({name for reply, _, _ in read for name in reply.scores})
    humans = [
        [overall(rubric, reply.scores[name]) if name in reply.scores else None for name in annotators]
        for reply, _, _ in read
    ]
    together = [[judge, *own] for (judge, _), own in zip(levels, humans, strict=True)]
    found = krippendorff(together, scale="interval", resampling=resampling)
    yield agreement_result("alpha", found, named="Krippendorff's alpha of judge and people")
    if any(sum(level is not None for level in own) > 1 for own in humans):
        found = krippendorff(humans, scale="interval", resampling=resampling)
        yield agreement_result("human_alpha", found, named="Krippendorff's alpha among people")
    for criterion, metric in criterion_agreements(rubric).items():
        pairs = [(float(round(judge[criterion])), float(round(own[criterion]))) for _, judge, own in read]
        kappa = cohen(*zip(*pairs, strict=True), weights="quadratic", resampling=resampling)
        yield agreement_result(metric.name, kappa, named="Cohen's kappa, quadratic weights")


def _leniency(read: Sequence[tuple[LabelledReply, _Scores, _Scores]], rubric: Rubric) -> Result:
    from evalsuite.stats.interval import mean

    its = mean([overall(rubric, judge) - overall(rubric, people) for _, judge, people in read], bounds=(-1.0, 1.0))
    return Result("leniency", its.value, its.interval.low, its.interval.high, its.n, detail="judge less people, 0 to 1")


def _verbosity(read: Sequence[tuple[LabelledReply, _Scores, _Scores]], rubric: Rubric, *, seed: int) -> Result:
    """The correlation of a reply's length with how much more the judge gives than people do."""
    import numpy as np

    from evalsuite.stats.bootstrap import Resampling
    from evalsuite.stats.resample import percentile_interval

    lengths = np.array([float(len(reply.reply)) for reply, _, _ in read])
    excess = np.array([overall(rubric, judge) - overall(rubric, people) for _, judge, people in read])

    def correlation(chosen: np.ndarray) -> float | None:
        weight = chosen / chosen.sum()
        x, y = lengths - weight @ lengths, excess - weight @ excess
        spread = float((weight @ x**2) * (weight @ y**2))
        return float(weight @ (x * y)) / spread**0.5 if spread > 1e-12 else None

    value = correlation(np.ones(len(read)))
    if value is None:
        reason = "all replies are of one length, or the judge is off by the same everywhere"
        return Result("verbosity_bias", None, None, None, len(read), reason=reason)
    found = percentile_interval(
        correlation, n=len(read), value=value, resampling=Resampling(seed=seed, resamples=RESAMPLES)
    )
    its = found.clipped(-1.0, 1.0)
    return Result("verbosity_bias", value, its.low, its.high, len(read), detail="correlation of length and excess")


def _self_consistency(judged: Sequence[Judgment], repeats: Sequence[Sequence[Judgment]], rubric: Rubric) -> Result:
    names = [criterion.name for criterion in rubric.criteria]
    same = [[_same(judgment, again[index], names) for again in repeats] for index, judgment in enumerate(judged)]
    if not repeats:
        return Result("self_consistency", None, None, None, 0, reason="nothing was asked twice; see --repeats")
    return share("self_consistency", [fmean(one) for one in same])


def _same(one: Judgment, again: Judgment, names: Sequence[str]) -> float:
    """The share of criteria with the same whole score; what could not be read is not the same."""
    if one.scores is None or again.scores is None:
        return 0.0
    return fmean(float(round(one.scores[name]) == round(again.scores[name])) for name in names)
