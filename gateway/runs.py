"""Rows of several sensors laid one after another ("runs"), worked on without a loop a sensor."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.messages import BoolArray, IntArray

APART = 1 << 55
"""Moves runs out of each other's reach; values must stay within half of it (208 days in ns)."""

_Number = TypeVar("_Number", np.int64, np.float64)


class Runs:
    """Which run each row belongs to: ``run`` (N,) rising, the sensor of each row.

    ``start`` and ``last`` (R,) are the first and last row of every run, ``sensors`` (R,) whose it
    is. All methods take and return a value a row.
    """

    def __init__(self, run: IntArray) -> None:
        self.run = run
        first = np.empty(len(run), np.bool_)
        first[:1] = True
        np.not_equal(run[1:], run[:-1], out=first[1:])
        self.start = first.nonzero()[0]
        self.sensors = run[self.start]
        self._first = first

    @cached_property
    def last(self) -> IntArray:
        """Row at which each run ends."""
        last = np.empty(len(self.start), np.int64)
        np.subtract(self.start[1:], 1, out=last[:-1])
        last[-1:] = len(self.run) - 1
        return last

    @cached_property
    def ordinal(self) -> IntArray:
        """Which run each row lies in, counted from 0."""
        return self._first.cumsum() - 1

    @cached_property
    def rank(self) -> IntArray:
        """Position of each row in its run, counted from 0."""
        position: IntArray = np.arange(len(self.run)) - self.start[self.ordinal]
        return position

    def previous(self, values: NDArray[_Number], before: NDArray[_Number]) -> NDArray[_Number]:
        """Return the row before; for the first of a run, the run's ``before`` (R,)."""
        shifted = np.empty_like(values)
        shifted[1:] = values[:-1]
        shifted[self.start] = before
        return shifted

    def cumulative_sum(self, values: IntArray) -> IntArray:
        """Return the sum so far within each run, the row itself included."""
        total = values.cumsum()
        base = total[self.start] - values[self.start]
        within: IntArray = total - base[self.ordinal]
        return within

    def running_max(self, values: IntArray) -> IntArray:
        """Return the largest value so far within each run."""
        shift = self.run * APART
        largest: IntArray = np.maximum.accumulate(values + shift) - shift
        return largest

    def running_min(self, values: IntArray) -> IntArray:
        """Return the smallest value so far within each run."""
        return -self.running_max(-values)

    def flags_so_far(self, flag: BoolArray) -> IntArray:
        """Return how many flags are set in each row's run, up to and with the row."""
        return self.cumulative_sum(flag.astype(np.int64))
