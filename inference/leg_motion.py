"""Which sensor stands for each leg: the foot's, or the shank's while the foot has none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gateway.messages import (
    PLACE_INDEX,
    BodyBlock,
    BoolArray,
    FloatArray,
    IntArray,
    Place,
    Side,
)
from gateway.worn import everywhere

SIDES = (Side.LEFT, Side.RIGHT)
FEET = slice(PLACE_INDEX[Place.LEFT_FOOT], PLACE_INDEX[Place.RIGHT_FOOT] + 1)
SHANKS = slice(PLACE_INDEX[Place.LEFT_SHANK], PLACE_INDEX[Place.RIGHT_SHANK] + 1)

ABSENT_AFTER_S = 1.0
_NEVER = -(2**62)


class LegMotion(NamedTuple):
    """Motion of both legs in sensor axes, ``acc`` and ``gyr`` (T, 2, 3), zero unless ``valid``.

    ``valid``, ``real`` and ``on_foot`` (the sensor is the foot's) are (T, 2); ``valid`` is False
    too where a leg changes sensors.
    """

    acc: FloatArray
    gyr: FloatArray
    valid: BoolArray
    real: BoolArray
    on_foot: BoolArray


class LegSource:
    """Chooses sample by sample, so that the choice does not depend on blocks.

    A foot that has been silent for ``ABSENT_AFTER_S`` gives way to the shank of its side, and
    takes over again with its first sample.
    """

    def __init__(self) -> None:
        self.foot_seen: IntArray = np.full(2, _NEVER)
        self.on_foot: BoolArray = np.zeros(2, bool)

    def take(self, block: BodyBlock) -> LegMotion:
        """Return the legs' motion of a block that is not empty."""
        valid = block.valid[:, FEET]
        if everywhere(self.on_foot) and everywhere(valid):
            self.foot_seen[:] = block.start + len(valid) - 1
            real = block.real[:, FEET]
            return LegMotion(block.acc[:, FEET], block.gyr[:, FEET], valid, real, valid)
        return self._mixed(block, valid)

    def _mixed(self, block: BodyBlock, valid: BoolArray) -> LegMotion:
        sample = block.start + np.arange(len(valid))[:, None]
        known = np.concatenate([self.foot_seen[None], np.where(valid, sample, _NEVER)])
        seen = np.maximum.accumulate(known)[1:]
        on_foot = sample - seen <= ABSENT_AFTER_S * block.rate_hz
        before = np.concatenate([self.on_foot[None], on_foot[:-1]])
        self.foot_seen, self.on_foot = seen[-1].copy(), on_foot[-1].copy()
        usable = np.where(on_foot, valid, block.valid[:, SHANKS]) & (on_foot == before)
        real = np.where(on_foot, block.real[:, FEET], block.real[:, SHANKS])
        foot, there = on_foot[..., None], usable[..., None]
        acc = np.where(foot, block.acc[:, FEET], block.acc[:, SHANKS])
        gyr = np.where(foot, block.gyr[:, FEET], block.gyr[:, SHANKS])
        return LegMotion(
            np.where(there, acc, 0.0), np.where(there, gyr, 0.0), usable, real & usable, on_foot
        )
