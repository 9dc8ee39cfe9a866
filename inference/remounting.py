"""Whether a sensor sits otherwise on its segment than when it was calibrated.

Two things show it. Standing, up is where it was in the sensor; and a leg that walks turns about its
right axis. A posture or a movement of another kind turns several segments, so a sensor is said to
have been moved only where those on the neighbouring segments are as they were. Kernels: arrays in,
arrays out.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from gateway.messages import BoolArray, FloatArray, Place, Places
from inference.alignment import SITTING_TILT, angle_between, unit
from inference.stance import quiet

MOVED, AS_BEFORE = np.radians(25), np.radians(15)
"""What is further off than the first was moved; within the second nothing has changed."""

STRIDING_RAD_S = 1.0
"""A leg that walks turns faster, a root mean square about the axis that it turns about most."""
MOSTLY = 0.6
"""Share of the turning that is about this axis; with less there is none to speak of."""

_LEG_SEGMENTS = ("thigh", "shank", "foot")
_CHAINS = (
    (Place.STERNUM, Place.PELVIS),
    *(
        pair
        for side in ("left", "right")
        for pair in (
            (Place.PELVIS, Place(f"{side}_thigh")),
            (Place(f"{side}_thigh"), Place(f"{side}_shank")),
            (Place(f"{side}_shank"), Place(f"{side}_foot")),
        )
    ),
)


@cache
def _of_segments(places: Places, segments: tuple[str, ...]) -> BoolArray:
    """Return which of the S places (S,) are one of ``segments`` of a leg."""
    return np.array([place.partition("_")[2] in segments for place in places], np.bool_)


@cache
def _neighbours(places: Places) -> BoolArray:
    """Return which places (S, S) are next to each other on the body."""
    return np.array(
        [[(a, b) in _CHAINS or (b, a) in _CHAINS for b in places] for a in places], np.bool_
    )


def moved_at_rest(
    places: Places, acc: FloatArray, gyr: FloatArray, up: FloatArray, judged: BoolArray
) -> BoolArray | None:
    """Return which sensors (S,) have been moved, from a rest; None if there is none.

    ``acc`` m/s² and ``gyr`` rad/s (3, S, N), ``up`` (S, 3) in the sensors when they were
    calibrated, ``judged`` (S,) which of them to look at.
    """
    if not quiet(acc.T[:, judged], gyr.T[:, judged]):
        return None
    now = acc.cumsum(axis=-1)[..., -1].T
    off = np.zeros(len(places))
    off[judged] = angle_between(unit(now[judged]), up[judged])
    seated = _of_segments(places, ("thigh",)) & (off > SITTING_TILT[0]) & (off < SITTING_TILT[1])
    return _alone(places, off, judged & ~seated)


def moved_in_walking(
    places: Places, gyr: FloatArray, right: FloatArray, judged: BoolArray
) -> BoolArray:
    """Return which sensors (S,) have been moved, from the axis that each turns about.

    ``gyr`` rad/s (3, S, N), ``right`` (S, 3) the segments' right axes in the sensors.
    """
    judged = judged & _of_segments(places, _LEG_SEGMENTS)
    off = np.zeros(len(places))
    products = gyr[:, None, judged] * gyr[None][:, :, judged]
    sizes, axes = np.linalg.eigh(products.cumsum(axis=-1)[..., -1].T / gyr.shape[-1])
    strides = sizes[:, 2] > np.maximum(STRIDING_RAD_S**2, MOSTLY * sizes.sum(axis=1))
    angle = np.arccos(np.minimum(np.abs((axes[:, :, 2] * right[judged]).sum(axis=1)), 1.0))
    off[judged] = angle
    judged[judged] = strides
    return _alone(places, off, judged)


def _alone(places: Places, off: FloatArray, judged: BoolArray) -> BoolArray:
    """Return which sensors (S,) are ``off`` (S,) rad, while all neighbours are as before."""
    beside = _neighbours(places) & judged
    as_before = ~(beside & (off > AS_BEFORE)).any(axis=1) & beside.any(axis=1)
    alone: BoolArray = judged & (off > MOVED) & as_before
    return alone
