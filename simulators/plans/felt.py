"""What a sensor feels of a person's motion, with what is wrong with the sensor or its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray, IntArray, Place
from gateway.quaternion import conjugate, from_axis_angle, multiply, rotate
from simulators.movement.sampling import Stitched, sample
from simulators.peripherals import Movement
from simulators.places import PLACE_INDEX
from simulators.sensing.faults import Fault, FaultKind, mirrored, saturated

REMOUNTED_RAD = np.radians(40.0)
"""How far a re-mounted sensor is turned about the normal of the skin."""
_MAGNETIC_RAD, _MAGNETIC_RISE_S = np.radians(60.0), 2.0
_UP = np.array([0.0, 0.0, 1.0])
_NORMAL = np.array([0.0, 0.0, 1.0])
_AXIS = 2
"""The axis that gets stuck or dies: that of the gyroscope which turns with the limb least."""


@dataclass(frozen=True)
class Felt:
    """Ideal samples (N, ...) of one sensor at world times ``t_s`` (N,)."""

    t_s: FloatArray
    acc: FloatArray
    gyr: FloatArray
    quat: FloatArray


def felt_at(
    windows: Sequence[Stitched], place: Place, t_s: FloatArray, faults: Sequence[Fault]
) -> Felt:
    """Return what the sensor meant for ``place`` feels at times (N,) that lie in ``windows``."""
    acc, gyr = np.empty((2, len(t_s), 3))
    quat = np.empty((len(t_s), 4))
    where = _slots(place, t_s, faults)
    for window in windows:
        inside = (t_s >= window.from_s) & (t_s < window.until_s)
        for slot in np.unique(where[inside]).tolist():
            rows = inside & (where == slot)
            acc[rows], gyr[rows], quat[rows] = sample(window.window, slot, t_s[rows])
    return _remounted(Felt(t_s, acc, gyr, quat), faults)


def _slots(place: Place, t_s: FloatArray, faults: Sequence[Fault]) -> IntArray:
    """Return the place (N,) where the sensor meant for ``place`` is at times (N,)."""
    where = np.full(len(t_s), PLACE_INDEX[place])
    for fault in faults:
        if fault.kind is FaultKind.SWAPPED:
            where[fault.during(t_s)] = PLACE_INDEX[mirrored(place)]
    return where


def _remounted(felt: Felt, faults: Sequence[Fault]) -> Felt:
    """Return what a sensor feels that was turned about its z axis during a fault."""
    for fault in faults:
        if fault.kind is FaultKind.REMOUNTED:
            turn = from_axis_angle(_NORMAL, REMOUNTED_RAD * fault.during(felt.t_s))
            felt = Felt(
                felt.t_s,
                rotate(turn, felt.acc),
                rotate(turn, felt.gyr),
                multiply(felt.quat, conjugate(turn)),
            )
    return felt


def measured_wrong(movement: Movement, t_s: FloatArray, faults: Sequence[Fault]) -> Movement:
    """Return what a sensor with broken or disturbed elements says of a movement."""
    for fault in faults:
        during = fault.during(t_s)
        if not during.any():
            continue
        acc, gyr, quat = movement.acc, movement.gyr, movement.quat
        match fault.kind:
            case FaultKind.SATURATION:
                acc, gyr = saturated(acc, gyr, during)
            case FaultKind.STUCK_AXIS:
                gyr = gyr.copy()
                gyr[during, _AXIS] = gyr[np.argmax(during), _AXIS]
            case FaultKind.DEAD_AXIS:
                gyr = gyr.copy()
                gyr[during, _AXIS] = 0.0
            case FaultKind.MAGNETIC:
                since_s = np.where(during, t_s - fault.at_s, 0.0)
                share = np.minimum(since_s / _MAGNETIC_RISE_S, 1.0)
                quat = multiply(from_axis_angle(_UP, _MAGNETIC_RAD * share), quat)
            case _:
                continue
        movement = dataclasses.replace(movement, acc=acc, gyr=gyr, quat=quat)
    return movement
