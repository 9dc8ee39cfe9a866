"""Kernels over rows of several sensors laid one after another ("runs"), without a loop a sensor.

``run`` (N,) is a rising integer that tells which run a row belongs to; ``start`` (R,) holds the
index of the first row of every run.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.messages import BoolArray, IntArray

APART = 1 << 55
"""Moves runs out of each other's reach; values must stay within half of it (208 days in ns)."""

_Number = TypeVar("_Number", np.int64, np.float64)


def starts(run: IntArray) -> IntArray:
    """Return the index of the first row of every run."""
    first = np.empty(len(run), np.bool_)
    first[:1] = True
    np.not_equal(run[1:], run[:-1], out=first[1:])
    return np.flatnonzero(first)


def lasts(start: IntArray, count: int) -> IntArray:
    """Return the index of the last row of every run."""
    last = np.empty(len(start), np.int64)
    last[:-1] = start[1:] - 1
    last[-1:] = count - 1
    return last


def ordinals(run: IntArray) -> IntArray:
    """Return for each row which run it lies in, counted from 0."""
    changed = np.zeros(len(run), np.int64)
    np.not_equal(run[1:], run[:-1], out=changed[1:], casting="unsafe")
    return np.cumsum(changed)


def ranks(start: IntArray, count: int) -> IntArray:
    """Return the position (N,) of each row in its run, from 0."""
    first = np.zeros(count, np.int64)
    first[start] = start
    position: IntArray = np.arange(count) - np.maximum.accumulate(first)
    return position


def previous(
    values: NDArray[_Number], start: IntArray, before: NDArray[_Number]
) -> NDArray[_Number]:
    """Return for each row the row before; for the first of a run, ``before`` (R,) of that run."""
    shifted = np.empty_like(values)
    shifted[1:] = values[:-1]
    shifted[start] = before
    return shifted


def cumulative_sum(values: IntArray, start: IntArray) -> IntArray:
    """Return the sum so far within each run, the row itself included."""
    total = np.cumsum(values)
    base = np.zeros(len(values), np.int64)
    base[start] = total[start] - values[start]
    base[start[1:]] -= base[start[:-1]]
    within: IntArray = total - np.cumsum(base)
    return within


def running_max(values: IntArray, run: IntArray) -> IntArray:
    """Return the largest value so far within each run."""
    shift = run * APART
    largest: IntArray = np.maximum.accumulate(values + shift) - shift
    return largest


def running_min(values: IntArray, run: IntArray) -> IntArray:
    """Return the smallest value so far within each run."""
    return -running_max(-values, run)


def up_to_first(flag: BoolArray, start: IntArray) -> IntArray:
    """Return how many flags are set in each row's run, up to and with the row."""
    return cumulative_sum(flag.astype(np.int64), start)
