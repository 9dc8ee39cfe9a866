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
    BoolArray,
    FloatArray,
    Joint,
    JointAngleBlock,
    Message,
    Place,
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

ENDS = np.array([[PLACE_INDEX[end] for end in pair[:2]] for pair in _PAIRS.values()]).T
"""Columns (2, 6) of the two segments by joint."""

_LOWEST = np.radians([[lowest] for _, _, lowest in _PAIRS.values()])

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
        valid = _both(message.valid & message.calibrated)
        if anywhere(valid):
            valid &= _both(np.abs(right_axis_rise(message.quat)) < ON_ITS_SIDE)
            angle = flexion_rad(message.quat)
            if not everywhere(valid):
                angle[~valid] = np.nan
        else:
            angle = np.full(valid.shape, np.nan)
        return [
            JointAngleBlock(
                person=message.person,
                start=message.start,
                rate_hz=message.rate_hz,
                ready_ns=message.ready_ns,
                angle_rad=angle,
                valid=valid,
                real=_both(message.real) & valid,
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
    ends = pitch_rad(quat).T.take(ENDS, axis=0)
    difference: FloatArray = ends[0] - ends[1]
    turns = np.floor((difference - _LOWEST) / (2 * np.pi))
    turns *= 2 * np.pi
    difference -= turns
    return difference.T


def _both(places: BoolArray) -> BoolArray:
    """Return for every joint (T, 6) whether both its segments are among ``places`` (T, 8)."""
    ends = places.T.take(ENDS, axis=0)
    both: BoolArray = ends[0] & ends[1]
    return both.T
