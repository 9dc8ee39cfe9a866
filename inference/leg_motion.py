"""Which sensor stands for each leg: the foot's, or the shank's while the foot has none."""

from __future__ import annotations

from dataclasses import dataclass

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

SIDES = (Side.LEFT, Side.RIGHT)
FEET = [PLACE_INDEX[Place.LEFT_FOOT], PLACE_INDEX[Place.RIGHT_FOOT]]
SHANKS = [PLACE_INDEX[Place.LEFT_SHANK], PLACE_INDEX[Place.RIGHT_SHANK]]

ABSENT_AFTER_S = 1.0
_NEVER = -(2**62)


@dataclass(frozen=True)
class LegMotion:
    """Motion of both legs in sensor axes, ``acc`` and ``gyr`` (3, 2, T), zero unless ``valid``.

    ``valid`` and ``real`` are (2, T); ``valid`` is False too where a leg changes sensors.
    """

    acc: FloatArray
    gyr: FloatArray
    valid: BoolArray
    real: BoolArray


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
        if valid.all() and self.on_foot.all():
            self.foot_seen = np.full(2, block.start + len(valid) - 1)
            return LegMotion(
                np.ascontiguousarray(block.acc[:, FEET].transpose(2, 1, 0)),
                np.ascontiguousarray(block.gyr[:, FEET].transpose(2, 1, 0)),
                np.ascontiguousarray(valid.T),
                np.ascontiguousarray(block.real[:, FEET].T),
            )
        return self._mixed(block, valid)

    def _mixed(self, block: BodyBlock, valid: BoolArray) -> LegMotion:
        sample = block.start + np.arange(len(valid))[:, None]
        seen = np.maximum.accumulate(
            np.concatenate([self.foot_seen[None], np.where(valid, sample, _NEVER)])
        )[1:]
        on_foot = sample - seen <= ABSENT_AFTER_S * block.rate_hz
        before = np.concatenate([self.on_foot[None], on_foot[:-1]])
        self.foot_seen, self.on_foot = seen[-1].copy(), on_foot[-1].copy()
        usable = np.where(on_foot, valid, block.valid[:, SHANKS]) & (on_foot == before)
        real = np.where(on_foot, block.real[:, FEET], block.real[:, SHANKS]) & usable
        return LegMotion(
            _chosen(block.acc, on_foot, usable),
            _chosen(block.gyr, on_foot, usable),
            np.ascontiguousarray(usable.T),
            np.ascontiguousarray(real.T),
        )


def _chosen(motion: FloatArray, on_foot: BoolArray, usable: BoolArray) -> FloatArray:
    either = np.where(on_foot[..., None], motion[:, FEET], motion[:, SHANKS])
    chosen = np.where(usable[..., None], either, 0.0)
    return np.ascontiguousarray(chosen.transpose(2, 1, 0))
