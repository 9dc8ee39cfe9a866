"""Where up is, seen from a sensor or a segment, and what follows from it without any heading.

Kernels: arrays in, arrays out, elementwise throughout, so exact under any cutting.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray

_TINY = 1e-300


def up_in_sensor(quat: FloatArray) -> FloatArray:
    """Return earth's up (..., 3) in the frame of sensors with ``quat`` (..., 4) sensor → earth."""
    w, x, y, z = quat[..., 0], quat[..., 1], quat[..., 2], quat[..., 3]
    up = np.empty((*quat.shape[:-1], 3))
    up[..., 0] = 2 * (x * z - w * y)
    up[..., 1] = 2 * (y * z + w * x)
    up[..., 2] = 1 - 2 * (x * x + y * y)
    return up


def without_heading(up: FloatArray) -> FloatArray:
    """Return quaternions (..., 4) segment → earth of segments that face east.

    ``up`` (..., 3) is earth's up in segment axes. East is where the segment's right axis (z),
    seen from above, points south; so the result is smooth while the segment turns forwards
    through any angle, and undefined only where z is vertical (lying on the side). It is a turn
    by the pitch about z, then by ``tilt`` about earth's x, which is 90° for z level.
    """
    x, y, z = up[..., 0], up[..., 1], up[..., 2]
    level = np.sqrt(x * x + y * y) + _TINY
    cos_pitch, sin_pitch = _half_turn(y / level, x)
    cos_tilt, sin_tilt = _half_turn(z, level)
    quat = np.empty((*up.shape[:-1], 4))
    quat[..., 0] = cos_tilt * cos_pitch
    quat[..., 1] = sin_tilt * cos_pitch
    quat[..., 2] = -sin_tilt * sin_pitch
    quat[..., 3] = cos_tilt * sin_pitch
    return quat


def _half_turn(cosine: FloatArray, signed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return cosine and sine (...) of half the angle with ``cosine`` and the sign of ``signed``."""
    half_cosine = np.sqrt(np.maximum(1 + cosine, 0.0) / 2)
    half_sine = np.sqrt(np.maximum(1 - cosine, 0.0) / 2)
    return half_cosine, np.copysign(half_sine, signed)


def pitch_rad(quat: FloatArray) -> FloatArray:
    """Return the pitch (...) in -π..π of segments with ``quat`` (..., 4) from `without_heading`.

    0 upright; positive where the front comes up, as a thigh's does in flexion. It is the angle
    about the segment's own right axis, so leaning sideways leaves it alone.
    """
    return 2 * np.arctan2(quat[..., 3], quat[..., 0])


def right_axis_rise(quat: FloatArray) -> FloatArray:
    """Return by how much (...) the right axis points up, -1..1; ±1 when lying on the side."""
    x, y = quat[..., 1], quat[..., 2]
    return 1 - 2 * (x * x + y * y)
