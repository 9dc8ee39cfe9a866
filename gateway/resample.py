"""Kernels that put the samples of all sensors on grid times.

Times here are nanoseconds since the session's origin. The sensors' rows lie one after another
in one table, so that a hop of all sensors costs a few array operations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import BoolArray, FloatArray, ImuBlock, IntArray

REAL_GAP = 1.5
"""Two samples are neighbours, not a gap, up to this many sample periods."""
_APART = 1 << 56


class Tracks:
    """The samples that the grid has not passed yet, sensor by sensor in order of time.

    ``key`` (N,) sensor and host time in one rising integer; ``host_ns``, ``arrival_ns`` (N,);
    ``motion`` (N, 6) acceleration and angular rate; ``real`` (N,) not clipped; ``segment`` (N,).
    ``reached_ns`` (S,) is the newest host time of each sensor, −1 before its first.
    """

    def __init__(self, sensors: int) -> None:
        self.base = np.arange(sensors) * _APART
        self.reached_ns = np.full(sensors, -1, np.int64)
        self.key = np.empty(0, np.int64)
        self.host_ns = np.empty(0, np.int64)
        self.arrival_ns = np.empty(0, np.int64)
        self.segment = np.empty(0, np.int64)
        self.motion = np.empty((0, 6))
        self.real = np.empty(0, np.bool_)

    def append(self, block: ImuBlock, origin_ns: int) -> None:
        """Add the samples of a block."""
        host_ns = block.host_ns - origin_ns
        key = np.concatenate([self.key, self.base[block.sensor] + host_ns])
        order = np.argsort(key, kind="stable")
        motion = np.concatenate([block.acc, block.gyr], axis=1)
        arrival_ns = block.arrival_ns - origin_ns
        self.key = key[order]
        self.host_ns = np.concatenate([self.host_ns, host_ns])[order]
        self.arrival_ns = np.concatenate([self.arrival_ns, arrival_ns])[order]
        self.segment = np.concatenate([self.segment, block.segment])[order]
        self.motion = np.concatenate([self.motion, motion])[order]
        self.real = np.concatenate([self.real, ~block.clipped])[order]
        np.maximum.at(self.reached_ns, block.sensor, host_ns)

    def bounds(self) -> tuple[IntArray, IntArray]:
        """Return the index (S,) of each sensor's first row, and of the row after its last."""
        edges = np.arange(len(self.base) + 1) * _APART - _APART // 2
        edges = np.searchsorted(self.key, edges)
        return edges[:-1], edges[1:]

    def forget(self, before_ns: int) -> None:
        """Drop all but each sensor's last sample at or before ``before_ns``."""
        first, end = self.bounds()
        oldest = np.searchsorted(self.key, self.base + before_ns, "right") - 1
        oldest = np.maximum(oldest, first)
        keep = np.zeros(len(self.key) + 1, np.int64)
        np.add.at(keep, oldest, 1)
        np.subtract.at(keep, end, 1)
        kept = np.cumsum(keep)[:-1] > 0
        if kept.all():
            return
        self.key, self.host_ns = self.key[kept], self.host_ns[kept]
        self.arrival_ns, self.segment = self.arrival_ns[kept], self.segment[kept]
        self.motion, self.real = self.motion[kept], self.real[kept]


@dataclass(frozen=True)
class OnGrid:
    """S sensors on T grid times: ``motion`` (T, S, 6), ``valid``, ``real`` (T, S).

    ``ready_ns`` (T,) is when the last sensor had delivered, at most the hold-back's end.
    """

    motion: FloatArray
    valid: BoolArray
    real: BoolArray
    ready_ns: IntArray


def resample(
    tracks: Tracks, grid_ns: IntArray, periods_ns: FloatArray, hold_back_ns: int, bridge_ns: int
) -> OnGrid:
    """Put all sensors on the grid times (T,); ``gateway.align`` has the rules."""
    sensors, deadline = len(periods_ns), grid_ns + hold_back_ns
    shape = (len(grid_ns), sensors)
    if len(tracks.key) == 0:
        nothing = np.zeros(shape, np.bool_)
        return OnGrid(np.full((*shape, 6), np.nan), nothing, nothing.copy(), deadline)
    first, end = tracks.bounds()
    right = np.searchsorted(tracks.key, grid_ns[:, None] + tracks.base, "left")
    newer = np.minimum(right, len(tracks.key) - 1)
    has_newer = (right < end) & (tracks.arrival_ns[newer] <= deadline[:, None])
    exact = has_newer & (tracks.host_ns[newer] == grid_ns[:, None])
    older = np.where(exact, newer, np.maximum(right - 1, 0))
    gap = tracks.host_ns[newer] - tracks.host_ns[older]
    neighbours = gap <= REAL_GAP * periods_ns
    between = has_newer & (right > first) & (neighbours | (gap <= bridge_ns))
    between = (between & (tracks.segment[newer] == tracks.segment[older])) | exact
    weight = np.where(between, grid_ns[:, None] - tracks.host_ns[older], 0) / np.maximum(gap, 1)
    low = tracks.motion[older]
    motion = low + weight[..., None] * (tracks.motion[newer] - low)
    real = between & neighbours & tracks.real[older] & tracks.real[newer]
    valid = between
    if not between.all():
        motion, valid = _hold(tracks, grid_ns, deadline, bridge_ns, between, motion)
    ready = np.where(has_newer, tracks.arrival_ns[newer], deadline[:, None]).max(axis=1)
    return OnGrid(motion, valid, real, ready)


def _hold(
    tracks: Tracks,
    grid_ns: IntArray,
    deadline_ns: IntArray,
    bridge_ns: int,
    between: BoolArray,
    motion: FloatArray,
) -> tuple[FloatArray, BoolArray]:
    """Hold the last value that had arrived, at most ``bridge_ns`` old; else NaN."""
    first, _ = tracks.bounds()
    known = np.searchsorted(tracks.key, grid_ns[:, None] + tracks.base, "right") - 1
    arrivals = tracks.key - tracks.host_ns + tracks.arrival_ns
    arrived = np.searchsorted(arrivals, deadline_ns[:, None] + tracks.base, "right") - 1
    newest = np.minimum(known, arrived)
    held = (newest >= first) & ~between
    newest = np.maximum(newest, 0)
    held &= grid_ns[:, None] - tracks.host_ns[newest] <= bridge_ns
    motion = np.where(held[..., None], tracks.motion[newest], motion)
    valid = between | held
    return np.where(valid[..., None], motion, np.nan), valid
