"""A motion straight into body blocks, for whatever comes after alignment."""

from __future__ import annotations

import numpy as np

from gateway.messages import BodyBlock, FloatArray
from simulators.movement.motion import Motion
from simulators.movement.truth import PERSON
from simulators.places import PLACES
from simulators.sensing.sensor import SensorGrade, draw_errors, measure


def body_blocks(
    motion: Motion,
    block_s: float,
    seed: int = 0,
    grade: SensorGrade | None = None,
) -> list[BodyBlock]:
    """Return ``motion`` as blocks of ``block_s`` seconds at its own rate, as ideally aligned.

    Every sample is there and real. ``seed`` draws biases and noise of the sensors' ``grade``
    (``sensor.IDEAL`` for none).
    """
    rng = np.random.default_rng([seed, 4])
    errors = draw_errors(grade or SensorGrade(), rng)
    acc, gyr = measure(errors, slice(None), motion.t_s, motion.acc, motion.gyr, motion.rate_hz, rng)
    step = max(1, round(block_s * motion.rate_hz))
    return [
        _block(motion.rate_hz, start, acc[start : start + step], gyr[start : start + step])
        for start in range(0, len(acc), step)
    ]


def _block(rate_hz: float, start: int, acc: FloatArray, gyr: FloatArray) -> BodyBlock:
    there = np.ones(acc.shape[:2], bool)
    end = start + len(acc)
    return BodyBlock(
        person=PERSON,
        start=start,
        rate_hz=rate_hz,
        ready_ns=round(end / rate_hz * 1e9),
        places=PLACES,
        acc=acc.copy(),
        gyr=gyr.copy(),
        valid=there,
        real=there.copy(),
    )
