"""A simulated person who follows the guide, with sensors worn in any way and at any place."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
from scipy.spatial.transform import Rotation

from gateway import quaternion
from gateway.messages import BodyBlock, FloatArray, IntArray, Message
from gateway.orientation.stage import Orientation
from inference.guide.stage import CalibrationGuide
from simulators.body import body_blocks
from simulators.movement.motion import Motion, simulate_motion
from simulators.places import PLACES
from tests.contract import run

AS_TOLD = np.arange(len(PLACES))


@dataclasses.dataclass(frozen=True)
class Worn:
    """A motion as sensors say it that are ``turned`` (8, 3, 3) where they sit.

    The sensor said to be at place i is at place ``order[i]``; ``axes`` (8, 3, 3) are the true
    segment → sensor of place i.
    """

    motion: Motion
    turned: FloatArray
    order: IntArray

    @property
    def axes(self) -> FloatArray:
        """Columns are the segment's axes in the sensor."""
        mounted = quaternion.to_matrix(self.motion.mounting)
        return np.asarray(np.einsum("sij,sjk->sik", self.turned, mounted))

    def blocks(self, seed: int, block_s: float = 5.0) -> list[BodyBlock]:
        """The sensors' blocks."""
        return [self._worn(block) for block in body_blocks(self.motion, block_s, seed=seed)]

    def _worn(self, block: BodyBlock) -> BodyBlock:
        acc, gyr = (
            np.einsum("sij,tsj->tsi", self.turned, vectors)[:, self.order]
            for vectors in (block.acc, block.gyr)
        )
        return dataclasses.replace(block, acc=acc, gyr=gyr)


def following(seed: int, order: IntArray = AS_TOLD, *, seconds: float = 56.0) -> Worn:
    """A person who does what the guide says; every sensor is turned at random, by any angle."""
    print(f"seed {seed}")  # noqa: T201, reproduces the person and the mounting
    turned = Rotation.random(len(PLACES), rng=np.random.default_rng(seed)).as_matrix()
    return Worn(simulate_motion("calibration", seconds, seed=seed), turned, order)


def oriented(blocks: Iterable[BodyBlock]) -> list[Message]:
    """The blocks, each followed by the orientation of its samples."""
    orientation = Orientation()
    return [message for block in blocks for message in (block, *orientation.push(block))]


def guided(blocks: Iterable[BodyBlock]) -> list[Message]:
    """What the guide says of them."""
    return run(CalibrationGuide(), oriented(blocks))
