"""Where up is, seen from a sensor or a segment, and what follows from it without any heading.

Kernels: arrays in, arrays out, elementwise throughout, so exact under any cutting. Inside, and in
the memory of what they return, the components come first: then two of them are one numpy call,
which is what a live hop of few samples costs, and a long block is worked on in long runs.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray

_TINY = 1e-300


def up_in_sensor(quat: FloatArray) -> FloatArray:
    """Return earth's up (..., 3) in the frame of sensors with ``quat`` (..., 4) sensor → earth."""
    components = quat.T.copy()
    w, xy, z = components[0], components[1:3], components[3]
    w_xy, xy_xy = w * xy, xy * xy
    up = np.empty((3, *xy.shape[1:]))
    np.multiply(xy, z, out=up[:2])
    up[0] -= w_xy[1]
    up[1] += w_xy[0]
    up[2] = xy_xy[0] + xy_xy[1]
    up *= 2
    up[2] = 1 - up[2]
    return up.T


def without_heading(up: FloatArray) -> FloatArray:
    """Return quaternions (..., 4) segment → earth of segments that face east.

    ``up`` (..., 3) is earth's up in segment axes. East is where the segment's right axis (z),
    seen from above, points south; so the result is smooth while the segment turns forwards
    through any angle, and undefined only where z is vertical (lying on the side). It is a turn
    by the pitch about z, then by ``tilt`` about earth's x, which is 90° for z level.
    """
    x, y, z = components = up.T
    squares = components[:2] * components[:2]
    level = np.sqrt(squares[0] + squares[1])
    level += _TINY
    cosines, sines = np.empty((2, 2, *level.shape))
    cosines[0], cosines[1] = y / level, z
    sines[0], sines[1] = np.abs(x) / level, level
    halves = _half_turns(cosines, sines)
    (cos_pitch, sin_pitch), tilt = halves[:, 0], halves[:, 1]
    sin_pitch = np.copysign(sin_pitch, x)
    quat = np.empty((4, *level.shape))
    np.multiply(tilt, cos_pitch, out=quat[:2])
    np.multiply(tilt[::-1], sin_pitch, out=quat[2:])
    quat[2] = -quat[2]
    return quat.T


def _half_turns(cosines: FloatArray, sines: FloatArray) -> FloatArray:
    """Return cosines and sines (2, ...) of half the angles, 0..π, with ``cosines`` and ``sines``.

    The larger of the two is a square root, the smaller follows from the sine of the whole angle:
    a root of the difference of nearly equal numbers would lose half of the digits.
    """
    larger = np.sqrt((1 + np.abs(cosines)) / 2)
    smaller = sines / (2 * larger)
    acute = cosines >= 0
    halves = np.empty((2, *cosines.shape))
    halves[0] = np.where(acute, larger, smaller)
    halves[1] = np.where(acute, smaller, larger)
    return halves


def pitch_rad(quat: FloatArray) -> FloatArray:
    """Return the pitch (...) in -π..π of segments with ``quat`` (..., 4) from `without_heading`.

    0 upright; positive where the front comes up, as a thigh's does in flexion. It is the angle
    about the segment's own right axis, so leaning sideways leaves it alone.
    """
    return 2 * np.arctan2(quat[..., 3], quat[..., 0])


def right_axis_rise(quat: FloatArray) -> FloatArray:
    """Return by how much (...) the right axis points up, -1..1; ±1 when lying on the side."""
    squares = quat[..., 1:3] ** 2
    return 1 - 2 * (squares[..., 0] + squares[..., 1])
