"""What messages are made of: arrays, places, sides and joints, and how one is declared."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

PSEUDONYM = r"[A-Za-z0-9_-]{1,64}"
"""What a person is called, in full: it appears in topics, tags and file names."""

_T = TypeVar("_T")


class Place(StrEnum):
    """Where on the body a sensor is worn.

    A body array has a column for each place worn, in this order. A sensor at the wrist or on the
    hand is the forearm's.
    """

    PELVIS = "pelvis"
    LEFT_THIGH = "left_thigh"
    RIGHT_THIGH = "right_thigh"
    LEFT_SHANK = "left_shank"
    RIGHT_SHANK = "right_shank"
    LEFT_FOOT = "left_foot"
    RIGHT_FOOT = "right_foot"
    STERNUM = "sternum"
    LEFT_UPPER_ARM = "left_upper_arm"
    RIGHT_UPPER_ARM = "right_upper_arm"
    LEFT_FOREARM = "left_forearm"
    RIGHT_FOREARM = "right_forearm"


Places = tuple[Place, ...]
"""Places worn, in the order of ``Place``; S of them are the sensor axis of a body array."""

LEGS_AND_TRUNK: Places = tuple(Place)[:8]


class Side(StrEnum):
    """Side of the body."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        """The other side."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Joint(StrEnum):
    """Joints whose flexion is estimated; the order is the joint axis of every angle array."""

    LEFT_HIP = "left_hip"
    RIGHT_HIP = "right_hip"
    LEFT_KNEE = "left_knee"
    RIGHT_KNEE = "right_knee"
    LEFT_ANKLE = "left_ankle"
    RIGHT_ANKLE = "right_ankle"


JOINTS = tuple(Joint)
JOINT_INDEX = {joint: index for index, joint in enumerate(JOINTS)}


@dataclass_transform(frozen_default=True, eq_default=False)
def message(cls: type[_T]) -> type[_T]:
    """Make ``cls`` a frozen, slotted dataclass whose arrays are read-only."""
    # Found once a class: a message is made far too often to look through all its fields.
    arrays = tuple(name for name, kind in cls.__annotations__.items() if "Array" in str(kind))

    if arrays:
        # Of one name alone it would not return a tuple.
        values_of = attrgetter(*arrays, arrays[0])

        def lock_arrays(self: Any) -> None:
            for value in values_of(self):
                if value is not None:
                    value.setflags(write=False)

        cls.__post_init__ = lock_arrays  # type: ignore[attr-defined]  # found by dataclass
    return dataclasses.dataclass(frozen=True, slots=True, eq=False)(cls)
