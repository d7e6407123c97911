"""The rows of a training source: recognised, checked, written as documents, and scored."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from evalsuite.data.files import read_rows
from evalsuite.data.training.quality import Difficulty, RowScore, best, score_rows
from evalsuite.data.training.row_formats import Shape, read_row, shape_of
from evalsuite.errors import DataError
from evalsuite.records import ChosenRejected, Message, Prompt, Row, Unanswered
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.source import Format, Source, sources_of

R = TypeVar("R", bound=Row)
Writer = Callable[[Sequence[Message], str], tuple[str, str]]


def render(row: R, form: Format) -> R:
    """The row in that format; `chat` leaves it as it is, and so is a row of plain text, which has no structure."""
    if form == "chat" or row.prompt.text is not None or not row.answers:
        return row
    written = [WRITERS[form](row.prompt.messages, answer) for answer in row.answers]
    prompt = Prompt.raw(written[0][0])
    changed: dict[str, Any] = {"completion": written[0][1]}
    if isinstance(row, ChosenRejected):
        changed = {"chosen": written[0][1], "rejected": written[1][1]}
    return replace(row, prompt=prompt, **changed)


def _text(asked: Sequence[Message], answer: str) -> tuple[str, str]:
    return "".join(f"{message.content}\n\n" for message in asked), answer


def _markdown(asked: Sequence[Message], answer: str) -> tuple[str, str]:
    turns = "".join(f"## {message.role.capitalize()}\n\n{message.content}\n\n" for message in asked)
    return f"{turns}## Assistant\n\n", answer


def _json(asked: Sequence[Message], answer: str) -> tuple[str, str]:
    turns = "".join(f"{_object(message.role, message.content)},\n " for message in asked)
    whole = _object("assistant", answer)
    start = len('{"role": "assistant", "content": "')
    return f"[{turns}{whole[:start]}", f"{whole[start:]}]"


def _object(role: str, content: str) -> str:
    return json.dumps({"role": role, "content": content}, ensure_ascii=False)


def _yaml(asked: Sequence[Message], answer: str) -> tuple[str, str]:
    turns = "".join(f"- role: {message.role}\n  content: {_scalar(message.content)}" for message in asked)
    return f"{turns}- role: assistant\n  content: ", _scalar(answer)


def _scalar(text: str) -> str:
    """The text as a YAML value on lines of its own where YAML can write it so, otherwise in quotes."""
    import yaml

    lines = text.split("\n")
    if lines[0].strip() and lines[-1] and not lines[0].startswith(" ") and all(line.isprintable() for line in lines):
        return "|-\n" + "".join(f"    {line}\n" if line else "\n" for line in lines)
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))


WRITERS: dict[Format, Writer] = {"markdown": _markdown, "yaml": _yaml, "json": _json, "text": _text}


_SHOWN = 5


@dataclass(frozen=True)
class SourceRows:
    """The rows of one source in file order, the line of each, and how many bad ones were dropped."""

    source: Source
    file: Path
    shape: str
    rows: tuple[Row, ...]
    lines: tuple[int, ...]
    dropped: int
    filtered: int

    def __str__(self) -> str:
        words = [f"{self.source.place}: {len(self.rows):,} rows", self.shape]
        if self.source.format != "chat":
            words.append(f"written as {self.source.format}")
        documents = len({row.document for row in self.rows if row.document is not None})
        if documents:
            words.append(f"from {documents:,} documents")
        if self.dropped:
            words.append(f"{self.dropped:,} bad rows dropped")
        if self.source.filter is not None:
            words.append(f"{self.filtered:,} left out by {self.source.filter.by}")
        return ", ".join(words)


def training_rows(resolved: ResolvedSpec, *, as_chat: bool = False) -> tuple[SourceRows, ...]:
    """What a spec trains on, source by source; empty when it trains on nothing. `as_chat` writes no other format.

    Raises DataError with the bad rows of a file unless its source says `on_bad_row: drop`.
    """
    method = resolved.spec.train
    if method is None or method.learns_from is None:
        return ()
    sources = [source.model_copy(update={"format": "chat"}) if as_chat else source for source in sources_of(method)]
    pairs = zip(resolved.training_data, sources, strict=True)
    return tuple(source_rows(path, source, wanted=method.learns_from) for path, source in pairs)


def source_rows(path: Path, source: Source, *, wanted: type[Row]) -> SourceRows:
    """The rows of one source as what a method learns from; raises DataError as `training_rows`."""
    stamp: tuple[int, int] | None = None
    with suppress(OSError):  # reading it will say why
        stamp = (path.stat().st_mtime_ns, path.stat().st_size)
    return _source_rows(path, stamp, source, wanted)  # type: ignore[arg-type]  # a class is hashable


# Planning, checking and training read the same sources, and so do all specs of a matrix.
@lru_cache(maxsize=8)
def _source_rows(path: Path, stamp: tuple[int, int] | None, source: Source, wanted: type[Any]) -> SourceRows:
    found: dict[int, tuple[dict[str, Any], Shape]] = {}
    bad: dict[int, str] = {}
    columns = source.columns.named()
    for number, row in read_rows(path):
        try:
            if isinstance(row, DataError):
                raise row
            row = _renamed(row, columns, at=(path, number))  # noqa: PLW2901
            found[number] = (row, shape_of(row, (path, number)))
        except DataError as error:
            bad[number] = str(error)
    shape = _commonest(found)
    rows: dict[int, Row] = {}
    for number, (row, its) in found.items():
        try:
            rows[number] = _row(row, its, shape, at=(path, number), wanted=wanted)
        except DataError as error:
            bad[number] = str(error)
    if bad and (source.on_bad_row == "stop" or not rows):
        raise DataError(_told(path, bad, good=len(rows)))
    given = {number: row for number, (row, _) in found.items()}
    kept = best(source.filter, rows, given, path=path) if source.filter is not None else list(rows)
    written = tuple(render(rows[number], source.format) for number in kept)
    return SourceRows(source, path, shape[1] if shape else "", written, tuple(kept), len(bad), len(rows) - len(kept))


def _renamed(row: dict[str, Any], columns: Mapping[str, str], *, at: tuple[Path, int]) -> dict[str, Any]:
    missing = [column for column in columns.values() if column not in row]
    if missing:
        have = ", ".join(sorted(row)) or "none"
        raise DataError(f"{at[0]}:{at[1]}  has no column {missing[0]!r} (its columns: {have})")
    rest = {key: value for key, value in row.items() if key not in columns.values()}
    return {**rest, **{key: row[column] for key, column in columns.items()}}


def _row(
    row: dict[str, Any], its: Shape, common: tuple[int, str] | None, *, at: tuple[Path, int], wanted: type[Row]
) -> Row:
    assert common is not None
    line, name = common
    if its.name != name:
        raise DataError(
            f"{at[0]}:{at[1]}  has the shape {its.name!r}, and line {line} has {name!r}, as most rows; "
            "keep one shape in a file"
        )
    return read_row(row, at, wanted=wanted)


def _commonest(found: Mapping[int, tuple[dict[str, Any], Shape]]) -> tuple[int, str] | None:
    """The name of the shape that most rows have, the first of equals, and the first line that has it."""
    counts = Counter(shape.name for _, shape in found.values())
    if not counts:
        return None
    name = counts.most_common(1)[0][0]
    return next(number for number, (_, shape) in found.items() if shape.name == name), name


def _told(path: Path, bad: Mapping[int, str], *, good: int) -> str:
    lines = [bad[number] for number in sorted(bad)]
    count = f"{len(bad):,} of {len(bad) + good:,} rows {'is' if len(bad) == 1 else 'are'} bad"
    advice = "mend it, or set `on_bad_row: drop` to go on without" if good else "no good row is left"
    if len(lines) == 1:
        return f"{lines[0]} ({count}; {advice})"
    if len(lines) > _SHOWN:
        count = f"{count}, the first {_SHOWN} are above"
    return "\n".join([*lines[:_SHOWN], f"{path}  {count}; {advice.replace(' it', ' them')}"])


Measure = Callable[[Sequence[Row]], Sequence[Difficulty]]


@dataclass(frozen=True)
class ScoredFile:
    """The good rows of a file as written, with the line, the score and, where a model was asked, the difficulty."""

    written: tuple[dict[str, Any], ...]
    lines: tuple[int, ...]
    scores: tuple[RowScore, ...]
    difficulties: tuple[Difficulty, ...] | None
    dropped: int

    def objects(self) -> list[dict[str, Any]]:
        """The rows with their scores as keys; `repeats` is the line of the earlier row that says the same."""
        found = []
        for number, (row, score) in enumerate(zip(self.written, self.scores, strict=True)):
            repeats = None if score.repeats is None else self.lines[score.repeats]
            scored = {**row, "words": score.words, "noise": score.noise, "repeats": repeats}
            if self.difficulties is not None:
                its = self.difficulties[number]
                scored |= {"perplexity": its.perplexity, "ifd": its.loss_ratio, "ifd_perplexity": its.perplexity_ratio}
            found.append(scored)
        return found


def score_file(path: Path, *, measure: Measure | None = None) -> ScoredFile:
    """The scores of a file's good rows; `measure` asks a model for their difficulty. Raises DataError."""
    raw = {number: row for number, row in read_rows(path) if not isinstance(row, DataError)}
    if not raw:
        raise DataError(f"{path}  has no good row; `evalsuite validate` tells what is wrong")
    first = next(iter(raw))
    source = Source(path=str(path), on_bad_row="drop")
    kind = shape_of(raw[first], (path, first)).becomes
    if kind is Unanswered and measure is not None:
        raise DataError(f"{path}  has prompts without answers, and a model measures answers; leave out --with")
    found = source_rows(path, source, wanted=kind)
    return ScoredFile(
        written=tuple(raw[line] for line in found.lines),
        lines=found.lines,
        scores=score_rows(found.rows),
        difficulties=None if measure is None else tuple(measure(found.rows)),
        dropped=found.dropped,
    )
