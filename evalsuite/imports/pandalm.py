"""PandaLM's test set: pairs with three human labels each, and a judge's verdicts on the same pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from evalsuite.errors import DataError
from evalsuite.imports.imported import (
    DEFAULT_SEED,
    Answered,
    At,
    Imported,
    ImportedPair,
    Row,
    digests,
    rows,
    text,
    word,
)
from evalsuite.records import Metric, Result, by_name

_LABELS = {"0": "tie", "1": "first", "2": "second", "tie": "tie"}
_SCORES = {"first": 1.0, "tie": 0.5, "second": 0.0}
_ANNOTATORS = ("annotator1", "annotator2", "annotator3")

Label = str | None

FIGURES = by_name(
    (
        Metric("accuracy", about="The share of pairs on which the judge says what most of the people say."),
        Metric("kappa", low=-1.0, unit="kappa", about="Cohen's kappa of the judge and the people's majority."),
        Metric("human_kappa", low=-1.0, unit="kappa", about="Fleiss' kappa among the people themselves."),
        Metric("human_alpha", low=-1.0, unit="alpha", about="Krippendorff's alpha among the people themselves."),
    )
)


def read_labels(name: str, files: Sequence[Path], *, judged: Path | None = None, judge: str = "judge") -> Imported:
    """The pairs of the files with the humans' majority as the outcome; three different labels are a tie.

    `judged` holds one verdict per pair (`gpt_result`, `pandalm_result` or `result`), matched by `idx`; what it
    says becomes figures of the system `judge`: accuracy against the majority, agreement beyond chance, and how
    far the humans agree among themselves. Raises DataError for malformed rows.
    """
    compared: list[ImportedPair] = []
    answers: dict[tuple[str, str], Answered] = {}
    human: dict[str, tuple[str, ...]] = {}
    for at, row in rows(files, of="labelled pairs"):
        idx, systems = word(row, "idx", at), _systems(row, at)
        labels = tuple(_label(row, key, at) for key in _ANNOTATORS)
        if idx in human:
            raise DataError(f"{at[0]}:{at[1]}  has the idx {idx} of another pair; each needs its own")
        human[idx] = labels
        prompt = "\n\n".join(part for part in (text(row, "instruction", at), row.get("input") or "") if part)
        for system, key in zip(systems, ("response1", "response2"), strict=True):
            answers[system, idx] = Answered(system, idx, _said(row, key, at), prompt)
        compared.append(ImportedPair(idx, 1, *systems, _SCORES[majority(labels)]))
    figures = () if judged is None else _figures(name, human, _verdicts(judged, human))
    return Imported(
        name,
        digests([*files, *([judged] if judged else [])]),
        tuple(answers.values()),
        compared=tuple(compared),
        figures=tuple((judge, figure) for figure in figures),
        metrics=tuple(metric.of(name) for metric in FIGURES.values()),
    )


def majority(labels: Sequence[str]) -> str:
    """What more than half say, otherwise a tie."""
    label, count = Counter(labels).most_common(1)[0]
    return label if count > len(labels) / 2 else "tie"


def _figures(name: str, human: Mapping[str, tuple[str, ...]], verdicts: Mapping[str, Label]) -> tuple[Result, ...]:
    from evalsuite.stats.agreement.kappa import cohen, fleiss
    from evalsuite.stats.agreement.krippendorff import krippendorff
    from evalsuite.stats.intervals.bootstrap import Resampling
    from evalsuite.stats.intervals.mean import mean

    resampling = Resampling(seed=DEFAULT_SEED, resamples=1000)
    read = {idx: label for idx, label in verdicts.items() if label is not None}
    unread = len(verdicts) - len(read)
    if not read:
        return (
            Result(FIGURES["accuracy"].of(name).name, None, None, None, 0, unread, reason="no verdict could be read"),
        )
    gold = [majority(human[idx]) for idx in read]
    right = mean([mine == theirs for mine, theirs in zip(read.values(), gold, strict=True)])
    reason = f"{unread} verdicts could not be read" if unread else None
    found = [
        Result(
            FIGURES["accuracy"].of(name).name,
            right.value,
            right.interval.low,
            right.interval.high,
            right.n,
            unread,
            reason,
        ),
    ]
    agreements = {
        "kappa": cohen(list(read.values()), gold, resampling=resampling),
        "human_kappa": fleiss(list(human.values()), resampling=resampling),
        "human_alpha": krippendorff(list(human.values()), resampling=resampling),
    }
    for metric, agreement in agreements.items():
        low, high = (agreement.interval.low, agreement.interval.high) if agreement.interval else (None, None)
        detail = f"raw agreement {agreement.raw:.3f}; labels {', '.join(agreement.labels)}"
        found.append(
            Result(FIGURES[metric].of(name).name, agreement.kappa, low, high, agreement.n, 0, agreement.reason, detail)
        )
    return tuple(found)


def _verdicts(file: Path, human: Mapping[str, object]) -> dict[str, Label]:
    found: dict[str, Label] = {}
    for at, row in rows([file], of="verdicts"):
        idx = word(row, "idx", at)
        key = next((key for key in ("gpt_result", "pandalm_result", "result") if key in row), None)
        if key is None or idx not in human:
            missing = "has no gpt_result, pandalm_result or result" if key is None else f"judges {idx!r}, no such pair"
            raise DataError(f"{at[0]}:{at[1]}  {missing}")
        found[idx] = _LABELS.get(str(row[key]).strip().lower())
    return found


def _label(row: Row, key: str, at: At) -> str:
    label = _LABELS.get(str(row.get(key)))
    if label is None:
        raise DataError(f"{at[0]}:{at[1]}  {key!r} is {row.get(key)!r}; it must be 1, 2, or 0 for a tie")
    return label


def _said(row: Row, key: str, at: At) -> str:
    # Answers such as True or 4 stand in the published file without quotation marks.
    value = row.get(key)
    return str(value) if isinstance(value, bool | int | float) else text(row, key, at)


def _systems(row: Row, at: At) -> tuple[str, str]:
    names = word(row, "cmp_key", at).split("_")
    if len(names) != len(("first", "second")) or names[0] == names[1]:
        raise DataError(f"{at[0]}:{at[1]}  'cmp_key' is {row['cmp_key']!r}; it must name two systems, A_B")
    return names[0], names[1]
