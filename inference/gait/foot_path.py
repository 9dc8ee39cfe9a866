"""The path of a foot from one rest to the next: strapdown integration, drift taken out.

Between two rests the velocity begins and ends at zero, so what integration leaves at the end is
error. Little of it comes from the swing and most from the blow of the landing, which no sensor
samples well: it is therefore taken out in proportion to the change of the acceleration so far,
the best estimate for errors that walk at random with that variance (a smoother with zero velocity
at both ends). Taken out evenly over time it would bend the whole swing. The same blows tilt what
an orientation filter takes for vertical, so the vertical is that of gravity felt at rest.
"""

from __future__ import annotations

import math

import numpy as np

from gateway.messages import FloatArray, IntArray
from gateway.quaternion import from_rotation_vector, rotate
from inference.gait.foot_rest import GRAVITY_M_S2

STEP_UP_M = 0.10
"""A foot that ends within this of its old height has stayed on the level: a stair is higher, and
the error of height over one stride smaller."""

HEEL_FIRST_RAD = math.radians(10.0)
"""Who lands with the toes so far up has landed on the heel, as people do on the level and not on
stairs, up or down (R. Riener et al. 2002, Gait & Posture 15:32-44): what seems to be a rise is the
error of a long movement or of missing samples."""

UP = np.array([0.0, 0.0, 1.0])
_TINY = 1e-12


def levelled(
    acc_earth: FloatArray, count: IntArray, before: FloatArray, after: FloatArray
) -> FloatArray:
    """Return ``acc_earth`` (K, N, 3) turned upright, so that both rests feel gravity along z.

    ``before`` and ``after`` (K, 3) are the mean accelerations felt in the same axes at the rests;
    the small turn goes evenly over time from the one's to the other's.
    """
    first, last = (np.array([_tilt(felt) for felt in rests]) for rests in (before, after))
    share = _share(count, acc_earth.shape[1])[..., None]
    turn = first[:, None] + share * (last - first)[:, None]
    return rotate(from_rotation_vector(turn), acc_earth)


def path(acc_earth: FloatArray, count: IntArray, rate_hz: float) -> FloatArray:
    """Return positions (K, N, 3) m from ``acc_earth`` (K, N, 3) m/s², what is felt, in earth axes.

    The foot rests at the first and at the last sample; the path begins at zero.
    """
    free = acc_earth - GRAVITY_M_S2 * UP
    velocity = _integral(free) / rate_hz
    change = np.zeros_like(free)
    np.subtract(free[:, 1:], free[:, :-1], out=change[:, 1:])
    blow = np.sqrt(np.einsum("kij,kij->ki", change, change))
    blow[np.arange(blow.shape[1]) >= count[:, None]] = 0.0
    blows = np.cumsum(blow, axis=1)
    share = blows / np.maximum(blows[:, -1:], _TINY)
    velocity -= share[..., None] * ends(velocity, count)[:, None]
    position: FloatArray = _integral(velocity) / rate_hz
    return position


def on_the_level(
    position: FloatArray, count: IntArray, contact_angle_rad: FloatArray
) -> FloatArray:
    """Return the paths (K, N, 3) with their heights brought back to zero, but those on stairs.

    ``contact_angle_rad`` (K,) is that of the soles on landing, toes up positive, NaN where it is
    not known.
    """
    rise = ends(position, count)[:, 2]
    rise[(np.abs(rise) >= STEP_UP_M) & ~(contact_angle_rad > HEEL_FIRST_RAD)] = 0.0
    level = position.copy()
    level[..., 2] -= rise[:, None] * _share(count, position.shape[1])
    return level


def ends(values: FloatArray, count: IntArray) -> FloatArray:
    """Return the last (K, 3) of ``values`` (K, N, 3) of each way."""
    last: FloatArray = values[np.arange(len(count)), count - 1]
    return last


def sole_angle(up: FloatArray, ahead: FloatArray) -> FloatArray:
    """Return the angle of the sole to the ground (...), rad: positive with the toes up.

    ``up`` (..., 3) is in earth axes the direction that points up while the foot lies flat,
    ``ahead`` (..., 3) the way of the step.
    """
    x, y = ahead[..., 0], ahead[..., 1]
    way = np.maximum(np.hypot(x, y), _TINY)
    angle: FloatArray = np.arctan2(-(up[..., 0] * x + up[..., 1] * y) / way, up[..., 2])
    return angle


def _tilt(felt: FloatArray) -> list[float]:
    """Return the rotation vector (3,) that turns what is ``felt`` (3,) upright, if it is small."""
    x, y, z = felt.tolist()
    size = math.hypot(x, y, z)
    return [y / size, -x / size, 0.0]


def _share(count: IntArray, samples: int) -> FloatArray:
    """Return 0 to 1 (K, N) in even steps, 1 at the last of ``count`` (K,)."""
    return np.arange(samples) / (count - 1)[:, None]


def _integral(values: FloatArray) -> FloatArray:
    """Return the integral (K, N, 3) by the trapezoidal rule, in samples, beginning at zero."""
    total = np.zeros_like(values)
    np.cumsum((values[:, 1:] + values[:, :-1]) / 2, axis=1, out=total[:, 1:])
    return total
