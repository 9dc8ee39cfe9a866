"""One second of motion of several sensors, as the joints between them are told from it.

Orientation here is the gyroscope's alone: sensor → a frame of the sensor's own that neither knows
up nor turns with the segment, and drifts only as the gyroscope does. What is compared, joint by
joint, is read at instants about 20 ms apart, each between two means of the samples beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway import quaternion
from gateway.messages import BoolArray, FloatArray

QUAT, ACC, GYR = slice(0, 4), slice(4, 7), slice(7, 10)
"""Where a sample (..., 10) of a tick has orientation, acceleration and rate of turn."""

COMPARED_HZ = 50.0
"""Limbs move below 20 Hz; the mean over a fiftieth of a second quiets noise and soft tissue."""

REST_GYR = np.radians(2.0)
REST_ACC = 0.5
"""At rest no sample is further from the mean (rad/s, m/s²): the limits of VQF's rest detection."""


@dataclass(frozen=True)
class TickMotion:
    """What K sensors did at M instants of a tick of ``seconds``, all in their gyroscopes' frames.

    ``acc`` (K, M, 3) m/s², and ``slopes`` (K, M, 3, 6) what it takes to make it that of a point,
    once multiplied by the point's place in sensor axes (m) and the accelerometer's offset (m/s²).
    ``drifted`` (K, 3, 3) s, times an offset of the gyroscope that was not removed, is the turn it
    made by the end. ``rate`` (K, 3) rad/s is the mean that the gyroscope read, in sensor axes;
    ``pace`` (K,) rad/s how fast it turned; ``rest`` (K,) nothing moved.
    """

    seconds: float
    acc: FloatArray
    slopes: FloatArray
    drifted: FloatArray
    rate: FloatArray
    pace: FloatArray
    rest: BoolArray


def thinning(rate_hz: float) -> int:
    """Return how many samples make one mean."""
    return max(1, round(rate_hz / COMPARED_HZ))


def tick_motion(
    quat: FloatArray, acc: FloatArray, gyr: FloatArray, bias: FloatArray, rate_hz: float
) -> TickMotion:
    """Return the motion of a tick of T samples, T a multiple of ``thinning``.

    ``quat`` (K, T, 4) from the gyroscope less ``bias`` (K, 3) rad/s; ``acc`` (K, T, 3) m/s² and
    ``gyr`` (K, T, 3) rad/s as read. A point moves by Γ times its place, with
    Γ = [ω̇]× + [ω]×[ω]× (Seel, Raisch, Schauer, Sensors 2014, 14, 6891-6909).
    """
    thin, seconds = thinning(rate_hz), acc.shape[1] / rate_hz
    mean_acc, mean_gyr = (
        values.reshape(len(values), -1, thin, 3).mean(axis=2) for values in (acc, gyr)
    )
    axes = quaternion.to_matrix(quat[:, thin - 1 : -1 : thin] + quat[:, thin::thin])
    cross = cross_matrix(_between(mean_gyr) - bias[:, None])
    cross_dot = cross_matrix(np.diff(mean_gyr, axis=1) * (rate_hz / thin))
    slopes = np.empty((*axes.shape[:3], 6))
    np.matmul(axes, cross_dot + np.matmul(cross, cross), out=slopes[..., :3])
    np.negative(axes, out=slopes[..., 3:])
    rate = mean_gyr.mean(axis=1)
    turning = mean_gyr - rate[:, None]
    straying = mean_acc - mean_acc.mean(axis=1)[:, None]
    still = (np.abs(turning).max(axis=1) < REST_GYR) & (np.abs(straying).max(axis=1) < REST_ACC)
    return TickMotion(
        seconds=seconds,
        acc=np.matmul(axes, _between(mean_acc)[..., None])[..., 0],
        slopes=slopes,
        drifted=axes.mean(axis=1) * seconds,
        rate=rate,
        pace=np.sqrt((turning**2).sum(axis=2).mean(axis=1)),
        rest=still.all(axis=1),
    )


def cross_matrix(vectors: FloatArray) -> FloatArray:
    """Return the matrices (..., 3, 3) of the cross products with ``vectors`` (..., 3)."""
    matrices = np.zeros((*vectors.shape, 3))
    for row, column, axis in ((2, 1, 0), (0, 2, 1), (1, 0, 2)):
        matrices[..., row, column] = vectors[..., axis]
        matrices[..., column, row] = -vectors[..., axis]
    return matrices


def _between(values: FloatArray) -> FloatArray:
    """Return the means (K, M, 3) of neighbours among (K, M + 1, 3)."""
    middle: FloatArray = (values[:, 1:] + values[:, :-1]) / 2
    return middle
