"""A low-pass before the grid, for sensors that are clearly faster than it.

Interpolated at grid times, what such a sensor measures above half the grid's rate would come out
as a movement that never was. So its value is a weighted mean around the grid time: the weights
are a triangle whose half-width is one grid interval, turned so that a straight line stays as it
is wherever the samples lie. A sine of frequency f keeps sinc²(f / grid's rate) of its size, in
phase: all but 0.8 % at a twentieth of that rate, 41 % at half of it, nothing at the rate itself.

The weights depend on the time of the grid and of the samples alone. Nothing later than one grid
interval is used, and only what had arrived by the hold-back; where a sample around is missing,
late or clipped, or the clock began anew, there is no mean, and the value is interpolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from gateway.clocks.device import SECOND_NS
from gateway.decoding.streams import Streams
from gateway.grid.tracks import Tracks
from gateway.messages import BoolArray, FloatArray, IntArray

FASTER = 1.5
"""From so many samples a grid interval on there is something to suppress, and to do it with."""
SPREAD = 0.05
"""Samples that lie closer together than this say nothing of the line through them."""


@dataclass(frozen=True)
class Mean:
    """F streams on T grid times: ``motion`` (F, T, C), used where it is ``whole`` (F, T).

    ``ready`` (F,) is when all of the last had arrived, as a key; at most the hold-back's end.
    """

    motion: FloatArray
    whole: BoolArray
    ready: IntArray


@dataclass(frozen=True)
class LowPass:
    """The filter of the F fast ones among M ``streams``.

    ``ahead_ns`` (M,) is how far beyond a grid time a stream must have come, ``taps`` how many
    samples there may be around one.
    """

    streams: IntArray
    ahead_ns: IntArray
    half_width_ns: int
    taps: int

    @classmethod
    def of(cls, streams: Streams, rate_hz: float) -> LowPass | None:
        """Return the filter for a grid of ``rate_hz``; None where no stream is faster."""
        ratio = np.array([stream.rate_hz / rate_hz for stream in streams.each])
        fast = ratio >= FASTER
        if not fast.any():
            return None
        half_width_ns = round(SECOND_NS / rate_hz)
        # One beyond each edge, and one more where the sensor is a little faster than it says.
        taps = ceil(2 * ratio.max()) + 3
        return cls(np.flatnonzero(fast), fast * half_width_ns, half_width_ns, taps)

    def mean(self, tracks: Tracks, at: IntArray, deadline: IntArray) -> Mean:
        """Return the means at keys ``at`` of what had arrived by ``deadline`` (M, T)."""
        at, deadline = at[self.streams], deadline[self.streams]
        first = tracks.host.searchsorted(at - self.half_width_ns, "right") - 1
        end = tracks.host.searchsorted(at + self.half_width_ns)
        row = np.minimum(first + np.arange(self.taps)[:, None, None], end)
        whole = (tracks.arrival[end] <= deadline) & (end - first < self.taps)
        whole &= (tracks.segment[first] == tracks.segment[end]) & tracks.real[first]
        whole &= (tracks.real[row[1:]] & tracks.next[row[1:]]).all(axis=0)
        weights, spread = _weights((tracks.host[row] - at) / self.half_width_ns)
        motion = _in_turn(weights[..., None] * tracks.motion.take(row, axis=0))
        ready = np.minimum(tracks.arrival[end], deadline)[:, -1]
        return Mean(motion, whole & spread, ready)


def _weights(distance: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return weights (K, F, T) that sum to one and whose centre is zero, and where there are such.

    They are those of a line fitted to the K samples under the triangle, at its middle. What is
    added for samples beyond the edge is zero, and one is added after another, so their number
    changes no bit.
    """
    triangle = np.maximum(1.0 - np.abs(distance), 0.0)
    moment = triangle * distance
    total, first, second = _in_turn(triangle), _in_turn(moment), _in_turn(moment * distance)
    determinant = total * second - first * first
    spread = determinant > SPREAD
    determinant[~spread] = 1.0
    turned: FloatArray = triangle * (second - first * distance) / determinant
    return turned, spread


def _in_turn(values: FloatArray) -> FloatArray:
    """Add up along the first axis, one after another: sum() has another order if there are many."""
    total: FloatArray = np.add.accumulate(values, axis=0)[-1]
    return total
