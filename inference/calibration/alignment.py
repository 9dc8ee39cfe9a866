"""How a sensor sits on its segment: kernels of the calibration.

Standing gives the segment's long axis: up. Movement gives its forward axis: the direction in
which it tilts is the sagittal plane, and which way it tilts tells front from back, because thighs
come forward, while shanks, feet, pelvis and trunk lean the other way (top forward, heel up). The
idea is the functional calibration of Seel et al. (Sensors 2014, 14, 6891-6909), with the tilt
from gravity in place of the gyroscope axis, so that the sign comes with it.
"""

from __future__ import annotations

import numpy as np

from gateway import quaternion
from gateway.messages import BoolArray, FloatArray
from inference.calibration.nominal import Nominal

SITTING_TILT = (np.radians(50), np.radians(130))
"""A thigh this far from where standing puts it is that of somebody who sits."""

WORN_TILT = np.radians(35)
"""A sensor that is worn as described is within this of upright when its segment is."""

MOVING_RAD_S = 0.3
"""Slower turning is posture rather than movement, and tells little of the sagittal plane."""

_RAISED_THIGH_COS = np.cos(np.radians(50))


def unit(vector: FloatArray) -> FloatArray:
    """Return vectors (..., 3) at length 1."""
    return np.asarray(vector / np.sqrt((vector * vector).sum(axis=-1, keepdims=True)))


def angle_between(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the angle (...) in radians between unit vectors (..., 3)."""
    return np.asarray(np.arccos(np.clip((left * right).sum(axis=-1), -1.0, 1.0)))


def axes_from_standing(nominal: Nominal, up: FloatArray) -> FloatArray:
    """Return axes (S, 3, 3) segment → sensor for ``up`` (S, 3) measured in standing.

    The face of the sensor that is meant to look forward still does, so a sensor that was turned
    on its strap, even upside down, is right at once. If that face looks up or down, the sensor
    is brought from its nominal place by the shortest way.
    """
    axes = nominal.axes
    faces_up = (axes[:, :, 0] * up).sum(axis=-1)
    turned = -np.sign(faces_up)[:, None] * axes[:, :, 1]
    forward = np.where(np.abs(faces_up)[:, None] > 0.9, turned, axes[:, :, 0])
    return axes_from(up, forward)


def axes_from(up: FloatArray, forward: FloatArray) -> FloatArray:
    """Return axes (S, 3, 3) segment → sensor with y ``up`` and x nearest to ``forward``."""
    x = unit(forward - (forward * up).sum(axis=-1, keepdims=True) * up)
    return np.stack([x, up, np.cross(x, up)], axis=-1)


def quaternions(axes: FloatArray) -> FloatArray:
    """Return quaternions (S, 4), w first, of rotation matrices (S, 3, 3)."""
    return quaternion.from_matrix(axes)


def looks_seated(nominal: Nominal, up: FloatArray, present: BoolArray) -> bool:
    """Say whether ``up`` (S, 3) is that of a person who sits with sensors worn as described."""
    tilt = angle_between(up, nominal.axes[:, :, 1])
    thigh = nominal.thigh & present
    others = nominal.sagittal & present & ~thigh
    raised = (tilt > SITTING_TILT[0]) & (tilt < SITTING_TILT[1]) & thigh
    return bool(raised.any() and others.any() and np.median(tilt[others]) < WORN_TILT)


def tilt_evidence(
    nominal: Nominal,
    up: FloatArray,
    gyr: FloatArray,
    standing_up: FloatArray,
    usable: BoolArray,
    wanted: BoolArray,
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Return how the segments tilted over a stretch of movement, in sensor axes.

    ``up`` and ``gyr`` (3, S, ..., N), ``standing_up`` (S, 3), ``usable`` (S,), of which K are
    ``wanted`` (S,). The result is the sum (..., K, 3) of the horizontal parts of up, weighted with
    their length, the sum of the weights (..., K), and the number of samples (..., K) that were
    clear: moving, and tilted beyond the least that counts; None if there is none. Shanks and feet
    are left out while their thigh is raised, because in seated knee extension they go the other
    way.
    """
    places = np.flatnonzero(wanted)
    turning = gyr[:, places]
    clear = _dot(turning, turning) > MOVING_RAD_S**2
    if not clear.any():
        return None
    one_each = (-1, *[1] * (up.ndim - 2))
    up_then, up_now = standing_up.T.reshape(3, *one_each), up[:, places]
    cosine = _dot(up_now, up_then[:, places])
    clear &= cosine < nominal.least_tilt_cos[places].reshape(one_each)
    for thigh, below in nominal.below:
        if usable[thigh]:
            lowered = _dot(up[:, thigh], up_then[:, thigh]) > _RAISED_THIGH_COS
            clear[below[places]] &= lowered
    if not clear.any():
        return None
    tilt = np.where(clear, up_now - cosine * up_then[:, places], 0.0)
    squared = _dot(tilt, tilt)
    sums = [_sum_of_samples(values) for values in (tilt * np.sqrt(squared), squared)]
    return sums[0].T, sums[1].T, np.count_nonzero(clear, axis=-1).astype(np.float64).T


def _dot(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the scalar products (...) of vectors (3, ...)."""
    product = left * right
    total: FloatArray = product[0] + product[2]
    total += product[1]
    return total


def _sum_of_samples(values: FloatArray) -> FloatArray:
    """Return the sum (...) of (..., N), added up one by one."""
    return values.cumsum(axis=-1)[..., -1]


def thigh_known(nominal: Nominal, usable: BoolArray) -> BoolArray:
    """Return (S,) whether a shank's own thigh is usable; True for places that need none."""
    known = ~nominal.shank
    for thigh, below in nominal.below:
        known[below & nominal.shank] = usable[thigh]
    return known
