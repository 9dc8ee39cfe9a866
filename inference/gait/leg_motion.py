"""Which sensor stands for each leg: the foot's, or the shank's while the foot has none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gateway.messages import (
    BodyBlock,
    BoolArray,
    FloatArray,
    IntArray,
    OrientationBlock,
    Place,
    Places,
    Side,
)
from gateway.worn import at_places, everywhere
from inference.gait.foot_rest import GRAVITY_M_S2
from inference.inclination import up_in_sensor

SIDES = (Side.LEFT, Side.RIGHT)
FEET = (Place.LEFT_FOOT, Place.RIGHT_FOOT)
SHANKS = (Place.LEFT_SHANK, Place.RIGHT_SHANK)

ABSENT_AFTER_S = 1.0
_NEVER = -(2**62)


STEP_RAD_S = 1.0
"""A part of a leg that turns faster swings. In a simulated walk at 0.3 m/s every swing turns the
shank with 1.5 rad/s or more; legs that carry somebody who stays in place turn far slower."""


class LegMotion(NamedTuple):
    """Motion of both legs in sensor axes, ``acc`` and ``gyr`` (T, 2, 3), zero unless ``valid``.

    ``rise`` (T, 2) is the acceleration upwards, m/s², and ``spin`` (T, 2) the rate of turn about
    the vertical, rad/s. ``valid``, ``real`` and ``on_foot`` (the
    sensor is the foot's) are (T, 2); ``valid`` is False too where a leg changes sensors, and where
    it is not known which way is up.
    """

    acc: FloatArray
    gyr: FloatArray
    rise: FloatArray
    spin: FloatArray
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

    def take(self, block: BodyBlock, orientation: OrientationBlock) -> LegMotion:
        """Return the legs' motion of a block that is not empty, of which both are the same."""
        feet = _both_legs(block, orientation, FEET)
        if everywhere(self.on_foot) and everywhere(feet.valid):
            self.foot_seen[:] = block.start + len(feet.valid) - 1
            return feet
        return self._mixed(block, feet, _both_legs(block, orientation, SHANKS))

    def _mixed(self, block: BodyBlock, feet: LegMotion, shanks: LegMotion) -> LegMotion:
        seen = at_places(block.valid, block.places, FEET)
        sample = block.start + np.arange(len(seen))[:, None]
        known = np.concatenate([self.foot_seen[None], np.where(seen, sample, _NEVER)])
        newest = np.maximum.accumulate(known)[1:]
        on_foot = sample - newest <= ABSENT_AFTER_S * block.rate_hz
        before = np.concatenate([self.on_foot[None], on_foot[:-1]])
        self.foot_seen, self.on_foot = newest[-1].copy(), on_foot[-1].copy()
        usable = np.where(on_foot, feet.valid, shanks.valid) & (on_foot == before)
        foot, there = on_foot[..., None], usable[..., None]
        return LegMotion(
            np.where(there, np.where(foot, feet.acc, shanks.acc), 0.0),
            np.where(there, np.where(foot, feet.gyr, shanks.gyr), 0.0),
            np.where(usable, np.where(on_foot, feet.rise, shanks.rise), 0.0),
            np.where(usable, np.where(on_foot, feet.spin, shanks.spin), 0.0),
            usable,
            np.where(on_foot, feet.real, shanks.real) & usable,
            on_foot,
        )


def swings(gyr: FloatArray) -> BoolArray:
    """Say at which samples (T,) of ``gyr`` (T, S, 3) rad/s any of the S parts of legs swings."""
    swinging: BoolArray = (np.einsum("tsi,tsi->ts", gyr, gyr) > STEP_RAD_S**2).any(axis=1)
    return swinging


def _both_legs(block: BodyBlock, orientation: OrientationBlock, pair: Places) -> LegMotion:
    """Return the motion of a ``pair`` of places, NaN where one has no value."""
    acc, gyr, valid, real = (
        at_places(values, block.places, pair)
        for values in (block.acc, block.gyr, block.valid, block.real)
    )
    quat, known = (
        at_places(values, orientation.places, pair)
        for values in (orientation.quat, orientation.valid)
    )
    valid = valid & known
    up = up_in_sensor(quat)
    rise, spin = _along(up, acc), _along(up, gyr)
    rise -= GRAVITY_M_S2
    return LegMotion(acc, gyr, rise, spin, valid, real, on_foot=valid)


def _along(up: FloatArray, motion: FloatArray) -> FloatArray:
    """Return the part (T, 2) of ``motion`` (T, 2, 3) that goes along ``up``."""
    product = up * motion
    part: FloatArray = product[..., 0] + product[..., 1]
    part += product[..., 2]
    return part
