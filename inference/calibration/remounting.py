"""Whether a sensor sits otherwise on its segment than when it was calibrated.

Two things show it. Standing, up is where it was in the sensor; and a leg that walks turns about its
right axis. A posture or a movement of another kind turns several segments, so a sensor is said to
have been moved only where those on the neighbouring segments are as they were. Kernels: arrays in,
arrays out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from gateway.messages import BoolArray, FloatArray, Place, Places
from gateway.worn import anywhere, everywhere
from inference.calibration.alignment import SITTING_TILT, angle_between, unit
from inference.calibration.stance import quiet

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


@dataclass(frozen=True)
class Moved:
    """Which of T ticks are ``rests`` (T,), and which sensors were moved (T, S), as those say.

    ``at_rest`` is False in ticks that are no rests, and ``in_walking`` in those that are.
    """

    rests: BoolArray
    at_rest: BoolArray
    in_walking: BoolArray


def moved(
    places: Places,
    motion: FloatArray,
    up: FloatArray,
    axes: FloatArray,
    judged: BoolArray,
    refined: BoolArray,
) -> Moved:
    """Return what T ticks, ``motion`` (3, 3, S, T, N), say of ``judged`` (S,) sensors.

    ``up`` (S, 3) in the sensors and ``axes`` (S, 3, 3) segment → sensor are from when they were
    calibrated; movement has shown those that are ``refined`` (S,).
    """
    acc, gyr, _ = motion
    rests, at_rest = moved_at_rest(places, acc, gyr, up, judged)
    in_walking = np.zeros_like(at_rest)
    if not everywhere(rests):
        moves = (~rests).nonzero()[0]
        in_walking[moves] = moved_in_walking(places, gyr[:, :, moves], axes[:, :, 2], refined)
    return Moved(rests, at_rest, in_walking)


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
) -> tuple[BoolArray, BoolArray]:
    """Return which of T ticks are rests (T,), and which sensors (T, S) those say have been moved.

    ``acc`` m/s² and ``gyr`` rad/s (3, S, T, N), ``up`` (S, 3) in the sensors when they were
    calibrated, ``judged`` (S,) which of them to look at.
    """
    columns = judged.nonzero()[0]
    acc = acc[:, columns]
    rests = quiet(acc.T, gyr[:, columns].T)
    moved = np.zeros((len(rests), len(places)), np.bool_)
    if anywhere(rests):
        now = acc[:, :, rests].cumsum(axis=-1)[..., -1].T
        off = np.zeros((len(now), len(places)))
        off[:, columns] = angle_between(unit(now), up[columns])
        seated = _of_segments(places, ("thigh",)) & (off > SITTING_TILT[0])
        seated &= off < SITTING_TILT[1]
        moved[rests] = _alone(places, off, judged & ~seated)
    return rests, moved


def moved_in_walking(
    places: Places, gyr: FloatArray, right: FloatArray, judged: BoolArray
) -> BoolArray:
    """Return which sensors (T, S) have been moved, from the axis that each turns about in a tick.

    ``gyr`` rad/s (3, S, T, N), ``right`` (S, 3) the segments' right axes in the sensors.
    """
    columns = (judged & _of_segments(places, _LEG_SEGMENTS)).nonzero()[0]
    gyr = gyr[:, columns]
    products = gyr[:, None] * gyr[None]
    sizes, axes = np.linalg.eigh(products.cumsum(axis=-1)[..., -1].T / gyr.shape[-1])
    strides = sizes[..., 2] > np.maximum(STRIDING_RAD_S**2, MOSTLY * sizes.sum(axis=-1))
    along = np.abs((axes[..., 2] * right[columns]).sum(axis=-1))
    off = np.zeros((len(strides), len(places)))
    off[:, columns] = np.arccos(np.minimum(along, 1.0))
    striding = np.zeros(off.shape, np.bool_)
    striding[:, columns] = strides
    return _alone(places, off, striding)


def _alone(places: Places, off: FloatArray, judged: BoolArray) -> BoolArray:
    """Return which sensors (T, S) are ``off`` (T, S) rad, while all neighbours are as before."""
    beside = _neighbours(places) & judged[:, None]
    as_before = ~(beside & (off > AS_BEFORE)[:, None]).any(axis=-1) & beside.any(axis=-1)
    alone: BoolArray = judged & (off > MOVED) & as_before
    return alone
