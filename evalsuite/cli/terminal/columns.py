"""Text that a terminal may show, and a table as lines that fit it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len, chop_cells

from evalsuite.report.tables import Table


def printable(text: str) -> str:
    """The text with everything but line breaks that a terminal would obey, or could not show, as an escape."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)


Paint = Callable[[str, str], str]

# After a space, though not within an interval [0.1, 0.2]; and within a name, after its dots and dashes.
_BREAK = re.compile(r"(?<= )(?![^\[]*\])|(?<=[A-Za-z][._/@-])(?=[A-Za-z])")
_GAPS = (3, 2)
# A word may be cut from here on, and a line of prose ends here where the width is not known.
_LONGEST_WORD, _LONGEST_LINE = 24, 60


@dataclass(frozen=True)
class _Size:
    """The widths of a column: with its head, of its rows alone, and of its longest word."""

    whole: int
    rows: int
    least: int


def lines(table: Table, *, width: int | None, paint: Paint = lambda line, cell: line) -> Iterator[str]:
    """The lines of a table in `width` columns, or as wide as its figures where that is None.

    `paint` gets each line of a cell and the cell's text, and gives the line with its colours.
    """
    columns = [_words(column) for column in zip(table.heads, *table.rows, strict=True)]
    for part in _blocks(columns, width):
        yield from _block(part, width, paint)
        yield ""


def _words(column: Sequence[object]) -> list[str]:
    return ["" if cell is None else printable(str(cell)) for cell in column]


def _blocks(columns: list[list[str]], width: int | None) -> list[list[list[str]]]:
    """The columns in as many blocks as are needed; each begins with the first column."""
    first, *rest = columns
    # Names of a fair length stay whole; below one another they are what is looked for.
    names = _longest(first) if width is None or 3 * _longest(first) <= width else _least(first)
    blocks = [[first]]
    for column in rest:
        others = [*blocks[-1][1:], column]
        needed = names + sum(map(_least, others)) + _GAPS[-1] * len(others) + 1
        if width is not None and needed > width and len(blocks[-1]) > 1:
            blocks.append([first])
        blocks[-1].append(column)
    return blocks


def _block(columns: list[list[str]], width: int | None, paint: Paint) -> Iterator[str]:
    sizes = [_Size(_longest(column), _longest(column[1:]), _least(column)) for column in columns]
    gap = next((gap for gap in _GAPS if width is None or _total([s.whole for s in sizes], gap) <= width), _GAPS[-1])
    widths = _fitted(sizes, gap, width)
    for index, row in enumerate(zip(*columns, strict=True)):
        cells = [_wrapped(cell, size) for cell, size in zip(row, widths, strict=True)]
        tall = max(map(len, cells))
        if index == 0:  # heads stand on the rule
            cells = [[""] * (tall - len(cell)) + cell for cell in cells]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = [part + " " * (size - cell_len(part)) for part, size in zip(parts, widths, strict=True)]
            shown = [paint(line, cell) if index else line for line, cell in zip(padded, row, strict=True)]
            yield f" {(' ' * gap).join(shown)}".rstrip()
        if index == 0:
            yield " " + "─" * (_total(widths, gap) - 1)


def _total(widths: Sequence[int], gap: int) -> int:
    return sum(widths) + gap * (len(widths) - 1) + 1


def _fitted(sizes: Sequence[_Size], gap: int, width: int | None) -> list[int]:
    """The widths after columns have given way, as far as their words let them: long heads, then prose, names last."""
    if width is None:
        return [min(size.whole, max(size.least, _LONGEST_LINE)) for size in sizes]
    widths = [size.whole for size in sizes]
    while _total(widths, gap) > width:
        giving = [
            (now > size.rows, index > 0, now, index)
            for index, (now, size) in enumerate(zip(widths, sizes, strict=True))
            if now > size.least
        ]
        if not giving:
            break
        widths[max(giving)[-1]] -= 1
    return widths


def _longest(column: Sequence[str]) -> int:
    return max((cell_len(line) for cell in column for line in cell.split("\n")), default=0)


def _least(column: Sequence[str]) -> int:
    """The width of a column's longest word."""
    words = (word for cell in column for line in cell.split("\n") for word in _BREAK.split(line))
    return min(max(cell_len(word.rstrip()) for word in words), _LONGEST_WORD)


def _wrapped(cell: str, width: int) -> list[str]:
    found = []
    for line in cell.split("\n"):
        found.append("")
        for word in _BREAK.split(line):
            for piece in chop_cells(word, width) if cell_len(word.rstrip()) > width else [word]:
                if found[-1] and cell_len(found[-1]) + cell_len(piece.rstrip()) > width:
                    found.append("")
                found[-1] += piece
    return [line.rstrip() for line in found]
