"""Which angles beside flexion the sensors worn can tell, their names, and what each rests on."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray, Joint, Place, Places, Side

JOINT_ENDS: dict[Joint, tuple[Place, Place]] = {
    Joint.LEFT_HIP: (Place.PELVIS, Place.LEFT_THIGH),
    Joint.RIGHT_HIP: (Place.PELVIS, Place.RIGHT_THIGH),
    Joint.LEFT_KNEE: (Place.LEFT_THIGH, Place.LEFT_SHANK),
    Joint.RIGHT_KNEE: (Place.RIGHT_THIGH, Place.RIGHT_SHANK),
    Joint.LEFT_ANKLE: (Place.LEFT_SHANK, Place.LEFT_FOOT),
    Joint.RIGHT_ANKLE: (Place.RIGHT_SHANK, Place.RIGHT_FOOT),
}
"""The segments above and below each joint."""

_TRUNK = {Place.PELVIS: "pelvis", Place.STERNUM: "trunk"}
_ARMS = {Place.LEFT_UPPER_ARM: "left_shoulder", Place.RIGHT_UPPER_ARM: "right_shoulder"}


class AngleColumns(NamedTuple):
    """The K angles of J joints, B parts of the trunk and A arms.

    ``ends`` (2, J) columns of the segments above and below, and ``swings`` (J,) of the one whose
    swing tells gait cycles; ``mirrored`` (J, 1) -1 on the left, 1 on the right; ``trunk`` (B,) and
    ``arms`` (A,) columns. ``names`` (K,) are those of J adductions, J rotations, B tilts forward, B
    to the side and A elevations; ``rests_on`` (2, K) has the columns of each.
    ``any_way`` (S,) are the places that may lie on their side all the same.
    """

    ends: IntArray
    swings: IntArray
    mirrored: FloatArray
    trunk: IntArray
    arms: IntArray
    names: tuple[str, ...]
    rests_on: IntArray
    any_way: BoolArray


@cache
def angle_columns(places: Places) -> AngleColumns:
    """Return what sensors at ``places`` can tell."""
    joints = [joint for joint, ends in JOINT_ENDS.items() if set(ends) <= set(places)]
    ends = [[places.index(end) for end in JOINT_ENDS[joint]] for joint in joints]
    trunk = [column for column, place in enumerate(places) if place in _TRUNK]
    arms = [column for column, place in enumerate(places) if place in _ARMS]
    parts = [_TRUNK[places[column]] for column in trunk]
    return AngleColumns(
        ends=_pairs(ends),
        swings=_indices([pair["hip" in joint] for joint, pair in zip(joints, ends, strict=True)]),
        mirrored=np.array([[-1.0 if joint.startswith(Side.LEFT) else 1.0] for joint in joints]),
        trunk=_indices(trunk),
        arms=_indices(arms),
        names=(
            *(f"{joint}_{'inversion' if 'ankle' in joint else 'adduction'}" for joint in joints),
            *(f"{joint}_rotation" for joint in joints),
            *(f"{part}_forward_tilt" for part in parts),
            *(f"{part}_lateral_tilt" for part in parts),
            *(f"{_ARMS[places[column]]}_elevation" for column in arms),
        ),
        rests_on=_pairs([*ends, *ends, *([column] * 2 for column in [*trunk, *trunk, *arms])]),
        any_way=np.isin(np.arange(len(places)), arms),
    )


def _indices(values: Any) -> IntArray:
    return np.array(values, np.int64)


def _pairs(values: list[list[int]]) -> IntArray:
    return _indices(values).reshape(-1, 2).T
