"""How the two sensors at a joint are turned against each other, in all three angles, live.

Nothing needs to be known of the joint, the person or how the sensors are worn, and no magnetometer:
``joint_tracks`` has the method. The gyroscopes tell what happens from sample to sample; once a
second of the grid, what the joint says corrects them.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gateway.messages import (
    BodyBlock,
    BoolArray,
    FloatArray,
    JointRotationBlock,
    Message,
    Place,
)
from gateway.worn import anywhere, everywhere
from inference.joints.gyro_orientation import GyroOrientation
from inference.joints.knowledge import JointKnowledge
from inference.joints.tick import QUAT, thinning
from inference.pairing import cut

TICK_S = 1.0
"""What the joint says is worked on at multiples of this on the grid."""

TOLD_S = 0.2
"""Samples wait for the next multiple of this on the grid: nothing is cheap for two of them."""


class JointRotations:
    """Turns ``BodyBlock`` into ``JointRotationBlock``, of the same samples up to ``TOLD_S`` later.

    ``joints`` names the places above and below each joint; those with both worn are followed. A
    joint is valid once the filter has settled on it, where both its sensors are; after a missing
    sample not before the next full second of the grid.
    """

    consumes: tuple[type, ...] = (BodyBlock,)

    def __init__(self, joints: Mapping[str, tuple[Place, Place]]) -> None:
        self._places_of = dict(joints)
        self._names: tuple[str, ...] = ()
        self._held: list[BodyBlock] = []
        self._tick: _Tick | None = None
        self._joints = JointKnowledge([], 0)

    def push(self, message: Message) -> list[Message]:
        """Return the rotations of the samples that are complete with the block."""
        assert isinstance(message, BodyBlock)
        if self._tick is None:
            self._tick = _Tick(len(message.places), message.rate_hz)
            self._begin(message)
        end = message.start + len(message.valid)
        told = end - end % self._tick.told
        if told <= message.start:
            self._held.append(message)
            return []
        complete = [*self._held, cut(message, 0, told - message.start)]
        self._held = [cut(message, told - message.start, len(message.valid))]
        return [self._advance(_joined(complete), self._tick)]

    def _begin(self, body: BodyBlock) -> None:
        found = {
            name: (body.places.index(above), body.places.index(below))
            for name, (above, below) in self._places_of.items()
            if {above, below} <= set(body.places)
        }
        self._names = tuple(found)
        self._joints = JointKnowledge(list(found.values()), len(body.places))

    def flush(self) -> list[Message]:
        """Return the rotations of the samples held back."""
        held, self._held = [block for block in self._held if len(block.valid)], []
        return [self._advance(_joined(held), self._tick)] if held and self._tick else []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        tick = None if self._tick is None else self._tick.snapshot()
        return list(self._held), tick, self._names, copy.deepcopy(self._joints)

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        held, tick, self._names, joints = snapshot
        self._held = list(held)
        self._tick = None if tick is None else _Tick.resumed(tick)
        self._joints = copy.deepcopy(joints)

    def _advance(self, body: BodyBlock, tick: _Tick) -> JointRotationBlock:
        count = len(body.valid)
        quat = np.full((count, len(self._names), 4), np.nan)
        sd_rad = np.full((count, len(self._names)), np.nan)
        first = 0
        while first < count:
            at = (body.start + first) % tick.size
            part = slice(first, min(count, first + tick.size - at))
            held = slice(at, at + part.stop - first)
            tick.take(body, part, held, self._joints)
            self._joints.tell(
                tick.samples[:, held, QUAT], tick.present[held], quat[part], sd_rad[part]
            )
            if held.stop == tick.size:
                self._joints.learn(tick.samples, tick.missing, tick.rate_hz)
                tick.begin()
            first = part.stop
        valid = np.isfinite(sd_rad)
        above, below = self._joints.ends
        return JointRotationBlock(
            person=body.person,
            start=body.start,
            rate_hz=body.rate_hz,
            ready_ns=body.ready_ns,
            joints=self._names,
            quat=quat,
            sd_rad=sd_rad,
            valid=valid,
            real=valid & body.real[:, above] & body.real[:, below],
        )


def _joined(blocks: Sequence[BodyBlock]) -> BodyBlock:
    """Return consecutive blocks as one."""
    if len(blocks) == 1:
        return blocks[0]
    return replace(
        blocks[-1],
        start=blocks[0].start,
        acc=np.concatenate([block.acc for block in blocks]),
        gyr=np.concatenate([block.gyr for block in blocks]),
        valid=np.concatenate([block.valid for block in blocks]),
        real=np.concatenate([block.real for block in blocks]),
    )


class _Tick:
    """The tick under way: ``samples`` (S, size, 10) of all places, and what of them is missing.

    ``present`` (size, S) tells up to which sample nothing was; ``missing`` (S,) counts.
    """

    def __init__(self, count: int, rate_hz: float) -> None:
        thin = thinning(rate_hz)
        self.rate_hz = rate_hz
        self.size = thin * max(2, round(TICK_S * rate_hz / thin))
        self.told = max(1, round(TOLD_S * rate_hz))
        self.samples: FloatArray = np.zeros((count, self.size, 10))
        self._gyros = GyroOrientation(count, rate_hz)
        self.begin()

    def begin(self) -> None:
        """Begin a tick of which nothing has come: what came before the session's first is lost."""
        self.present: BoolArray = np.zeros((self.size, len(self.samples)), np.bool_)
        self.missing = np.full(len(self.samples), self.size)

    def snapshot(self) -> dict[str, Any]:
        """Return a copy of the state."""
        return {
            "rate_hz": self.rate_hz,
            "gyros": self._gyros.snapshot(),
            "samples": self.samples.copy(),
            "present": self.present.copy(),
            "missing": self.missing.copy(),
        }

    @classmethod
    def resumed(cls, snapshot: dict[str, Any]) -> _Tick:
        """Return the tick that ``snapshot`` was taken of."""
        tick = cls(len(snapshot["samples"]), snapshot["rate_hz"])
        tick._gyros.resume(snapshot["gyros"])
        tick.samples, tick.present, tick.missing = (
            snapshot[name].copy() for name in ("samples", "present", "missing")
        )
        return tick

    def take(self, body: BodyBlock, part: slice, held: slice, joints: JointKnowledge) -> None:
        """Take the samples ``part`` of ``body`` as those ``held`` of the tick.

        The offsets that ``joints`` know are taken from the rates that are integrated.
        """
        valid = body.valid[part]
        self.missing -= np.count_nonzero(valid, axis=0)
        unbroken = held.start == 0 or self.present[held.start - 1]
        self.present[held] = np.logical_and.accumulate(valid, axis=0) & unbroken
        inputs = np.concatenate([body.acc[part], body.gyr[part]], axis=2).transpose(1, 0, 2)
        positions = np.arange(held.start, held.stop)
        for rows, at in _alike(valid, joints.columns):
            read = inputs[rows][:, at]
            rate = read[..., 3:] - joints.bias[rows, None]
            quat = self._gyros.push(rate, rows)
            where = np.array(rows)[:, None], positions[at]
            self.samples[where] = np.concatenate([quat, read], axis=2)


def _alike(valid: BoolArray, wanted: Sequence[int]) -> list[tuple[list[int], slice | BoolArray]]:
    """Return columns of (T, S) among those ``wanted``, with the samples that they have."""
    columns = [column for column in wanted if anywhere(valid[:, column])]
    full = [column for column in columns if everywhere(valid[:, column])]
    partly: list[tuple[list[int], slice | BoolArray]] = [
        ([column], valid[:, column]) for column in columns if column not in full
    ]
    return [(full, slice(None)), *partly] if full else partly
