"""How far a repetition is from one that was shown, whatever its size and tempo.

Dynamic time warping with Sakoe and Chiba's symmetric steps (IEEE Trans. ASSP 26(1), 1978, 43-49),
normalised by the length of the way, over many exercises at once: one pass along the
anti-diagonals, no loop over samples. The shown path is first brought to the size of the
repetition, so that one that was small is not mistaken for something else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.messages import FloatArray
from inference.taught import unit

POINTS = 32
"""Points in time of a path that is compared."""

SIZES = (0.2, 2.0)
"""Between these shares of its size a shown path is scaled."""


def resampled(path: FloatArray, points: int = POINTS) -> FloatArray:
    """Return ``path`` (N, S, 3) at ``points`` evenly spaced times, in straight lines between."""
    at = np.linspace(0, len(path) - 1, points)
    before = np.minimum(at.astype(np.int64), max(0, len(path) - 2))
    share = (at - before)[:, None, None]
    after = np.minimum(before + 1, len(path) - 1)
    between: FloatArray = path[before] * (1 - share) + path[after] * share
    return between


def sized(path: FloatArray, rest: FloatArray, size: float) -> FloatArray:
    """Return ``path`` (N, S, 3) as it would be with ``size`` times the way from ``rest`` (S, 3)."""
    return unit(rest + np.clip(size, *SIZES) * (path - rest))


def differences(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return how far each point of ``one`` (N, S, 3) is from each of ``other`` (M, S, 3): (N, M).

    In rad for small differences, the root mean square over the sensors.
    """
    apart = one[:, None] - other[None]
    squares: FloatArray = np.sqrt((apart**2).sum(axis=(-1, -2)) / one.shape[1])
    return squares


def warped(costs: Sequence[FloatArray]) -> FloatArray:
    """Return the mean difference (K,) along the best way through each of K ``costs`` (N, N)."""
    cost = np.stack(costs)
    count, points, _ = cost.shape
    # Along an anti-diagonal all cells are independent of one another; row i of a diagonal d is
    # the cell (i, d - i). One row of padding in front stands for what lies outside.
    one_ago = np.full((count, points + 1), np.inf)
    two_ago = np.full((count, points + 1), np.inf)
    for diagonal in range(2 * points - 1):
        first, last = max(0, diagonal - points + 1), min(diagonal, points - 1)
        rows = np.arange(first, last + 1)
        here = cost[:, rows, diagonal - rows]
        if diagonal == 0:
            best = 2 * here
        else:
            straight = np.minimum(one_ago[:, rows], one_ago[:, rows + 1]) + here
            best = np.minimum(straight, two_ago[:, rows] + 2 * here)
        now = np.full((count, points + 1), np.inf)
        now[:, rows + 1] = best
        one_ago, two_ago = now, one_ago
    total: FloatArray = one_ago[:, points] / (2 * points)
    return total
