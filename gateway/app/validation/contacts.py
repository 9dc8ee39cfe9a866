"""Found events against marked ones: who belongs to whom, and what that comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray

ROUNDING_S = 1e-6
"""Times are whole samples made into seconds: by so much may rounding take them apart."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Found events against marked ones.

    ``at_s`` (N,) when those that were matched are marked, ``error_s`` (N,) found minus marked;
    ``false`` were found and belong to none, ``missed`` are marked and were not found.
    """

    at_s: FloatArray
    error_s: FloatArray
    false: int
    missed: int


def match(found_s: FloatArray, marked_s: FloatArray, window_s: float) -> Matched:
    """Match times (N,) and (M,) one to one, the closest first, none further than ``window_s``.

    Times exactly so far apart match, however they were rounded. A mark without a time (NaN) is
    none.
    """
    marked_s = marked_s[np.isfinite(marked_s)]
    distance = np.abs(found_s[:, None] - marked_s)
    pairs: list[tuple[float, float]] = []
    while distance.size and distance.min() <= window_s + ROUNDING_S:
        row, column = np.unravel_index(distance.argmin(), distance.shape)
        pairs.append((marked_s[column], found_s[row] - marked_s[column]))
        distance[row], distance[:, column] = np.inf, np.inf
    at_s, error_s = np.array(sorted(pairs)).reshape(-1, 2).T
    return Matched(at_s, error_s, len(found_s) - len(pairs), len(marked_s) - len(pairs))


def joined(parts: Sequence[Matched]) -> Matched:
    """Return all of ``parts`` as one."""
    at_s, error_s = (
        np.concatenate([np.zeros(0), *(getattr(part, name) for part in parts)])
        for name in ("at_s", "error_s")
    )
    return Matched(at_s, error_s, sum(p.false for p in parts), sum(p.missed for p in parts))


def f1(matched: Matched) -> float:
    """Return the harmonic mean of precision and recall; NaN where nothing was to be found."""
    hits = len(matched.error_s)
    total = 2 * hits + matched.false + matched.missed
    return 2 * hits / total if total else float("nan")


def course_ms(matched: Matched) -> FloatArray:
    """Return (N, 2): when, in s, and by how many ms an event was off."""
    return np.stack([matched.at_s, matched.error_s * 1e3], axis=1)


def median_ms(matched: Matched) -> float:
    """Return the median size of the errors in ms; NaN where nothing was matched."""
    sizes_ms = np.abs(matched.error_s) * 1e3
    return float(np.median(sizes_ms)) if len(sizes_ms) else float("nan")
