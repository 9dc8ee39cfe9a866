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
        rows = [np.minimum(first + tap, end) for tap in range(self.taps)]
        whole = (tracks.arrival[end] <= deadline) & (end - first < self.taps)
        whole &= (tracks.segment[first] == tracks.segment[end]) & tracks.real[first]
        for row in rows[1:]:
            whole &= tracks.real[row] & tracks.next[row]
        distances = [(tracks.host[row] - at) / self.half_width_ns for row in rows]
        weights, spread = _weights(distances)
        motion = np.zeros((*at.shape, tracks.motion.shape[1]))
        for row, weight in zip(rows, weights, strict=True):
            motion += weight[..., None] * tracks.motion.take(row, axis=0)
        ready = np.minimum(tracks.arrival[end], deadline)[:, -1]
        return Mean(motion, whole & spread, ready)


def _weights(distances: list[FloatArray]) -> tuple[list[FloatArray], BoolArray]:
    """Return weights that sum to one and whose centre is zero, and where there are such.

    They are those of a line fitted to the samples under the triangle, at its middle. What is
    added for samples beyond the edge is zero, so their number changes no bit.
    """
    triangle = [np.maximum(1.0 - np.abs(distance), 0.0) for distance in distances]
    total, first, second = (np.zeros_like(distances[0]) for _ in range(3))
    for weight, distance in zip(triangle, distances, strict=True):
        moment = weight * distance
        total += weight
        first += moment
        second += moment * distance
    determinant = total * second - first * first
    spread = determinant > SPREAD
    determinant[~spread] = 1.0
    second /= determinant
    first /= determinant
    turned = [w * (second - first * d) for w, d in zip(triangle, distances, strict=True)]
    return turned, spread
