"""Kernels that put the samples of all sensors on grid times.

Times here are nanoseconds since the session's origin. The sensors' rows lie one after another
in one table, so that a hop of all sensors costs a few array operations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import BoolArray, FloatArray, ImuBlock, IntArray

SPARE = 64
"""Rows that are made free at once, so that the table is rarely moved for new ones."""
_APART = 1 << 56
_FAR = 1 << 54


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
        self.segment = np.zeros(2 * streams, np.int64)
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


@dataclass(frozen=True)
class OnGrid:
    """M streams on T grid times: ``motion`` (M, T, C), ``valid``, ``real`` (M, T).

    ``ready_ns`` is when the last stream had delivered the last of them, at most the hold-back's
    end.
    """

    motion: FloatArray
    valid: BoolArray
    real: BoolArray
    ready_ns: int


def resample(tracks: Tracks, grid_ns: IntArray, hold_back_ns: int, bridge_ns: int) -> OnGrid:
    """Put all streams on the grid times (T,); ``gateway.align`` has the rules."""
    at = grid_ns + tracks.base[:, None]
    deadline = at + hold_back_ns
    newer = tracks.host.searchsorted(at)
    to, arrived = tracks.host[newer], tracks.arrival[newer]
    has_newer = arrived <= deadline
    older = newer - ~(has_newer & (to == at))
    since = tracks.host[older]
    gap = to - since
    neighbours = tracks.next[newer]
    between = has_newer & (neighbours | (gap <= bridge_ns))
    between &= tracks.segment[newer] == tracks.segment[older]
    real = between & neighbours & tracks.real[newer] & tracks.real[older]
    weight = (at - since) / np.maximum(gap, 1)
    low, motion = tracks.motion.take(older, axis=0), tracks.motion.take(newer, axis=0)
    motion -= low
    motion *= weight[..., None]
    motion += low
    cells = np.flatnonzero(~between)
    if len(cells):
        held = _held(tracks, at.ravel()[cells], hold_back_ns, bridge_ns)
        motion.reshape(-1, motion.shape[2])[cells] = held
        between.reshape(-1)[cells] = np.isfinite(held[:, 0])
    ready = np.where(has_newer[:, -1], arrived[:, -1], deadline[:, -1]) - tracks.base
    ready_ns = max(ready.tolist(), default=int(grid_ns[-1]) + hold_back_ns)
    return OnGrid(motion, between, real, ready_ns)


def _held(tracks: Tracks, at: IntArray, hold_back_ns: int, bridge_ns: int) -> FloatArray:
    """Return the last values (K, C) that had arrived, at most ``bridge_ns`` old; else NaN."""
    known = tracks.host.searchsorted(at, "right")
    arrived = tracks.arrival.searchsorted(at + hold_back_ns, "right")
    newest = np.minimum(known, arrived) - 1
    # Where a stall is longer than what is kept, this is another sensor's row, far off either way.
    age = at - tracks.host[newest]
    fresh = (age >= 0) & (age <= bridge_ns)
    return np.where(fresh[:, None], tracks.motion[newest], np.nan)
