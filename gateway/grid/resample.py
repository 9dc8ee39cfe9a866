"""Kernels that put the samples of all sensors (``gateway.grid.tracks``) on grid times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.grid.low_pass import LowPass
from gateway.grid.tracks import Tracks
from gateway.messages import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class OnGrid:
    """M streams on T grid times: ``motion`` (M, T, C), ``valid``, ``real``, ``clipped`` (M, T).

    ``clipped`` tells where nothing is missing, and yet what was measured is not real. ``ready_ns``
    is when the last stream had delivered the last of them, at most the hold-back's end.
    """

    motion: FloatArray
    valid: BoolArray
    real: BoolArray
    clipped: BoolArray
    ready_ns: int


def resample(
    tracks: Tracks,
    grid_ns: IntArray,
    hold_back_ns: int,
    bridge_ns: int,
    low_pass: LowPass | None = None,
) -> OnGrid:
    """Put all streams on the grid times (T,); ``gateway.grid.stage`` has the rules."""
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
    whole = between & neighbours
    real = whole & tracks.real[newer] & tracks.real[older]
    weight = (at - since) / np.maximum(gap, 1)
    low, motion = tracks.motion.take(older, axis=0), tracks.motion.take(newer, axis=0)
    motion -= low
    motion *= weight[..., None]
    motion += low
    ready = np.where(has_newer[:, -1], arrived[:, -1], deadline[:, -1])
    if low_pass is not None:
        fast, mean = low_pass.streams, low_pass.mean(tracks, at, deadline)
        motion[fast] = np.where(mean.whole[..., None], mean.motion, motion[fast])
        ready[fast] = mean.ready
    cells = np.flatnonzero(~between)
    if len(cells):
        held = _held(tracks, at.ravel()[cells], hold_back_ns, bridge_ns)
        motion.reshape(-1, motion.shape[2])[cells] = held
        between.reshape(-1)[cells] = np.isfinite(held[:, 0])
    ready_ns = max((ready - tracks.base).tolist(), default=int(grid_ns[-1]) + hold_back_ns)
    return OnGrid(motion, between, real, whole & ~real, ready_ns)


def _held(tracks: Tracks, at: IntArray, hold_back_ns: int, bridge_ns: int) -> FloatArray:
    """Return the last values (K, C) that had arrived, at most ``bridge_ns`` old; else NaN."""
    known = tracks.host.searchsorted(at, "right")
    arrived = tracks.arrival.searchsorted(at + hold_back_ns, "right")
    newest = np.minimum(known, arrived) - 1
    # Where a stall is longer than what is kept, this is another sensor's row, far off either way.
    age = at - tracks.host[newest]
    fresh = (age >= 0) & (age <= bridge_ns)
    return np.where(fresh[:, None], tracks.motion[newest], np.nan)
