"""Rows of several sensors laid one after another ("runs"), worked on without a loop a sensor."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.messages import IntArray

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
        edge = np.empty(len(run) + 1, np.bool_)
        edge[:1] = edge[-1:] = True
        np.not_equal(run[1:], run[:-1], out=edge[1:-1])
        bounds = edge.nonzero()[0]
        self.start = bounds[:-1]
        self.last = bounds[1:] - 1
        self.sensors = run[self.start]

    @cached_property
    def ordinal(self) -> IntArray:
        """Which run each row lies in, counted from 0."""
        return np.arange(len(self.start)).repeat(self.last - self.start + 1)

    @cached_property
    def rank(self) -> IntArray:
        """Position of each row in its run, counted from 0."""
        position: IntArray = np.arange(len(self.run)) - self.start[self.ordinal]
        return position

    def steps(self, values: NDArray[_Number], before: NDArray[_Number]) -> NDArray[_Number]:
        """Return the rise since the row before; ``before`` has what lies before, by sensor."""
        previous = np.empty_like(values)
        previous[1:] = values[:-1]
        previous[self.start] = before[self.sensors]
        return values - previous

    def cumulative_sum(self, values: IntArray) -> IntArray:
        """Return the sum so far within each run, the row itself included."""
        total = values.cumsum()
        before = (total - values)[self.start]
        within: IntArray = total - before[self.ordinal]
        return within

    def running_max(self, values: IntArray) -> IntArray:
        """Return the largest value so far within each run."""
        shift = self.run * APART
        largest: IntArray = np.maximum.accumulate(values + shift) - shift
        return largest

    def running_min(self, values: IntArray) -> IntArray:
        """Return the smallest value so far within each run."""
        return -self.running_max(-values)
