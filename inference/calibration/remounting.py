"""Whether a sensor sits otherwise on its segment than when it was calibrated.

Two things show it. Standing, up is where it was in the sensor; and a leg that walks turns about its
right axis. A movement of another kind turns several segments, so a sensor is said to have been
moved only where those on the neighbouring segments are as they were.

A posture that is held does so too, mostly: no shank of a standing person leans unless thigh or foot
do, and no pelvis unless thighs or trunk do. But a thigh is raised alone when its foot is on a step,
a foot when its heel is, and some neighbours wear no sensor. What leans alone like that is only odd
at first. Who comes back from a posture stands for a moment as in the beginning; what was moved has
not when the person has walked and rests anew. Kernels: arrays in, arrays out.
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

_ENCLOSED = ("shank", "pelvis")
"""A segment that cannot lean by itself, between those above and below."""

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
class Rested:
    """Which of T ticks are ``rests`` (T,), and which sensors (T, S) lean in those.

    ``off`` are those that lean otherwise than in the stance; ``odd`` where all other segments stand
    as they did, and ``moved`` where no posture leans like that.
    """

    rests: BoolArray
    off: BoolArray
    odd: BoolArray
    moved: BoolArray


@dataclass(frozen=True)
class InMotion:
    """What T ticks say that are no rests, False for all others.

    Which sensors were ``moved`` and which ``strides`` (T, S), on legs, and in which ticks all stand
    for a moment as they did, ``upright`` (T,).
    """

    moved: BoolArray
    strides: BoolArray
    upright: BoolArray


@dataclass(frozen=True)
class Moved:
    """What T ticks say of sensors' having been moved."""

    at_rest: Rested
    in_motion: InMotion


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
    acc, gyr, up_now = motion
    at_rest = moved_at_rest(places, acc, gyr, up, judged)
    moved, strides = np.zeros((2, *at_rest.off.shape), np.bool_)
    upright = np.zeros_like(at_rest.rests)
    if not everywhere(at_rest.rests):
        moves = (~at_rest.rests).nonzero()[0]
        moved[moves], strides[moves] = moved_in_walking(
            places, gyr[:, :, moves], axes[:, :, 2], refined
        )
        upright[moves] = stand_as_before(places, up_now[:, :, moves], up, judged)
    return Moved(at_rest, InMotion(moved, strides, upright))


@cache
def _of_segments(places: Places, segments: tuple[str, ...]) -> BoolArray:
    """Return which of the S places (S,) are one of ``segments`` of a leg."""
    return np.array([place.partition("_")[2] in segments for place in places], np.bool_)


@cache
def _below(places: Places) -> BoolArray:
    """Return which places (S, S) are next below those of the rows on the body."""
    return np.array([[(a, b) in _CHAINS for b in places] for a in places], np.bool_)


@cache
def _segments(places: Places) -> BoolArray:
    """Return which of the S places are on which kind of segment of trunk and legs (K, S)."""
    kinds = (*_LEG_SEGMENTS, Place.PELVIS, Place.STERNUM)
    return np.array([[place.endswith(kind) for place in places] for kind in kinds], np.bool_)


def moved_at_rest(
    places: Places, acc: FloatArray, gyr: FloatArray, up: FloatArray, judged: BoolArray
) -> Rested:
    """Return which of T ticks are rests, and what those say.

    ``acc`` m/s² and ``gyr`` rad/s (3, S, T, N), ``up`` (S, 3) in the sensors when they were
    calibrated, ``judged`` (S,) which of them to look at.
    """
    columns = judged.nonzero()[0]
    acc = acc[:, columns]
    rests = quiet(acc.T, gyr[:, columns].T)
    off, odd, moved = np.zeros((3, len(rests), len(places)), np.bool_)
    if anywhere(rests):
        now = acc[:, :, rests].cumsum(axis=-1)[..., -1].T
        leans = np.zeros((len(now), len(places)))
        leans[:, columns] = angle_between(unit(now), up[columns])
        seated = _of_segments(places, ("thigh",)) & (leans > SITTING_TILT[0])
        seated &= leans < SITTING_TILT[1]
        off[rests] = leans > MOVED
        alone = _alone(places, leans, judged) & ~seated
        kinds = (_segments(places) & (leans > AS_BEFORE)[:, None]).any(axis=-1)
        odd[rests] = alone & (np.count_nonzero(kinds, axis=1) == 1)[:, None]
        moved[rests] = alone & _enclosed(places, judged)
    return Rested(rests, off, odd, moved)


def _enclosed(places: Places, judged: BoolArray) -> BoolArray:
    """Return which places (S,) lean with others only, of which some are ``judged`` (S,)."""
    below = _below(places)
    kinds = np.array([place.rpartition("_")[2] in _ENCLOSED for place in places], np.bool_)
    return kinds & below[:, judged].any(axis=1) & below[judged].any(axis=0)


def stand_as_before(
    places: Places, now: FloatArray, up: FloatArray, judged: BoolArray
) -> BoolArray:
    """Return in which of T ticks (T,) all ``judged`` (S,) are for a moment as they were.

    ``now`` (3, S, T, N) is up in the sensors, and ``up`` (S, 3) what it was.
    """
    columns = (judged & _segments(places).any(axis=0)).nonzero()[0]
    along = (now[:, columns] * up[columns].T[..., None, None]).sum(axis=0)
    upright: BoolArray = (along > np.cos(AS_BEFORE)).all(axis=0).any(axis=-1)
    return upright


def moved_in_walking(
    places: Places, gyr: FloatArray, right: FloatArray, judged: BoolArray
) -> tuple[BoolArray, BoolArray]:
    """Return which sensors (T, S) have been moved, and which stride with a leg (T, S).

    The axis that each turns about in a tick says so: ``gyr`` rad/s (3, S, T, N), ``right`` (S, 3)
    the segments' right axes in the sensors.
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
    return _alone(places, off, striding), striding


def _alone(places: Places, off: FloatArray, judged: BoolArray) -> BoolArray:
    """Return which sensors (T, S) are ``off`` (T, S) rad, while all neighbours are as before."""
    below = _below(places)
    beside = (below | below.T) & judged[..., None, :]
    as_before = ~(beside & (off > AS_BEFORE)[:, None]).any(axis=-1) & beside.any(axis=-1)
    alone: BoolArray = judged & (off > MOVED) & as_before
    return alone
