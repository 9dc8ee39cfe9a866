"""What reality does to ideal motion: misaligned, biased, noisy and missing sensors, either side."""

from __future__ import annotations

import numpy as np

from gateway.messages import BoolArray, FloatArray, Place
from gateway.quaternion import from_axis_angle, multiply, rotate
from inference.model.contract import PLACES
from inference.model.loading import Array

SUBSETS: dict[str, tuple[Place, ...]] = {
    "all": PLACES,
    "feet": (Place.LEFT_FOOT, Place.RIGHT_FOOT),
    "shanks and thighs": (
        Place.LEFT_THIGH,
        Place.RIGHT_THIGH,
        Place.LEFT_SHANK,
        Place.RIGHT_SHANK,
    ),
    "shanks": (Place.LEFT_SHANK, Place.RIGHT_SHANK),
    "pelvis": (Place.PELVIS,),
    "left thigh and shank": (Place.LEFT_THIGH, Place.LEFT_SHANK),
    "right thigh and shank": (Place.RIGHT_THIGH, Place.RIGHT_SHANK),
}
"""Sensor sets in common use; training draws them besides sets at random."""

HEADING_LIMIT_RAD = np.radians(7.0)
TILT_SD_RAD = np.radians(1.5)
TILT_LIMIT_RAD = np.radians(3.0)
SKIN_SD_RAD = np.radians(1.0)
GYR_BIAS_SD = np.radians(0.5)
ACC_BIAS_SD = 0.15
GYR_NOISE_SD = np.radians(0.7)
ACC_NOISE_SD = 0.15
GAIN_SD = 0.01
_MIRROR_PLACES = [0, 2, 1, 4, 3, 6, 5, 7]
_MIRROR_TARGETS = [1, 0, 3, 2, 5, 4, 7, 6]
_MIRROR_SIGNS = np.array([1, 1, -1, -1, -1, 1], np.float32)


def place_mask(places: tuple[Place, ...]) -> Array:
    """Return the mask (8,) of ``places``."""
    return np.array([place in places for place in PLACES], np.float32)


def worn(x: Array, rate_hz: float, rng: np.random.Generator) -> Array:
    """Return ``x`` (B, T, 8, 6) as sensors on a person would give it after calibration.

    Drawn once a window and sensor: what calibration leaves of the misalignment (heading up to 7°,
    tilt of SD 1.5° up to 3°, so 8° in all), the skin's motion on the bone, biases (0.5 °/s, 15 mg)
    and gains (1 %); white noise stands for the sensor's own and for tissue that rings (0.7 °/s,
    15 mg at 50 Hz). Bias figures are those of common MEMS parts after factory calibration.
    """
    once = (len(x), 1, x.shape[2])
    turn = misalignment(once, rng)
    skin, skin_rate = skin_motion(x.shape[:3], rate_hz, rng)
    axes = rotate(turn[..., None, :], np.eye(3)).astype(np.float32)
    vectors = np.matmul(x.reshape(*x.shape[:3], 2, 3), axes)
    vectors += np.cross(vectors, skin[..., None, :])
    vectors[..., 1, :] += skin_rate
    gain = np.repeat(1.0 + GAIN_SD * rng.standard_normal((*once, 2)), 3, axis=-1)
    bias = np.repeat([ACC_BIAS_SD, GYR_BIAS_SD], 3) * rng.standard_normal((*once, 6))
    noise = rng.standard_normal(x.shape, np.float32)
    scale = np.repeat([ACC_NOISE_SD, GYR_NOISE_SD], 3).astype(np.float32)
    faulty: Array = vectors.reshape(x.shape) * gain.astype(np.float32) + bias.astype(np.float32)
    return faulty + scale * noise


def skin_motion(
    shape: tuple[int, ...], rate_hz: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw how sensors rock on the bone: small turns (B, T, 8, 3) in rad and their rates in rad/s.

    One sine a window, sensor and axis, of SD 1° and 0.3 to 2.5 Hz: the rhythm of steps and
    exercises. Teufl et al. 2018 found 2.2 ± 1.5° of soft tissue in joint angles.
    """
    batch, length, sensors = shape
    omega = 2 * np.pi * rng.uniform(0.3, 2.5, (batch, 1, sensors, 3))
    size = SKIN_SD_RAD * np.sqrt(2) * rng.standard_normal(omega.shape)
    start = rng.uniform(0.0, 2 * np.pi, omega.shape)
    t = np.arange(length, dtype=np.float32)[None, :, None, None] / np.float32(rate_hz)
    phase = omega.astype(np.float32) * t + start.astype(np.float32)
    turn, rate = size.astype(np.float32), (size * omega).astype(np.float32)
    return turn * np.sin(phase), rate * np.cos(phase)


def misalignment(shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Return rotations (*shape, 4): a tilt about a level axis, then a heading about y (up)."""
    heading = rng.uniform(-HEADING_LIMIT_RAD, HEADING_LIMIT_RAD, shape)
    tilt = np.clip(rng.normal(0.0, TILT_SD_RAD, shape), -TILT_LIMIT_RAD, TILT_LIMIT_RAD)
    direction = rng.uniform(0.0, 2 * np.pi, shape)
    level = np.stack([np.cos(direction), np.zeros(shape), np.sin(direction)], axis=-1)
    up = np.array([0.0, 1.0, 0.0])
    return multiply(from_axis_angle(up, heading), from_axis_angle(level, tilt))


def mirrored(x: Array, truth: Array) -> tuple[Array, Array]:
    """Return the motion of the mirror image: z turns round, left and right change places.

    Forces are vectors (z changes sign), rates are axial (x and y change sign). ``x`` is
    (B, T, 8, 6), ``truth`` (B, T, 8).
    """
    reflected: Array = x[:, :, _MIRROR_PLACES] * _MIRROR_SIGNS
    return reflected, truth[:, :, _MIRROR_TARGETS]


def sensor_masks(batch: int, length: int, rng: np.random.Generator) -> Array:
    """Draw which sensors are there: (B, T, 8).

    A third of the windows have all sensors, a third one of ``SUBSETS``, a third any set; in a
    quarter of the windows each sensor falls silent for a while with probability 0.3.
    """
    kinds = rng.integers(0, 3, batch)
    named = np.stack([place_mask(places) for places in SUBSETS.values()])
    chosen = named[rng.integers(0, len(named), batch)]
    share = rng.uniform(0.15, 1.0, (batch, 1))
    any_set = (rng.random((batch, len(PLACES))) < share).astype(np.float32)
    masks = np.select([kinds[:, None] == 0, kinds[:, None] == 1], [1.0, chosen], any_set)
    return (masks[:, None, :] * ~_silences(batch, length, rng)).astype(np.float32)


def _silences(batch: int, length: int, rng: np.random.Generator) -> BoolArray:
    struck = (rng.random((batch, 1)) < 0.25) & (rng.random((batch, len(PLACES))) < 0.3)
    first = rng.integers(0, length, (batch, 1, len(PLACES)))
    last = first + rng.integers(1, length, (batch, 1, len(PLACES)))
    sample = np.arange(length)[None, :, None]
    silent: BoolArray = struck[:, None, :] & (first <= sample) & (sample < last)
    return silent
