"""What ideal sensors measure on a movement: body rate, specific force, and the blow of a step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray
from gateway.quaternion import conjugate, multiply, rotate

GRAVITY = np.array([0.0, 0.0, 9.80665])

# Peak of the blow in m/s² at 1.26 m/s for pelvis, thigh, shank, foot and sternum, its delay on
# the way up the body, and the share felt on the other leg.
_PEAK = {"pelvis": 4.0, "thigh": 9.0, "shank": 20.0, "foot": 40.0, "sternum": 2.0}
_DELAY_S = {"pelvis": 0.008, "thigh": 0.005, "shank": 0.002, "foot": 0.0, "sternum": 0.012}
_ACROSS = 0.08
_BLOW_HZ, _BLOW_DECAY_S, _BLOW_END_S = 22.0, 0.013, 0.12
_BLOW_UNIT = 0.484  # peak of exp(-s / decay) · sin(2π · hz · s)
_BLOW_AXIS = np.array([-0.35, 0.93, 0.1])


@dataclass(frozen=True)
class Blow:
    """A heel that strikes at ``t_s``; ``strength`` 1 at 1.26 m/s; ``side`` 0 left, 1 right."""

    t_s: float
    side: int
    strength: float


def body_rate(quat: FloatArray, rate_hz: float) -> FloatArray:
    """Return the angular rate (N - 2, ..., 3) rad/s in body axes, from the neighbours of each.

    The mean rate over two samples: rotation vector of the turn, by the series of asin.
    """
    turn = multiply(conjugate(quat[:-2]), quat[2:])
    half = turn[..., 1:] * np.where(turn[..., :1] < 0, -1.0, 1.0)
    square = np.einsum("...i,...i->...", half, half)[..., None]
    rate: FloatArray = half * (1 + square * (1 / 6 + square * (3 / 40))) * rate_hz
    return rate


def specific_force(position_m: FloatArray, quat: FloatArray, rate_hz: float) -> FloatArray:
    """Return specific force (N - 2, ..., 3) m/s² in body axes: acceleration less gravity."""
    second = (position_m[2:] - 2 * position_m[1:-1] + position_m[:-2]) * rate_hz**2
    return rotate(conjugate(quat[1:-1]), second + GRAVITY)


def add_blows(
    acc: FloatArray, t_s: FloatArray, axes: FloatArray, blows: list[Blow], sample_s: float
) -> None:
    """Add heel strikes to ``acc`` (N, 8, 3) at even times (N,), in place.

    Each is a damped oscillation, mean over one sample as the sensor's own integration gives
    it. ``axes`` (8, 3) is the direction of the blow in each sensor's frame.
    """
    step = t_s[1] - t_s[0]
    reach = np.arange(-int(sample_s / step) - 1, int(_BLOW_END_S / step) + 2)
    for blow in blows:
        rows = int(np.ceil((blow.t_s - t_s[0]) / step)) + reach
        rows = rows[(rows >= 0) & (rows < len(t_s))]
        since = (t_s[rows] - blow.t_s)[:, None] - _DELAYS
        pulse = (_impulse(since + sample_s / 2) - _impulse(since - sample_s / 2)) / sample_s
        acc[rows] += (pulse * (blow.strength * _PEAKS[blow.side]))[:, :, None] * axes


def blow_axes(mounting: FloatArray) -> FloatArray:
    """Return the direction of a blow (8, 3) in the sensors' frames."""
    return rotate(mounting, _BLOW_AXIS)


def _impulse(since_s: FloatArray) -> FloatArray:
    """Return the integral from 0 to ``since_s`` of a damped oscillation with peak 1; 0 before."""
    s = np.clip(since_s, 0.0, _BLOW_END_S)
    omega, rate = 2 * np.pi * _BLOW_HZ, 1 / _BLOW_DECAY_S
    decayed = np.exp(-rate * s) * (rate * np.sin(omega * s) + omega * np.cos(omega * s))
    area: FloatArray = (omega - decayed) / (omega**2 + rate**2) / _BLOW_UNIT
    return area


def _by_place(values: dict[str, float], side: int | None) -> FloatArray:
    pelvis, thigh, shank, foot, sternum = values.values()
    pairs = np.repeat([thigh, shank, foot], 2)
    if side is not None:
        pairs[1 - side :: 2] *= _ACROSS
    return np.array([pelvis, *pairs, sternum])


_PEAKS = np.stack([_by_place(_PEAK, side) for side in (0, 1)])
_DELAYS = _by_place(_DELAY_S, None)
