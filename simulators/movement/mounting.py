"""How the sensors really sit on the person, as against how they are meant to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray
from gateway.mounting import nominal_mounting
from gateway.quaternion import from_rotation_vector, multiply
from simulators.places import PLACES

# Columns of hip and knee flexion that stretch the skin under each place; a joint's flexion moves
# a sensor on a thigh by some per cent of itself, less on bone.
_DRIVEN_BY = np.array([0, 2, 3, 2, 3, 4, 5, 1])
_STRETCH = np.array([0.01, 0.02, 0.02, 0.01, 0.01, 0.003, 0.003, 0.005])


@dataclass(frozen=True)
class Mounting:
    """``quat`` (8, 4) segment → sensor at rest.

    ``stretch`` (8, 3) is the turn of the sensor, in its own axes, for each rad of flexion of the
    joint beside it.
    """

    quat: FloatArray
    stretch: FloatArray


def draw_mounting(
    rng: np.random.Generator, tilt_sd_rad: float, turn_sd_rad: float, tissue: float
) -> Mounting:
    """Draw a mounting: nominal, then turned about the sensor's axes.

    ``turn_sd_rad`` applies about z, the normal of the skin, ``tilt_sd_rad`` about x and y.
    """
    spread = np.array([tilt_sd_rad, tilt_sd_rad, turn_sd_rad])
    error = from_rotation_vector(rng.normal(0, 1, (8, 3)) * spread)
    stretch = rng.normal(0, 1, (8, 3)) * _STRETCH[:, None] * tissue
    return Mounting(multiply(error, nominal_mounting(PLACES)), stretch)


def wobble(mounting: Mounting, flexion_rad: FloatArray) -> FloatArray:
    """Return the turn (N, 8, 4) of each sensor on the skin at flexions (N, 6)."""
    driver = flexion_rad[:, _DRIVEN_BY, None]
    half: FloatArray = driver * mounting.stretch / 2
    scalar = np.sqrt(1 - np.einsum("...i,...i->...", half, half))
    return np.concatenate([scalar[..., None], half], axis=-1)
