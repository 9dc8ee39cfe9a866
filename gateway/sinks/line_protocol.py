"""InfluxDB line protocol, as text.

Source: InfluxDB 2 documentation, reference, syntax, "Line protocol".

A line is ``measurement,tag=value field=value,field=value nanoseconds``. Lines that follow one
another in a block differ only in their numbers, so a block is one template filled once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray

FieldValue = float | int | bool | str

# A line ends at a line break and no escape helps; a backslash before a comma, a space or the end
# of a tag reads as an escape of that, and again no escape helps.
_KEY = str.maketrans(
    {",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\ ", "\r": r"\ ", "\t": r"\ ", "\\": "/"}
)
_TEXT = str.maketrans({'"': r"\"", "\\": r"\\"})
DIGITS = 4


def key_text(text: str) -> str:
    """Escape a tag's key or value, or a field's key; backslash and line breaks cannot stand in it.

    A slash and a space stand in their place.
    """
    return text.translate(_KEY)


def head(measurement: str, tags: Mapping[str, str]) -> str:
    """Return what a series' lines begin with: the measurement and its tags, empty ones left out."""
    pairs = (f",{key_text(key)}={key_text(value)}" for key, value in tags.items() if value)
    return key_text(measurement) + "".join(pairs)


def line(start: str, fields: Mapping[str, FieldValue], wall_ns: int) -> str:
    """Return one line, or "" where no field has a value: NaN, infinity and "" are left out."""
    texts = ((key_text(key), _field(value)) for key, value in fields.items())
    pairs = ",".join(f"{key}={text}" for key, text in texts if text)
    return f"{start} {pairs} {wall_ns}" if pairs else ""


def block_lines(
    start: str, names: Sequence[str], values: FloatArray, wall_ns: IntArray
) -> list[str]:
    """Return one line a row of ``values`` (T, K), at ``wall_ns`` (T,), for the K field ``names``.

    Values that are not finite are left out, and with them a row that has no other.
    """
    finite = np.isfinite(values)
    keys = [key_text(name) for name in names]
    if finite.all():
        return _filled(start, keys, values, wall_ns)
    lines: list[str] = []
    for first, last in _runs(finite):
        known = np.flatnonzero(finite[first])
        if len(known):
            rows = values[first:last][:, known]
            lines += _filled(start, [keys[k] for k in known], rows, wall_ns[first:last])
    return lines


def wall_times(wall_origin_ns: int, start: int, count: int, rate_hz: float) -> IntArray:
    """Return the wall-clock time (count,) in ns of grid samples from ``start``."""
    since = np.rint((start + np.arange(count)) * (1e9 / rate_hz)).astype(np.int64)
    times: IntArray = wall_origin_ns + since
    return times


def wall_time(wall_origin_ns: int, t_s: float) -> int:
    """Return the wall-clock time in ns of a moment of the session."""
    return wall_origin_ns + round(t_s * 1e9)


def _filled(start: str, keys: Sequence[str], values: FloatArray, wall_ns: IntArray) -> list[str]:
    if not len(values):
        return []
    pairs = ",".join(f"{key.replace('%', '%%')}=%.{DIGITS}f" for key in keys)
    template = f"{start.replace('%', '%%')} {pairs} %d"
    columns = [*values.T.tolist(), wall_ns.tolist()]
    return [template % row for row in zip(*columns, strict=True)]


def _runs(finite: BoolArray) -> list[tuple[int, int]]:
    """Return [first, last) of the stretches of rows (T, K) that have the same values."""
    changes = np.flatnonzero((finite[1:] != finite[:-1]).any(axis=1)) + 1
    edges = [0, *changes.tolist(), len(finite)]
    return list(pairwise(edges))


def _field(value: FieldValue) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value}i"
        case float():
            return f"{value:.{DIGITS}f}" if math.isfinite(value) else ""
        case str():
            return f'"{value.translate(_TEXT)}"' if value else ""
