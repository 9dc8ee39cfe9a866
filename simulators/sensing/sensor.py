"""What makes a real inertial sensor differ from an ideal one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray

FULL_SCALE_ACC = 16 * 9.80665
FULL_SCALE_GYR = np.radians(2000.0)


@dataclass(frozen=True)
class SensorGrade:
    """How good the sensors are.

    Noise densities as in the data sheet of the BMI270 (0.007 °/s/√Hz, 160 µg/√Hz). The biases
    are standard deviations an axis, after the maker's calibration; the angular rate's wanders
    by ``gyr_wander_rad_s`` over minutes.
    """

    gyr_density: float = np.radians(0.007)
    acc_density: float = 160e-6 * 9.80665
    gyr_bias_rad_s: float = np.radians(0.5)
    acc_bias: float = 0.012 * 9.80665
    gyr_wander_rad_s: float = np.radians(0.03)


IDEAL = SensorGrade(0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class SensorErrors:
    """The biases of eight sensors, each (8, 3), and the wander of the angular rate."""

    grade: SensorGrade
    acc_bias: FloatArray
    gyr_bias: FloatArray
    wander_hz: FloatArray
    wander_phase: FloatArray


def draw_errors(grade: SensorGrade, rng: np.random.Generator) -> SensorErrors:
    """Draw the biases of one set of eight sensors."""
    return SensorErrors(
        grade=grade,
        acc_bias=rng.normal(0, 1, (8, 3)) * grade.acc_bias,
        gyr_bias=rng.normal(0, 1, (8, 3)) * grade.gyr_bias_rad_s,
        wander_hz=1 / rng.uniform(120, 900, (8, 3)),
        wander_phase=rng.uniform(0, 2 * np.pi, (8, 3)),
    )


def measure(
    errors: SensorErrors,
    slot: int | slice,
    t_s: FloatArray,
    acc: FloatArray,
    gyr: FloatArray,
    rate_hz: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Return what sensor ``slot`` says of ideal ``acc`` and ``gyr`` (N, 3) at times (N,).

    ``slot`` may be ``slice(None)`` for arrays (N, 8, 3). White noise over the band up to half
    the rate, bias, wander, then the full scale.
    """
    band = np.sqrt(rate_hz / 2)
    grade = errors.grade
    noise = rng.standard_normal((2, *acc.shape))
    t = t_s.reshape(-1, *([1] * (acc.ndim - 1)))
    angle = 2 * np.pi * errors.wander_hz[slot] * t + errors.wander_phase[slot]
    wander = grade.gyr_wander_rad_s * np.sin(angle)
    acc = acc + errors.acc_bias[slot] + grade.acc_density * band * noise[0]
    gyr = gyr + errors.gyr_bias[slot] + wander + grade.gyr_density * band * noise[1]
    return (
        np.clip(acc, -FULL_SCALE_ACC, FULL_SCALE_ACC),
        np.clip(gyr, -FULL_SCALE_GYR, FULL_SCALE_GYR),
    )
