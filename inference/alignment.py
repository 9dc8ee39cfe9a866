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
from gateway.messages import PLACES, BoolArray, FloatArray, Place
from gateway.mounting import nominal_mounting

SITTING_TILT = (np.radians(50), np.radians(130))
"""A thigh this far from where standing puts it is that of somebody who sits."""

WORN_TILT = np.radians(35)
"""A sensor that is worn as described is within this of upright when its segment is."""

MOVING_RAD_S = 0.3
"""Slower turning is posture rather than movement, and tells little of the sagittal plane."""

FORWARD_SIGN = np.array([1.0 if "thigh" in place else -1.0 for place in PLACES])
"""Whether up tips forward (thigh) or backward (others) in the segment when the segment moves."""

_LEAST_TILT = {"thigh": 20.0, "shank": 12.0, "foot": 30.0, "pelvis": 15.0, "sternum": 15.0}
LEAST_TILT_COS = np.cos(np.radians([_LEAST_TILT[place.rpartition("_")[2]] for place in PLACES]))
"""Beyond the tilt that a segment also reaches against its main direction in walking."""

_RAISED_THIGH_COS = np.cos(np.radians(50))
_LOWER = {Place.LEFT_THIGH: (3, 5), Place.RIGHT_THIGH: (4, 6)}


def unit(vector: FloatArray) -> FloatArray:
    """Return vectors (..., 3) at length 1."""
    return np.asarray(vector / np.sqrt((vector * vector).sum(axis=-1, keepdims=True)))


def angle_between(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the angle (...) in radians between unit vectors (..., 3)."""
    return np.asarray(np.arccos(np.clip((left * right).sum(axis=-1), -1.0, 1.0)))


def nominal_axes() -> FloatArray:
    """Return rotation matrices (8, 3, 3) segment → sensor of the nominal mounting."""
    return quaternion.to_matrix(nominal_mounting())


def axes_from_standing(up: FloatArray) -> FloatArray:
    """Return axes (8, 3, 3) segment → sensor for ``up`` (8, 3) measured in standing.

    The face of the sensor that is meant to look forward still does, so a sensor that was turned
    on its strap, even upside down, is right at once. If that face looks up or down, the sensor
    is brought from its nominal place by the shortest way.
    """
    nominal = nominal_axes()
    faces_up = (nominal[:, :, 0] * up).sum(axis=-1)
    turned = -np.sign(faces_up)[:, None] * nominal[:, :, 1]
    forward = np.where(np.abs(faces_up)[:, None] > 0.9, turned, nominal[:, :, 0])
    return axes_from(up, forward)


def axes_from(up: FloatArray, forward: FloatArray) -> FloatArray:
    """Return axes (8, 3, 3) segment → sensor with y ``up`` and x nearest to ``forward``."""
    x = unit(forward - (forward * up).sum(axis=-1, keepdims=True) * up)
    return np.stack([x, up, np.cross(x, up)], axis=-1)


def quaternions(axes: FloatArray) -> FloatArray:
    """Return quaternions (8, 4), w first, of rotation matrices (8, 3, 3)."""
    return quaternion.from_matrix(axes)


def looks_seated(up: FloatArray, present: BoolArray) -> bool:
    """Say whether ``up`` (8, 3) is that of a person who sits with sensors worn as described."""
    tilt = angle_between(up, nominal_axes()[:, :, 1])
    thigh = (FORWARD_SIGN > 0) & present
    others = present & ~thigh
    raised = (tilt > SITTING_TILT[0]) & (tilt < SITTING_TILT[1]) & thigh
    return bool(raised.any() and others.any() and np.median(tilt[others]) < WORN_TILT)


def tilt_evidence(
    up: FloatArray,
    gyr: FloatArray,
    standing_up: FloatArray,
    usable: BoolArray,
    wanted: BoolArray,
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Return how the segments tilted over a stretch of movement, in sensor axes.

    ``up`` and ``gyr`` (3, 8, N), ``standing_up`` (8, 3), ``usable`` (8,), of which K are ``wanted``
    (8,). The result is the sum (K, 3) of the horizontal parts of up, weighted with their length,
    the sum of the weights (K,), and the number of samples (K,) that were clear: moving, and
    tilted beyond ``LEAST_TILT_COS``; None if there is none. Shanks and feet are left out while
    their thigh is raised, because in seated knee extension they go the other way.
    """
    places = np.flatnonzero(wanted)
    turning = gyr[:, places]
    clear = _dot(turning, turning) > MOVING_RAD_S**2
    if not clear.any():
        return None
    up_then, up_now = standing_up.T[..., None], up[:, places]
    cosine = _dot(up_now, up_then[:, places])
    clear &= cosine < LEAST_TILT_COS[places, None]
    for thigh, lower in _LOWER.items():
        column = PLACES.index(thigh)
        if usable[column]:
            lowered = _dot(up[:, column], up_then[:, column]) > _RAISED_THIGH_COS
            clear[np.isin(places, lower)] &= lowered
    if not clear.any():
        return None
    tilt = np.where(clear, up_now - cosine * up_then[:, places], 0.0)
    squared = _dot(tilt, tilt)
    sums = [_sum_of_samples(values) for values in (tilt * np.sqrt(squared), squared)]
    return sums[0].T, sums[1], np.count_nonzero(clear, axis=1).astype(np.float64)


def _dot(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the scalar products (...) of vectors (3, ...)."""
    product = left * right
    total: FloatArray = product[0] + product[2]
    total += product[1]
    return total


def _sum_of_samples(values: FloatArray) -> FloatArray:
    """Return the sum (...) of (..., N), added up one by one."""
    return values.cumsum(axis=-1)[..., -1]


def thigh_known(usable: BoolArray) -> BoolArray:
    """Return (8,) whether a place's own thigh is usable; True for places that need none."""
    known = np.ones(len(PLACES), dtype=bool)
    for thigh, (shank, _) in _LOWER.items():
        known[shank] = usable[PLACES.index(thigh)]
    return known
