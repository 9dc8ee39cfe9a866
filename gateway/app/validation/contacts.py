"""Found events against marked ones: who belongs to whom, and what that comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray


@dataclass(frozen=True, slots=True)
class Matched:
    """Found events against ``marked`` ones: ``error_s`` (found minus marked) of those matched.

    ``false`` were found and belong to none, ``missed`` are marked and were not found.
    """

    error_s: FloatArray
    false: int
    missed: int


def match(found_s: FloatArray, marked_s: FloatArray, window_s: float) -> Matched:
    """Match times (N,) and (M,) one to one, the closest first, none further than ``window_s``."""
    distance = np.abs(found_s[:, None] - marked_s)
    error_s: list[float] = []
    while distance.size and distance.min() <= window_s:
        row, column = np.unravel_index(distance.argmin(), distance.shape)
        error_s.append(found_s[row] - marked_s[column])
        distance[row], distance[:, column] = np.inf, np.inf
    false, missed = len(found_s) - len(error_s), len(marked_s) - len(error_s)
    return Matched(np.array(error_s), false, missed)


def joined(parts: Sequence[Matched]) -> Matched:
    """Return all of ``parts`` as one."""
    error_s = np.concatenate([np.zeros(0), *(part.error_s for part in parts)])
    return Matched(error_s, sum(p.false for p in parts), sum(p.missed for p in parts))


def f1(matched: Matched) -> float:
    """Return the harmonic mean of precision and recall; NaN where nothing was to be found."""
    hits = len(matched.error_s)
    total = 2 * hits + matched.false + matched.missed
    return 2 * hits / total if total else float("nan")


def median_ms(matched: Matched) -> float:
    """Return the median size of the errors in ms; NaN where nothing was matched."""
    sizes_ms = np.abs(matched.error_s) * 1e3
    return float(np.median(sizes_ms)) if len(sizes_ms) else float("nan")
