"""Rests of a sensor, at which the accelerometer alone shows where up is."""

from __future__ import annotations

import math

import numpy as np

from gateway.messages import BoolArray, FloatArray, Place
from gateway.quaternion import from_rotation_vector, rotate

STEP_REST_S, REST_S = 0.1, 0.5
"""A foot that rests for so long stands on the ground; other segments also pass through stillness
while they move, but not for long."""

STILL_RAD_S = math.radians(45)
STEADY_M_S2 = 1.0
GRAVITY_M_S2, WEIGHT_M_S2 = 9.81, 0.5
"""At rest a sensor turns no faster, no acceleration is further from their mean, and that is no
further from gravity. In recordings of walking feet up is then right within 2° in the median and 6°
at worst, once or more a step."""


def rest_samples(place: Place, rate_hz: float) -> int:
    """Return how many samples a rest of a sensor at ``place`` is long."""
    return max(2, round((STEP_REST_S if place.endswith("foot") else REST_S) * rate_hz))


def turns(gyr: FloatArray, length: int) -> BoolArray:
    """Return which stretches (K,) of ``length`` samples are no rest by ``gyr`` (K length, 3)."""
    squares = np.einsum("ij,ij->i", gyr, gyr).reshape(-1, length)
    turning: BoolArray = squares.max(axis=1) > STILL_RAD_S**2
    return turning


def up_at_rest(gyr: FloatArray, acc: FloatArray, period_s: float) -> FloatArray | None:
    """Return up (3,) in m/s² at the end of a rest, a sensor's mean acceleration; None if it is not.

    ``gyr`` rad/s and ``acc`` m/s² (N, 3), one every ``period_s``. Who squats slowly rests, and
    turns meanwhile: each acceleration is taken along until the end.
    """
    if turns(gyr, len(gyr))[0]:
        return None
    mean: FloatArray = acc.sum(axis=0) / len(acc)
    apart = acc - mean
    if np.einsum("ij,ij->i", apart, apart).max() > STEADY_M_S2**2:
        return None
    if abs(math.hypot(*mean.tolist()) - GRAVITY_M_S2) > WEIGHT_M_S2:
        return None
    # Up turns against the sensor, so an acceleration of k samples ago by what the last k turned.
    turn = (gyr * np.arange(len(gyr))[:, None]).sum(axis=0) * (period_s / len(gyr))
    return rotate(from_rotation_vector(-turn), mean)


class RestWatch:
    """Gathers the samples between two multiples of ``length`` on the grid."""

    def __init__(self, length: int, period_s: float) -> None:
        self.length = length
        self.period_s = period_s
        self.gathered: FloatArray = np.zeros((2, length, 3))
        self.count = 0

    def left(self, index: int) -> int:
        """Return how many samples, from that at ``index`` on, lie before the next multiple."""
        return self.length - index % self.length

    def take(self, index: int, gyr: FloatArray, acc: FloatArray) -> FloatArray | None:
        """Take measured samples up to the next multiple at most; return up where they end a rest.

        ``index`` is that of the first; ``gyr`` and ``acc`` (N, 3) follow those taken before.
        """
        at = index % self.length
        if at == 0:
            self.count = 0
        if at == self.count:
            self.gathered[0, at : at + len(gyr)] = gyr
            self.gathered[1, at : at + len(gyr)] = acc
            self.count += len(gyr)
        if self.count < self.length:
            return None
        gyr, acc = self.gathered
        return up_at_rest(gyr, acc, self.period_s)

    def spoil(self) -> None:
        """Let no rest end at the next multiple."""
        self.count = -1
