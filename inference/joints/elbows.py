"""Flexion of the elbows: the angle between the long axes of upper arm and forearm.

Standing with the arms hanging shows both axes, and the joint filter how the two sensors are turned
against each other (``joint_rotations``), so nothing else need be known of how they are worn, nor
how the forearm is turned about itself. Flexion has no sign then: an elbow that is bent too far
back counts as bent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway import quaternion
from gateway.messages import (
    BodyAngleBlock,
    Calibration,
    FloatArray,
    IntArray,
    JointRotationBlock,
    Message,
    Place,
)
from inference.joints.body_angles import SEGMENT_SD, WORST_SD, thinning

ELBOW_ENDS = {
    "left_elbow": (Place.LEFT_UPPER_ARM, Place.LEFT_FOREARM),
    "right_elbow": (Place.RIGHT_UPPER_ARM, Place.RIGHT_FOREARM),
}
"""Upper arm and forearm by elbow."""

_LONG = np.array([0.0, 1.0, 0.0])


class Elbows:
    """Turns ``JointRotationBlock`` into ``BodyAngleBlock``, as ``Calibration`` has the arms."""

    consumes: tuple[type, ...] = (JointRotationBlock, Calibration)

    def __init__(self) -> None:
        self._calibrations: list[Calibration] = []

    def push(self, message: Message) -> list[Message]:
        """Return the flexion of the samples of a block of rotations."""
        if isinstance(message, Calibration):
            self._calibrations.append(message)
            return []
        assert isinstance(message, JointRotationBlock)
        elbows = [joint for joint in message.joints if joint in ELBOW_ENDS]
        told = len(message.valid[-message.start % thinning(message.rate_hz) :])
        return [self._told(message, elbows)] if elbows and told else []

    def flush(self) -> list[Message]:
        """Nothing is held back."""
        return []

    def snapshot(self) -> object:
        """Return what is known of the arms."""
        return list(self._calibrations)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, list)
        self._calibrations = list(snapshot)

    def _told(self, block: JointRotationBlock, elbows: list[str]) -> BodyAngleBlock:
        thin = thinning(block.rate_hz)
        rows = slice(-block.start % thin, None, thin)
        columns = [block.joints.index(elbow) for elbow in elbows]
        index = (block.start + np.arange(len(block.valid)))[rows]
        upper, lower = self._axes(elbows, index, block.rate_hz)
        lower = quaternion.rotate(block.quat[rows][:, columns], lower)
        angle = _angle_between(upper, lower)
        # A third of the whole angle's variance lies about the elbow's own axis.
        sd = np.sqrt(SEGMENT_SD**2 + block.sd_rad[rows][:, columns] ** 2 / 3)
        valid = np.isfinite(angle) & (sd < WORST_SD)
        return BodyAngleBlock(
            person=block.person,
            start=-(-block.start // thin),
            rate_hz=block.rate_hz / thin,
            ready_ns=block.ready_ns,
            names=tuple(f"{elbow}_flexion" for elbow in elbows),
            angle_rad=np.where(valid, angle, np.nan),
            sd_rad=np.where(valid, sd, np.nan),
            valid=valid,
            real=block.real[rows][:, columns] & valid,
        )

    def _axes(
        self, elbows: Sequence[str], index: IntArray, rate_hz: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return the long axes (T, E, 3) in sensor axes of upper arm and forearm.

        ``index`` (T,) is where on the grid; NaN where an arm is not calibrated.
        """
        since = [round(calibration.t_s * rate_hz) for calibration in self._calibrations]
        which = np.searchsorted(since, index, side="right")
        unknown = np.full((2, len(elbows), 3), np.nan)
        known = [_long_axes(calibration, elbows) for calibration in self._calibrations]
        axes = np.stack([unknown, *known])[which]
        if len(which):
            self._calibrations = self._calibrations[max(0, which[-1] - 1) :]
        return axes[:, 0], axes[:, 1]


def _long_axes(calibration: Calibration, elbows: Sequence[str]) -> FloatArray:
    """Return the long axes (2, E, 3) of upper arms and forearms in sensor axes."""
    axes = np.full((len(elbows), 2, 3), np.nan)
    for row, elbow in enumerate(elbows):
        columns = [calibration.places.index(place) for place in ELBOW_ENDS[elbow]]
        if calibration.known[columns].all():
            axes[row] = quaternion.rotate(calibration.quat[columns], _LONG)
    return axes.transpose(1, 0, 2)


def _angle_between(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the angle (T, E) in 0..π between vectors (T, E, 3), exact under any cutting."""
    (a, b, c), (x, y, z) = np.moveaxis(left, -1, 0), np.moveaxis(right, -1, 0)
    i, j, k = b * z - c * y, c * x - a * z, a * y - b * x
    return np.asarray(np.arctan2(np.sqrt(i * i + j * j + k * k), a * x + b * y + c * z))
