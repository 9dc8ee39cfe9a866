"""The samples of all streams that the grid has not passed yet, in one table.

Times here are nanoseconds since the session's origin. The sensors' rows lie one after another,
so that a hop of all sensors costs a few array operations.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import ImuBlock, IntArray

SPARE = 64
"""Rows that are made free at once, so that the table is rarely moved for new ones."""
_APART = 1 << 56
_FAR = 1 << 54
_NONE = -1
"""The segment of rows that are no samples: no value lies between one and a sample."""


class Tracks:
    """The samples that the grid has not passed yet, stream by stream in order of time.

    A stream's time as a key is ``base`` (S,) and nanoseconds since the origin in one integer, so
    that keys rise through the whole table. ``host`` and ``arrival`` (N,) are such keys;
    ``motion`` (N, C) acceleration, angular rate and, of nine channels, the magnetic field, NaN
    where the stream does not carry it; ``segment`` (N,); ``real`` (N,) not clipped;
    ``next`` (N,) nothing is lost since the row before. Each stream has a row long before all
    others and free rows, far ahead, behind them: so there is a row before and after every time.
    ``reached_ns`` (M,) is its newest host time, −1 before the first.
    """

    def __init__(self, streams: int, origin_ns: int, channels: int = 6) -> None:
        self.base = np.arange(streams) * _APART
        self.reached_ns = np.full(streams, -1, np.int64)
        self.passed_ns = -_FAR
        self._origin_ns = origin_ns
        self.host = (self.base[:, None] + np.array([-_FAR, _FAR])).ravel()
        self.arrival = self.host.copy()
        self.motion = np.zeros((2 * streams, channels))
        self.segment = np.full(2 * streams, _NONE)
        self.real = np.zeros(2 * streams, np.bool_)
        self.next = np.zeros(2 * streams, np.bool_)
        self._end = np.arange(streams) * 2 + 1
        self._room = 1

    def append(self, block: ImuBlock) -> None:
        """Add the samples of a block."""
        stream = block.stream
        counts = np.bincount(stream, minlength=len(self.base))
        if max((self._used() + counts).tolist()) > self._room:
            self._make_room(counts)
        row = np.arange(len(stream)) + (self._end - counts.cumsum() + counts)[stream]
        key = self.base[stream] - self._origin_ns
        self.host[row] = block.host_ns + key
        self.arrival[row] = block.arrival_ns + key
        parts = [block.acc, block.gyr]
        if self.motion.shape[1] > 6:
            parts.append(np.full(block.acc.shape, np.nan) if block.mag is None else block.mag)
        self.motion[row] = np.concatenate(parts, axis=1)
        self.segment[row] = block.segment
        self.real[row] = ~block.clipped
        self.next[row] = block.lost == 0
        self._end += counts
        newest = self._end - 1
        self.reached_ns = np.maximum(self.host[newest] - self.base, -1)

    def forget(self, before_ns: int) -> None:
        """Let go of what no grid time after ``before_ns`` can need, once there is need of room."""
        self.passed_ns = before_ns

    def _used(self) -> IntArray:
        width = self._room + 1
        return self._end - np.arange(0, width * len(self._end), width)

    def _make_room(self, counts: IntArray) -> None:
        """Move what is still needed into a table with room for ``counts`` (S,) rows more."""
        oldest = self.host.searchsorted(self.base + self.passed_ns, "right") - 1
        kept = self._end - oldest
        self._room = max((kept + counts).tolist()) + SPARE
        width = self._room + 1
        row = np.minimum(oldest[:, None] + np.arange(width), self._end[:, None]).ravel()
        self.host, self.arrival = self.host[row], self.arrival[row]
        self.motion = self.motion.take(row, axis=0)
        self.segment, self.real, self.next = self.segment[row], self.real[row], self.next[row]
        self._end = np.arange(0, width * len(kept), width) + kept
