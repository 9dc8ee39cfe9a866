"""Smooth keyframes: values that stand at given times and glide between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gateway.messages import FloatArray


def smootherstep(share: FloatArray) -> FloatArray:
    """Return a step from 0 to 1 over ``share`` 0..1, whose first two derivatives end at zero.

    Perlin's quintic, 6x⁵ − 15x⁴ + 10x³; outside 0..1 it stays at 0 or 1.
    """
    x = np.clip(share, 0.0, 1.0)
    stepped: FloatArray = x * x * x * (10.0 + x * (6.0 * x - 15.0))
    return stepped


@dataclass(frozen=True)
class Track:
    """Keyframes ``values`` (K, ...) at rising ``times_s`` (K,), with C2 passages between them.

    Before the first and after the last keyframe the track stands still.
    """

    times_s: FloatArray
    values: FloatArray

    def at(self, t_s: FloatArray) -> FloatArray:
        """Return the values (N, ...) at times (N,)."""
        if len(self.times_s) == 1:
            return np.repeat(self.values, len(t_s), axis=0)
        left = np.searchsorted(self.times_s, t_s, side="right") - 1
        left = np.clip(left, 0, len(self.times_s) - 2)
        start = self.times_s[left]
        share = smootherstep((t_s - start) / (self.times_s[left + 1] - start))
        share = share.reshape(share.shape + (1,) * (self.values.ndim - 1))
        before = self.values[left]
        glide: FloatArray = before + share * (self.values[left + 1] - before)
        return glide


@dataclass
class TrackBuilder:
    """Writes a track in order of time."""

    times_s: list[float]
    values: list[Any]

    @classmethod
    def starting(cls, t_s: float, value: Any) -> TrackBuilder:
        """Begin at ``value``."""
        return cls([t_s], [value])

    def move(self, start_s: float, end_s: float, value: Any) -> None:
        """Stand until ``start_s``, then glide to ``value`` until ``end_s``."""
        if start_s > self.times_s[-1]:
            self.times_s.append(start_s)
            self.values.append(self.values[-1])
        self.times_s.append(end_s)
        self.values.append(value)

    def build(self) -> Track:
        """Return the finished track."""
        return Track(np.array(self.times_s), np.array(self.values, dtype=float))
