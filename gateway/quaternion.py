"""Quaternion kernels: arrays (..., 4), ``w, x, y, z``, unit length, exact under any cutting.

Only elementwise arithmetic is used, because matrix products and library rotations round
differently with the length of the array.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray


def multiply(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the product: first ``right``, then ``left``; shapes broadcast."""
    w1, x1, y1, z1 = np.moveaxis(left, -1, 0)
    w2, x2, y2, z2 = np.moveaxis(right, -1, 0)
    return np.stack(
        [
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ],
        axis=-1,
    )


def conjugate(quat: FloatArray) -> FloatArray:
    """Return the inverse rotation."""
    inverse: FloatArray = quat * np.array([1.0, -1.0, -1.0, -1.0])
    return inverse


def rotate(quat: FloatArray, vector: FloatArray) -> FloatArray:
    """Rotate vectors (..., 3) by quaternions (..., 4); shapes broadcast."""
    w, x, y, z = np.moveaxis(quat, -1, 0)
    a, b, c = np.moveaxis(vector, -1, 0)
    tx, ty, tz = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    return np.stack(
        [
            a + w * tx + y * tz - z * ty,
            b + w * ty + z * tx - x * tz,
            c + w * tz + x * ty - y * tx,
        ],
        axis=-1,
    )


def from_axis_angle(axis: FloatArray, angle_rad: FloatArray) -> FloatArray:
    """Return rotations by ``angle_rad`` (...) about unit vectors ``axis`` (..., 3)."""
    half = np.asarray(angle_rad)[..., None] / 2
    return np.concatenate([np.cos(half), np.sin(half) * axis], axis=-1)
