"""Quaternion kernels: arrays (..., 4), ``w, x, y, z``, unit length, exact under any cutting.

Only elementwise arithmetic is used, because matrix products and library rotations round
differently with the length of the array.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.messages import FloatArray


def multiply(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the product: first ``right``, then ``left``; shapes broadcast."""
    w1, x1, y1, z1 = _parts(left)
    w2, x2, y2, z2 = _parts(right)
    return _whole(
        [
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ]
    )


def conjugate(quat: FloatArray) -> FloatArray:
    """Return the inverse rotation."""
    inverse: FloatArray = quat * np.array([1.0, -1.0, -1.0, -1.0])
    return inverse


def rotate(quat: FloatArray, vector: FloatArray) -> FloatArray:
    """Rotate vectors (..., 3) by quaternions (..., 4); shapes broadcast."""
    w, x, y, z = _parts(quat)
    a, b, c = _parts(vector)
    tx, ty, tz = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    return _whole(
        [
            a + w * tx + y * tz - z * ty,
            b + w * ty + z * tx - x * tz,
            c + w * tz + x * ty - y * tx,
        ]
    )


def from_axis_angle(axis: FloatArray, angle_rad: FloatArray) -> FloatArray:
    """Return rotations by ``angle_rad`` (...) about unit vectors ``axis`` (..., 3)."""
    half = np.asarray(angle_rad)[..., None] / 2
    return np.concatenate([np.cos(half), np.sin(half) * axis], axis=-1)


def from_rotation_vector(vector: FloatArray) -> FloatArray:
    """Return the rotations whose axis and angle in rad are those of vectors (..., 3)."""
    angle = np.linalg.norm(vector, axis=-1)
    return from_axis_angle(vector / np.maximum(angle, 1e-12)[..., None], angle)


def to_rotation_vector(quat: FloatArray) -> FloatArray:
    """Return the rotation vectors (..., 3) rad, at most half a turn long."""
    w, axis = quat[..., :1], quat[..., 1:]
    sine = np.sqrt(np.einsum("...i,...i->...", axis, axis))[..., None]
    angle = 2 * np.arctan2(sine, np.abs(w))
    length = np.divide(angle, sine, out=np.full_like(sine, 2.0), where=sine > 1e-12)
    vector: FloatArray = axis * np.copysign(length, w)
    return vector


def from_euler(euler_rad: FloatArray) -> FloatArray:
    """Return rotations by roll, pitch and yaw (..., 3): about z first, then the new y and x."""
    half = np.asarray(euler_rad) / 2
    cx, cy, cz = _parts(np.cos(half))
    sx, sy, sz = _parts(np.sin(half))
    return _whole(
        [
            cz * cy * cx + sz * sy * sx,
            cz * cy * sx - sz * sy * cx,
            cz * sy * cx + sz * cy * sx,
            sz * cy * cx - cz * sy * sx,
        ]
    )


def to_euler(quat: FloatArray) -> FloatArray:
    """Return roll, pitch and yaw (..., 3) in rad; the inverse of ``from_euler``."""
    w, x, y, z = _parts(quat)
    roll = np.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    pitch = np.arcsin(np.clip(2 * (w * y - z * x), -1, 1))
    yaw = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return _whole([roll, pitch, yaw])


def to_matrix(quat: FloatArray) -> FloatArray:
    """Return the rotation matrices (..., 3, 3) of quaternions (..., 4)."""
    w, x, y, z = _parts(quat / np.linalg.norm(quat, axis=-1, keepdims=True))
    ww, xx, yy, zz = w * w, x * x, y * y, z * z
    rows = [
        [xx - yy - zz + ww, 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), -xx + yy - zz + ww, 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), -xx - yy + zz + ww],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def from_matrix(matrix: FloatArray) -> FloatArray:
    """Return quaternions (..., 4), w not negative, of rotation matrices (..., 3, 3).

    The squares of the components follow from the diagonal and the products of two from the rest:
    each row of ``products`` is the quaternion times one of its components. The row of the largest
    is taken, so nothing small is divided by (S. W. Shepperd, J. Guidance and Control 1978, 1(3)).
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = np.moveaxis(matrix, (-2, -1), (0, 1))
    products = np.stack(
        [
            np.stack([1 + xx + yy + zz, zy - yz, xz - zx, yx - xy], axis=-1),
            np.stack([zy - yz, 1 + xx - yy - zz, xy + yx, xz + zx], axis=-1),
            np.stack([xz - zx, xy + yx, 1 - xx + yy - zz, yz + zy], axis=-1),
            np.stack([yx - xy, xz + zx, yz + zy, 1 - xx - yy + zz], axis=-1),
        ],
        axis=-2,
    )
    largest = np.diagonal(products, axis1=-2, axis2=-1).argmax(axis=-1)
    row = np.take_along_axis(products, largest[..., None, None], axis=-2)[..., 0, :]
    unit = row / np.linalg.norm(row, axis=-1, keepdims=True)
    return np.asarray(np.where(unit[..., :1] < 0, -unit, unit))


def _parts(array: FloatArray) -> list[FloatArray]:
    """Return the components (...) of an array (..., K): a tenth of the time of ``moveaxis``."""
    return [array[..., part] for part in range(array.shape[-1])]


def _whole(parts: Sequence[FloatArray]) -> FloatArray:
    """Return the array (..., K) of K components (...)."""
    array = np.empty((*parts[0].shape, len(parts)))
    for number, part in enumerate(parts):
        array[..., number] = part
    return array
