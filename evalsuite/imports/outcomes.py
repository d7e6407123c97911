"""What is known of each imported system: its answers, its scores by sample, and figures with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.imports import DEFAULT_SEED, Imported, slug
from evalsuite.imports.grades import RELATIVE, TOTAL, grade_metric, graded_figures, grades_of, relative_figures
from evalsuite.imports.joined import Match, matches
from evalsuite.imports.length import LENGTH_CONTROLLED, length_controlled_rate
from evalsuite.imports.length_files import LengthAid
from evalsuite.imports.rates import ELO, WIN_RATE, compared_figures, rating_figures
from evalsuite.records import Metric, Outcome, Reply
from evalsuite.stats.bootstrap import Resampling


def outcomes(imported: Imported, *, aid: LengthAid | None = None, seed: int = DEFAULT_SEED) -> dict[str, Outcome]:
    """An outcome for every system.

    Metrics: `NAME.grade` (mean, and `NAME.total`, the sum), `NAME.win_rate` (a tie counts half, also against each
    opponent), `NAME.relative_score.OPPONENT` (100 Σ own / Σ opponent's), `NAME.elo` (Bradley-Terry, mean 1000),
    `NAME.length_controlled_win_rate` where `aid` is given, and what the format itself brings.
    """
    played = matches(imported)
    grade, declared = grade_metric(imported), _declared(imported)
    ratings = rating_figures(imported.name, played, Resampling(seed=seed, resamples=1000))
    found = {}
    for system in imported.systems:
        own = [match for match in played if system in (match.first, match.second)]
        grades = grades_of(imported, system)
        scores, results = graded_figures(grade, TOTAL.of(imported.name), grades)
        more_scores, more_results = compared_figures(imported.name, system, own, weighted=imported.weighted, seed=seed)
        results += more_results + relative_figures(imported, system, seed=seed) + ratings.get(system, [])
        if aid is not None and own:
            few = Resampling(seed=seed, resamples=500)
            results.append(length_controlled_rate(imported, system, own, aid=aid, resampling=few))
        results += [figure for name, figure in imported.figures if name == system]
        outcome = Outcome(_replies(imported, system, own), tuple(scores + more_scores), tuple(results))
        found[system] = outcome.declaring([grade, *declared])
    return found


def _declared(imported: Imported) -> list[Metric]:
    """What an import's figures are, the grade aside."""
    rate, name = WIN_RATE.of(imported.name), imported.name
    met = [slug(system) for system in imported.systems]
    return [
        *(metric.of(name) for metric in (TOTAL, ELO, LENGTH_CONTROLLED)),
        *(rate, *(rate.part(system) for system in met)),
        *(RELATIVE.of(name).against(system, alone=False) for system in met),
        *imported.metrics,
    ]


def _replies(imported: Imported, system: str, own: Sequence[Match]) -> tuple[Reply, ...]:
    texts = {(answer.system, answer.sample): answer for answer in imported.answers}
    opponents = {match.against(system) for match in own}
    opponent = opponents.pop() if len(opponents) == 1 else None
    turns = {answer.question for answer in imported.answers if answer.turn > 1}
    replies = []
    for (name, sample), answer in texts.items():
        if name == system:
            theirs = texts[opponent, sample].text if opponent and (opponent, sample) in texts else ""
            group = answer.question if answer.question in turns else None
            replies.append(Reply(sample, answer.prompt, answer.text, theirs, group))
    return tuple(replies)
