"""The length-controlled win rate of an imported system against its one baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalsuite.imports import Imported
from evalsuite.imports.joined import Match
from evalsuite.imports.length_files import LengthAid
from evalsuite.records import Metric, Result
from evalsuite.stats.bootstrap import Resampling
from evalsuite.stats.length_control import LengthControlled, from_weights, length_controlled

LENGTH_CONTROLLED = Metric(
    "length_controlled_win_rate",
    about="The share of pairs won that is expected at equal length (AlpacaEval 2, Dubois et al. 2024).",
)


def length_controlled_rate(
    imported: Imported, system: str, own: Sequence[Match], *, aid: LengthAid, resampling: Resampling
) -> Result:
    """The share won at equal length, from stored weights where the system has some, otherwise fitted.

    The interval refits on resampled instructions; stored weights tell nothing of their own error and have none.
    Without a value, and with the reason, for several opponents, unknown difficulties or missing answers.
    """
    metric = LENGTH_CONTROLLED.of(imported.name).name
    opponents = {match.against(system) for match in own}
    known = [found for match in own if (found := aid.of(match.question)) is not None]
    unknown = len(own) - len(known)
    if len(opponents) > 1:
        return _nothing(metric, len(own), f"{len(opponents)} opponents; control one model against one baseline")
    if unknown:
        return _nothing(metric, len(own), f"{unknown} instructions have no difficulty")
    stored = (aid.weights or {}).get(system)
    if stored is not None:
        return _result(metric, from_weights(stored, known), "stored weights")
    baseline = opponents.pop()
    lengths = {(answer.system, answer.sample): len(answer.text) for answer in imported.answers}
    missing = sum((name, match.sample) not in lengths for match in own for name in (system, baseline))
    if missing:
        return _nothing(metric, len(own), f"{missing} answers are missing, so their lengths are not known")
    longer = [lengths[baseline, match.sample] - lengths[system, match.sample] for match in own]
    chances = [math.nan if (score := match.seen_by(system)) is None else score for match in own]
    if sum(not math.isnan(chance) for chance in chances) < 2:
        return _nothing(metric, len(own), "fewer than two preferences could be read")
    fitted = length_controlled(longer, known, chances, gamed=aid.gamed, resampling=resampling)
    return _result(metric, fitted, "fitted")


def _result(metric: str, found: LengthControlled, how: str) -> Result:
    value, error = found.win_rate / 100, found.standard_error
    low, high = (None, None) if found.interval is None else (found.interval.low / 100, found.interval.high / 100)
    weights = found.weights
    parts = [f"{how}: length {weights.length:.6g}, difficulty {weights.difficulty:.6g}, model {weights.model:.6g}"]
    parts += [f"standard error of the predictions {error / 100:.6g}"] if error is not None else []
    parts += [f"C {found.strength:.6g}"] if found.strength is not None else []
    return Result(metric, value, low, high, found.n, 0, found.warning, "; ".join(parts))


def _nothing(metric: str, unscored: int, reason: str) -> Result:
    return Result(metric, None, None, None, 0, unscored, reason)
