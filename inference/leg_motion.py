"""Which sensor stands for each leg: the foot's, or the shank's while the foot has none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gateway.messages import (
    BodyBlock,
    BoolArray,
    FloatArray,
    IntArray,
    Place,
    Places,
    Side,
)
from gateway.worn import at_places, everywhere

SIDES = (Side.LEFT, Side.RIGHT)
FEET = (Place.LEFT_FOOT, Place.RIGHT_FOOT)
SHANKS = (Place.LEFT_SHANK, Place.RIGHT_SHANK)

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
        feet = _both_legs(block, FEET)
        if everywhere(self.on_foot) and everywhere(feet.valid):
            self.foot_seen[:] = block.start + len(feet.valid) - 1
            return feet
        return self._mixed(block, feet, _both_legs(block, SHANKS))

    def _mixed(self, block: BodyBlock, feet: LegMotion, shanks: LegMotion) -> LegMotion:
        sample = block.start + np.arange(len(feet.valid))[:, None]
        known = np.concatenate([self.foot_seen[None], np.where(feet.valid, sample, _NEVER)])
        seen = np.maximum.accumulate(known)[1:]
        on_foot = sample - seen <= ABSENT_AFTER_S * block.rate_hz
        before = np.concatenate([self.on_foot[None], on_foot[:-1]])
        self.foot_seen, self.on_foot = seen[-1].copy(), on_foot[-1].copy()
        usable = np.where(on_foot, feet.valid, shanks.valid) & (on_foot == before)
        real = np.where(on_foot, feet.real, shanks.real)
        foot, there = on_foot[..., None], usable[..., None]
        acc = np.where(foot, feet.acc, shanks.acc)
        gyr = np.where(foot, feet.gyr, shanks.gyr)
        return LegMotion(
            np.where(there, acc, 0.0), np.where(there, gyr, 0.0), usable, real & usable, on_foot
        )


def _both_legs(block: BodyBlock, pair: Places) -> LegMotion:
    """Return the motion of a ``pair`` of places, NaN where one has no value."""
    acc, gyr, valid, real = (
        at_places(values, block.places, pair)
        for values in (block.acc, block.gyr, block.valid, block.real)
    )
    return LegMotion(acc, gyr, valid, real, on_foot=valid)
