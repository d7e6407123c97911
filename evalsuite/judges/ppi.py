"""A judge's mean score corrected by people's labels: prediction-powered inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalsuite.data.evaluation.labels import LabelledReply, reply_digest
from evalsuite.records import Metric, Reply, Result, Results
from evalsuite.spec.declared import SCORE
from evalsuite.spec.rubric import Rubric

# With fewer labels the spread of people's scores around the judge's is not known.
_FEWEST = 10


def corrected(
    entry: str,
    replies: Sequence[Reply],
    candidate: Results,
    *,
    labels: Mapping[str, LabelledReply],
    rubric: Rubric,
) -> tuple[Metric, Result] | None:
    """`ENTRY.score.ppi`, from people's scores of some of these very replies and the judge's of all of them.

    None when people scored none of them. Labels of other replies say nothing here: they may be of another kind. The
    labelled replies must be a random part of all, as when a page draws the replies that it shows.
    """
    from evalsuite.stats.intervals.mean import mean
    from evalsuite.stats.intervals.prediction_powered import prediction_powered

    score = SCORE.of(entry)
    judged = candidate.scores.get(score.name, {})
    digests = {reply.sample_id: reply_digest(reply.prompt, reply.text) for reply in replies}
    people = {key: labels[found] for key, found in digests.items() if found in labels and key in judged}
    if not people:
        return None
    metric, n = score.corrected(), len(judged)
    rest = [value for key, value in judged.items() if key not in people]
    missing = _missing(len(people), len(rest))
    if missing is not None:
        return metric, Result(metric.name, None, None, None, n, reason=missing)
    human = [rubric.overall(rubric.means(list(people[key].scores.values()))) for key in people]
    found = prediction_powered(human, [judged[key] for key in people], unlabelled=rest)
    # People who all say the same leave no spread to go by; the guarded interval of their mean is the honest one.
    its = found.interval if found.standard_error else mean(human, bounds=(0.0, 1.0)).interval
    its = its.clipped(0.0, 1.0).around(found.value)
    detail = f"people scored {len(people)} of {n}; trust in the judge {found.trust:.2f}"
    return metric, Result(metric.name, found.value, its.low, its.high, n, detail=detail)


def _missing(labelled: int, unlabelled: int) -> str | None:
    if labelled < _FEWEST:
        return f"people scored {labelled} of these replies; {_FEWEST} are needed to correct the judge"
    if not unlabelled:
        return "people scored every reply, so that nothing is left to correct; their mean is the score"
    return None
