"""Tables of numbers in text files, read fast and refused with the line that is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np

from gateway.errors import RecordingError
from gateway.messages import FloatArray, message


@message
class Table:
    """The cells of the heading's rows, and ``values`` (N, columns); an empty cell is NaN."""

    path: Path
    heading: tuple[tuple[str, ...], ...]
    values: FloatArray

    def columns(self, *names: str) -> FloatArray:
        """Return the named columns (N, len(names)); raises RecordingError for one not there.

        In a heading of several rows the name of a column is its cells joined by a blank.
        """
        known = [" ".join(cells).strip() for cells in zip(*self.heading, strict=True)]
        missing = [name for name in names if name not in known]
        if missing:
            raise RecordingError(f"{self.path}: there is no column {missing[0]!r}")
        return self.values[:, [known.index(name) for name in names]]


def first_lines(path: Path, count: int) -> list[str]:
    """Return up to ``count`` lines for a look at what a file is; none where it is no text."""
    try:
        with path.open(encoding="utf-8") as file:
            return [line.rstrip("\r\n") for line in islice(file, count)]
    except (OSError, UnicodeDecodeError):
        return []


def read_table(path: Path, separator: str, *, heading: int, skip: int = 0) -> Table:
    """Read a table after ``skip`` lines and ``heading`` rows of column names.

    Raises RecordingError naming the first line that does not fit.
    """
    text = _text(path)
    *head, body = [*text.split("\n", skip + heading), ""][: skip + heading + 1]
    rows = tuple(tuple(cell.strip() for cell in line.split(separator)) for line in head[skip:])
    if not body.strip() or len({len(row) for row in rows}) != 1:
        raise RecordingError(f"{path}: there is no table of numbers in it; the file is truncated")
    if not body.endswith("\n"):
        raise RecordingError(f"{path}: the last line is incomplete; the file is truncated")
    values = _numbers(path, body, separator, len(rows[0]), first_line=skip + heading + 1)
    return Table(path, rows, values)


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path}: not a text file, so not this kind of recording") from error
    if not text.strip():
        raise RecordingError(f"{path}: the file is empty")
    return text


def _numbers(path: Path, body: str, separator: str, columns: int, first_line: int) -> FloatArray:
    filled = body
    if separator * 2 in body or f"{separator}\n" in body or f"\n{separator}" in f"\n{body}":
        filled = _empty_cell(separator).sub("nan", body)
    try:
        # float() on the pieces is the fastest parser at hand, and it says what it cannot read.
        values = np.array(list(map(float, filled.replace(separator, " ").split())))
    except ValueError:
        values = np.empty(0)
    if len(values) != columns * body.count("\n"):
        _refuse(path, body.split("\n")[:-1], separator, columns, first_line)
    return values.reshape(-1, columns)


@cache
def _empty_cell(separator: str) -> re.Pattern[str]:
    """Return what finds the place of a cell without a character."""
    edges = re.escape(separator) + r"\n"
    return re.compile(f"(?<![^{edges}])(?=[{edges}])")


def _refuse(path: Path, lines: Sequence[str], separator: str, columns: int, first: int) -> None:
    """Raise RecordingError for the first line that is not ``columns`` numbers."""
    for number, line in enumerate(lines, first):
        cells = line.split(separator)
        wrong = [cell for cell in cells if cell.strip() and not _is_number(cell)]
        if wrong:
            raise RecordingError(f"{path}: line {number} holds {wrong[0]!r} instead of a number")
        if len(cells) != columns:
            raise RecordingError(
                f"{path}: line {number} has {len(cells)} values where {columns} belong; "
                "the file is damaged"
            )
    raise RecordingError(f"{path}: values are missing; the file is damaged")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
