"""When a foot rests on the ground: the zero-velocity intervals between which its path is known.

A foot rests while it hardly turns and feels hardly more than gravity. How much is hardly follows
the walking: a foot that swings fast rolls faster over the ground too, so the bound on its turning
is a share of the fastest turn of the last moments (an optimum that depends on speed is why a
fixed threshold fails: Skog et al. 2010, doi:10.1109/TBME.2010.2060723, and their successors).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray

SMOOTHING_S = 0.04
MEMORY_S = 1.5
"""The fastest turn counts for so long: the longest stance of a walking person, about."""

REST_SHARE = 0.07
"""Healthy feet fall below a twentieth of their fastest turn in every stance."""
LEAST_REST_RAD_S, MOST_REST_RAD_S = 0.3, 0.9
GRAVITY_M_S2 = 9.81
REST_M_S2 = 2.0
"""By so much may the acceleration differ from gravity: offset and scale of cheap sensors."""

SHORTEST_REST_S = 0.06
SWING_RAD_S = 1.0
"""A movement in which the foot never turns so fast is a shift of its weight."""


class Movements(NamedTuple):
    """Indices (N,) of the last sample at rest before each movement, and of the first after it."""

    leaves: IntArray
    rests: IntArray


def turning(gyr: FloatArray, rate_hz: float) -> FloatArray:
    """Return how fast (N, ...) rad/s feet turn, from ``gyr`` (N, ..., 3), smoothed over 40 ms.

    The first and last samples, where the window is not complete, repeat their neighbour.
    """
    half = max(1, round(SMOOTHING_S * rate_hz)) // 2
    width = 2 * half + 1
    total = gyr[: len(gyr) - 2 * half].copy()
    for shift in range(1, width):
        total += gyr[shift : len(gyr) - 2 * half + shift]
    squares = total * total
    level = np.sqrt(squares[..., 0] + squares[..., 1] + squares[..., 2]) / width
    return np.concatenate([level[:1].repeat(half, axis=0), level, level[-1:].repeat(half, axis=0)])


def still(level: FloatArray, acc: FloatArray, rate_hz: float) -> BoolArray:
    """Return where (N, ...) feet rest that turn by ``level`` (N, ...) rad/s.

    ``acc`` (N, ..., 3) m/s² is what they feel.
    """
    fastest = _newest_max(level, max(1, round(MEMORY_S * rate_hz)))
    squares = acc * acc
    size = np.sqrt(squares[..., 0] + squares[..., 1] + squares[..., 2])
    slow = level <= np.clip(REST_SHARE * fastest, LEAST_REST_RAD_S, MOST_REST_RAD_S)
    steady: BoolArray = slow & (np.abs(size - GRAVITY_M_S2) <= REST_M_S2)
    return steady


def _newest_max(values: FloatArray, count: int) -> FloatArray:
    """Return at each of ``values`` (N, ...) the largest of the newest ``count`` so far."""
    largest, held = values.copy(), 1
    while held < count:
        shift = min(held, count - held)
        np.maximum(largest[shift:], largest[:-shift].copy(), out=largest[shift:])
        held += shift
    return largest


def movements(at_rest: BoolArray, level: FloatArray, rate_hz: float) -> Movements:
    """Return the movements of a foot that is ``at_rest`` (N,) and turns by ``level`` (N,) rad/s.

    Rests shorter than `SHORTEST_REST_S` are part of a movement, movements slower than
    `SWING_RAD_S` part of a rest.
    """
    least = max(1, round(SHORTEST_REST_S * rate_hz))
    first, last = _stretches(at_rest)
    whole = last - first + 1 >= least
    leaves, rests = last[whole][:-1], first[whole][1:]
    if len(leaves):
        between = np.column_stack([leaves, rests]).ravel()
        fast = np.maximum.reduceat(level, between)[::2] >= SWING_RAD_S
        leaves, rests = leaves[fast], rests[fast]
    return Movements(leaves, rests)


def _stretches(flags: BoolArray) -> tuple[IntArray, IntArray]:
    """Return the first and last index of every stretch in which ``flags`` (N,) hold."""
    edges = np.diff(flags.astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
