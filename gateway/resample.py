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
FORGET_AT = 256
"""Rows are dropped in one go when there are so many: the table is rarely copied for it."""
_APART = 1 << 56


class Tracks:
    """The samples that the grid has not passed yet, sensor by sensor in order of time.

    ``key`` (N,) sensor and host time in one rising integer; ``motion`` (N, 6) acceleration and
    angular rate; ``facts`` (4, N) host time, arrival, segment, and 1 where not clipped.
    ``first`` and ``end`` (S,) are each sensor's first row and the row after its last;
    ``reached_ns`` (S,) is its newest host time, −1 before the first.
    """

    def __init__(self, sensors: int) -> None:
        self.base = np.arange(sensors) * _APART
        self.reached_ns = np.full(sensors, -1, np.int64)
        self.key = np.empty(0, np.int64)
        self.motion = np.empty((0, 6))
        self.facts = np.empty((4, 0), np.int64)
        self.first = self.end = np.zeros(sensors, np.int64)

    def append(self, block: ImuBlock, origin_ns: int) -> None:
        """Add the samples of a block."""
        facts = np.empty((4, len(block.sensor)), np.int64)
        np.subtract(block.host_ns, origin_ns, out=facts[0])
        np.subtract(block.arrival_ns, origin_ns, out=facts[1])
        facts[2], facts[3] = block.segment, ~block.clipped
        key = np.concatenate([self.key, self.base[block.sensor] + facts[0]])
        order = key.argsort(kind="stable")
        motion = np.concatenate([block.acc, block.gyr], axis=1)
        self.key = key[order]
        self.facts = np.concatenate([self.facts, facts], axis=1)[:, order]
        self.motion = np.concatenate([self.motion, motion])[order]
        self._find_bounds()

    def forget(self, before_ns: int) -> None:
        """Drop what no grid time after ``before_ns`` can need, once it is worth the while."""
        if len(self.key) < FORGET_AT:
            return
        oldest = self.key.searchsorted(self.base + before_ns, "right") - 1
        change = np.zeros(len(self.key) + 1, np.int64)
        np.add.at(change, np.maximum(oldest, self.first), 1)
        np.subtract.at(change, self.end, 1)
        kept = change.cumsum()[:-1] > 0
        self.key, self.facts, self.motion = self.key[kept], self.facts[:, kept], self.motion[kept]
        self._find_bounds()

    def _find_bounds(self) -> None:
        edges = self.key.searchsorted(np.arange(len(self.base) + 1) * _APART - _APART // 2)
        self.first, self.end = edges[:-1], edges[1:]
        seen = self.end > self.first
        self.reached_ns[seen] = self.facts[0, self.end[seen] - 1]


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
    shape, deadline = (len(grid_ns), len(periods_ns)), grid_ns + hold_back_ns
    if len(tracks.key) == 0:
        nothing = np.zeros(shape, np.bool_)
        return OnGrid(np.full((*shape, 6), np.nan), nothing, nothing.copy(), deadline)
    at_ns = grid_ns[:, None]
    right = tracks.key.searchsorted(at_ns + tracks.base, "left")
    newer = np.minimum(right, len(tracks.key) - 1)
    to_ns, arrived_ns, to_segment, to_real = tracks.facts[:, newer]
    has_newer = (right < tracks.end) & (arrived_ns <= deadline[:, None])
    exact = has_newer & (to_ns == at_ns)
    older = np.where(exact, newer, np.maximum(right - 1, 0))
    from_ns, _, from_segment, from_real = tracks.facts[:, older]
    gap = to_ns - from_ns
    neighbours = gap <= REAL_GAP * periods_ns
    between = has_newer & (right > tracks.first) & (neighbours | (gap <= bridge_ns))
    between = (between & (to_segment == from_segment)) | exact
    weight = np.where(between, at_ns - from_ns, 0) / np.maximum(gap, 1)
    low = tracks.motion[older]
    motion = low + weight[..., None] * (tracks.motion[newer] - low)
    real = between & neighbours & (from_real & to_real).astype(np.bool_)
    valid = between
    if not between.all():
        motion, valid = _hold(tracks, grid_ns, deadline, bridge_ns, between, motion)
    ready = np.where(has_newer, arrived_ns, deadline[:, None]).max(axis=1)
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
    host_ns = tracks.facts[0]
    known = tracks.key.searchsorted(grid_ns[:, None] + tracks.base, "right") - 1
    arrivals = tracks.key - host_ns + tracks.facts[1]
    arrived = arrivals.searchsorted(deadline_ns[:, None] + tracks.base, "right") - 1
    newest = np.minimum(known, arrived)
    held = (newest >= tracks.first) & ~between
    newest = np.maximum(newest, 0)
    held &= grid_ns[:, None] - host_ns[newest] <= bridge_ns
    motion = np.where(held[..., None], tracks.motion[newest], motion)
    valid = between | held
    return np.where(valid[..., None], motion, np.nan), valid
