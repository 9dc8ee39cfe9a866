"""Flexion of hips, knees and ankles from the inclination of the segments, without any heading.

Each segment's pitch is its angle to gravity about its own right axis; a joint's flexion is the
difference of the pitches of its two segments. Heading drift cannot reach it. What it leaves out:
with a joint's axis level, as in walking, squatting and sitting, it is the ISB flexion angle; the
more the limb leans sideways, the more it falls short of it, and lying on the side it is absent.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import NamedTuple

import numpy as np

from gateway.messages import (
    JOINT_INDEX,
    JOINTS,
    BoolArray,
    FloatArray,
    IntArray,
    Joint,
    JointAngleBlock,
    Message,
    Place,
    Places,
    SegmentBlock,
)
from gateway.worn import anywhere, everywhere
from inference.inclination import pitch_rad, right_axis_rise

_PAIRS: dict[Joint, tuple[Place, Place, float]] = {
    Joint.LEFT_HIP: (Place.LEFT_THIGH, Place.PELVIS, -90.0),
    Joint.RIGHT_HIP: (Place.RIGHT_THIGH, Place.PELVIS, -90.0),
    Joint.LEFT_KNEE: (Place.LEFT_THIGH, Place.LEFT_SHANK, -90.0),
    Joint.RIGHT_KNEE: (Place.RIGHT_THIGH, Place.RIGHT_SHANK, -90.0),
    Joint.LEFT_ANKLE: (Place.LEFT_FOOT, Place.LEFT_SHANK, -180.0),
    Joint.RIGHT_ANKLE: (Place.RIGHT_FOOT, Place.RIGHT_SHANK, -180.0),
}
"""By joint: the segment that comes up in flexion, the one it is measured against, and the lowest
flexion in degrees, from which the angle goes round once: far outside what the joint can do."""

ENDS = {joint: pair[:2] for joint, pair in _PAIRS.items()}
"""The two places by joint."""

ON_ITS_SIDE = np.cos(np.radians(20))
"""A segment whose right axis is within 20° of vertical has no pitch."""


class JointAngles:
    """Turns each ``SegmentBlock`` into a ``JointAngleBlock`` of the same samples.

    A joint is valid where both its segments are, and are calibrated.
    """

    consumes: tuple[type, ...] = (SegmentBlock,)

    def push(self, message: Message) -> list[Message]:
        """Return the joint angles of the block."""
        assert isinstance(message, SegmentBlock)
        angle, valid, real = _all_joints(message)
        return [
            JointAngleBlock(
                person=message.person,
                start=message.start,
                rate_hz=message.rate_hz,
                ready_ns=message.ready_ns,
                angle_rad=angle,
                valid=valid,
                real=real,
            )
        ]

    def flush(self) -> list[Message]:
        """Nothing is held back."""
        return []

    def snapshot(self) -> object:
        """There is no state."""
        return None

    def resume(self, snapshot: object) -> None:
        """There is no state."""


class _Worn(NamedTuple):
    """The J joints of which both segments have a sensor.

    ``joints`` (J,) among ``JOINTS``; ``ends`` (2, J) the columns of their two segments; ``lowest``
    (J, 1) their lowest flexion in rad.
    """

    joints: IntArray
    ends: IntArray
    lowest: FloatArray


def joints_between(places: Collection[Place]) -> list[Joint]:
    """Return the joints of which both segments are among ``places``."""
    return [joint for joint in JOINTS if set(ENDS[joint]) <= set(places)]


@cache
def _worn(places: Places) -> _Worn:
    found = joints_between(places)
    ends = [[places.index(end) for end in ENDS[joint]] for joint in found]
    return _Worn(
        joints=np.array([JOINT_INDEX[joint] for joint in found], np.int64),
        ends=np.array(ends, np.int64).reshape(-1, 2).T,
        lowest=np.radians([_PAIRS[joint][2] for joint in found])[:, None],
    )


def _all_joints(block: SegmentBlock) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Return angle, valid and real (T, 6) in the order of ``JOINTS``."""
    worn = _worn(block.places)
    shape = (len(block.valid), len(JOINTS))
    if len(worn.joints) == len(JOINTS):
        return _angles(block, worn)
    angle = np.full(shape, np.nan)
    valid, real = np.zeros((2, *shape), np.bool_)
    if len(worn.joints):
        angle[:, worn.joints], valid[:, worn.joints], real[:, worn.joints] = _angles(block, worn)
    return angle, valid, real


def _angles(block: SegmentBlock, worn: _Worn) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Return angle, valid and real (T, J) of the joints ``worn``."""
    valid = _both(block.valid & block.calibrated, worn)
    if anywhere(valid):
        valid &= _both(np.abs(right_axis_rise(block.quat)) < ON_ITS_SIDE, worn)
        angle = _flexion_rad(block.quat, worn)
        if not everywhere(valid):
            angle[~valid] = np.nan
    else:
        angle = np.full(valid.shape, np.nan)
    return angle, valid, _both(block.real, worn) & valid


def _flexion_rad(quat: FloatArray, worn: _Worn) -> FloatArray:
    """Return the flexion (T, J) of the joints ``worn`` from segment quaternions (T, S, 4)."""
    ends = pitch_rad(quat).T.take(worn.ends, axis=0)
    difference: FloatArray = ends[0] - ends[1]
    turns = np.floor((difference - worn.lowest) / (2 * np.pi))
    turns *= 2 * np.pi
    difference -= turns
    return difference.T


def _both(places: BoolArray, worn: _Worn) -> BoolArray:
    """Return for every joint (T, J) whether both its segments are among ``places`` (T, S)."""
    ends = places.T.take(worn.ends, axis=0)
    both: BoolArray = ends[0] & ends[1]
    return both.T
