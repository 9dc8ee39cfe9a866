"""Sensors in a box that is laid on one of its six sides after the other, as packets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count as counting

import numpy as np
from scipy.spatial.transform import Rotation

from gateway.drivers.movella_dot import encode_block
from gateway.messages import UNKNOWN_SIZE, FloatArray, IntArray, PacketBlock, SensorSpec
from gateway.quaternion import conjugate, from_rotation_vector, multiply, rotate, to_rotation_vector
from simulators.movement.inertial import GRAVITY, body_rate
from simulators.movement.tracks import smootherstep
from simulators.movement.truth import PERSON
from simulators.places import PLACES
from simulators.recording import MODE, ORIGIN_NS
from simulators.sensing.sensor import SensorErrors, SensorGrade, draw_errors, measure

LYING_S, TURNING_S = 3.0, 1.5
_SIDES = Rotation.from_euler(
    "xyz",
    [[0, 0, 0], [90, 0, 0], [180, 0, 0], [270, 0, 0], [0, 90, 0], [0, -90, 0]],
    degrees=True,
).as_quat(scalar_first=True)
_DELAY_NS = 10_000_000


class SimulatedBox:
    """Eight sensors, each any way round in the box; see ``gateway.recordings.Recording``.

    ``errors`` are what they are off. The same seed gives the same bytes. It is endless.
    """

    def __init__(self, seed: int, rate_hz: float = 100.0, person: str = PERSON) -> None:
        self.name = f"simulated-box-{seed}"
        self.person = person
        self.origin_ns = ORIGIN_NS
        self.duration_s = float("nan")
        self.grid_rate_hz = rate_hz
        self.size = UNKNOWN_SIZE
        self.seed = seed
        rng = np.random.default_rng([seed, 8])
        self.errors: SensorErrors = draw_errors(SensorGrade(), rng)
        self._packed = Rotation.random(len(PLACES), rng=rng).as_quat(scalar_first=True)
        self.sensors = tuple(
            SensorSpec(
                f"sim-{place.replace('_', '-')}", place, "movella_dot", rate_hz, {"mode": MODE}
            )
            for place in PLACES
        )

    def chunks(self, seconds: float) -> Iterator[list[PacketBlock]]:
        """Yield the packets of consecutive ``seconds``."""
        size = round(seconds * self.grid_rate_hz)
        for number in counting():
            yield self._packets(np.arange(number * size, (number + 1) * size))

    def _packets(self, index: IntArray) -> list[PacketBlock]:
        rate_hz = self.grid_rate_hz
        beside = np.arange(index[0] - 1, index[-1] + 2) / rate_hz
        quat = multiply(_box(beside)[:, None], self._packed)
        rng = np.random.default_rng([self.seed, 9, int(index[0])])
        t_s = index / rate_hz
        acc, gyr = measure(
            self.errors,
            slice(None),
            t_s,
            rotate(conjugate(quat[1:-1]), GRAVITY),
            body_rate(quat, rate_hz),
            rate_hz,
            rng,
        )
        ticks_us = np.rint(t_s * 1e6).astype(np.int64)
        arrival_ns = self.origin_ns + ticks_us * 1000 + _DELAY_NS
        blocks = []
        for slot, spec in enumerate(self.sensors):
            payload, ends = encode_block(
                MODE, ticks_us, acc[:, slot], gyr[:, slot], quat[1:-1, slot]
            )
            blocks.append(PacketBlock(spec.sensor, "motion", arrival_ns, payload, ends))
        return blocks


def _box(t_s: FloatArray) -> FloatArray:
    """Return quaternions (N, 4) box → earth: six sides in turn, a while on each."""
    period = LYING_S + TURNING_S
    number = np.floor(t_s / period).astype(np.int64)
    share = smootherstep((t_s - number * period - LYING_S) / TURNING_S)
    here, there = _SIDES[number % len(_SIDES)], _SIDES[(number + 1) % len(_SIDES)]
    turn = to_rotation_vector(multiply(conjugate(here), there))
    return multiply(here, from_rotation_vector(turn * share[:, None]))
