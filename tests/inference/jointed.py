"""Two sensors about a joint that moves at random, however they are worn."""

from __future__ import annotations

import numpy as np

from gateway import quaternion
from gateway.messages import BodyBlock, FloatArray, Place

RATE_HZ = 100.0
SECONDS = 30.0
GRAVITY = np.array([0.0, 0.0, 9.81])
PLACES = (Place.PELVIS, Place.LEFT_THIGH, Place.LEFT_SHANK, Place.LEFT_FOREARM)
THIGH, SHANK = 1, 2


def wobble(rng: np.random.Generator, size: float, still_s: float) -> FloatArray:
    """Smooth random motion (T, 3) of a typical ``size``, which comes to rest at the end."""
    time_s = np.arange(round((SECONDS + still_s) * RATE_HZ)) / RATE_HZ
    phases, hertz = rng.uniform(0, 2 * np.pi, (5, 3)), rng.uniform(0.2, 1.5, (5, 3))
    waves = np.sin(2 * np.pi * hertz * time_s[:, None, None] + phases).sum(axis=1)
    fade = np.cos(np.pi / 2 * np.clip(time_s - SECONDS, 0, 1)) ** 2
    return np.asarray(size * np.sqrt(2 / 5) * waves * fade[:, None])


def twice_derived(values: FloatArray) -> FloatArray:
    """Return the second derivative of (T, 3) in time."""
    return np.asarray(np.gradient(np.gradient(values, axis=0), axis=0) * RATE_HZ**2)


def moved(seed: int, bias: float = 0.003, still_s: float = 0.0) -> tuple[BodyBlock, FloatArray]:
    """Two sensors about a joint that moves, and the second's orientation in the first (T, 4)."""
    print(f"seed {seed}")  # noqa: T201, reproduces the motion
    rng = np.random.default_rng(seed)
    joint = twice_derived(wobble(rng, 0.15, still_s))
    acc, gyr = np.full((2, len(joint), len(PLACES), 3), np.nan)
    quats = []
    for column in (THIGH, SHANK):
        start = quaternion.from_rotation_vector(rng.normal(size=3) * 2)
        turn = quaternion.from_rotation_vector(wobble(rng, 0.7, still_s))
        quat = quaternion.multiply(turn, start)
        sensor = joint + twice_derived(quaternion.rotate(quat, rng.uniform(-0.2, 0.2, 3)))
        inverse = quaternion.conjugate(quat)
        steps = quaternion.multiply(inverse[:-2], quat[2:])
        rate = quaternion.to_rotation_vector(steps) * RATE_HZ / 2
        acc[:, column] = quaternion.rotate(inverse, sensor + GRAVITY)
        gyr[:, column] = np.pad(rate, ((1, 1), (0, 0)), "edge") + rng.normal(0, bias, 3)
        quats.append(quat)
    acc += rng.normal(0, 0.05, acc.shape)
    gyr += rng.normal(0, 0.005, gyr.shape)
    valid = np.isfinite(acc[..., 0])
    truth = quaternion.multiply(quaternion.conjugate(quats[0]), quats[1])
    return BodyBlock("p", 0, RATE_HZ, 0, PLACES, acc, gyr, valid, valid.copy()), truth
