"""Flexion of hips, knees and ankles from the inclination of the segments, without any heading.

Each segment's pitch is its angle to gravity about its own right axis; a joint's flexion is the
difference of the pitches of its two segments. Heading drift cannot reach it. What it leaves out:
with a joint's axis level, as in walking, squatting and sitting, it is the ISB flexion angle; the
more the limb leans sideways, the more it falls short of it, and lying on the side it is absent.
"""

from __future__ import annotations

import numpy as np

from gateway.messages import (
    PLACE_INDEX,
    FloatArray,
    Joint,
    JointAngleBlock,
    Message,
    Place,
    SegmentBlock,
)
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

_UP = np.array([PLACE_INDEX[up] for up, _, _ in _PAIRS.values()])
_BASE = np.array([PLACE_INDEX[base] for _, base, _ in _PAIRS.values()])
_LOWEST = np.radians([lowest for _, _, lowest in _PAIRS.values()])

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
        known = message.valid & message.calibrated
        known &= np.abs(right_axis_rise(message.quat)) < ON_ITS_SIDE
        valid = known[:, _UP] & known[:, _BASE]
        real = message.real[:, _UP] & message.real[:, _BASE] & valid
        angle = flexion_rad(message.quat)
        angle[~valid] = np.nan
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


def flexion_rad(quat: FloatArray) -> FloatArray:
    """Return flexion (T, 6) in the order of ``JOINTS`` from segment quaternions (T, 8, 4)."""
    pitch = pitch_rad(quat)
    difference = pitch[:, _UP] - pitch[:, _BASE]
    turns = np.floor((difference - _LOWEST) / (2 * np.pi))
    return np.asarray(difference - 2 * np.pi * turns)
