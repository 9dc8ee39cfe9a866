"""A person who never lived: measures of the body and habits of walking, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray


@dataclass(frozen=True)
class Person:
    """Measures in metres, habits in SI units.

    ``sensor_lever_m`` (8, 3) is where each sensor sits, in its segment's axes: from the ankle for
    feet and shanks, from the knee for thighs, from the middle of the hips for the pelvis, from
    the lumbar joint for the sternum. ``walk_ratio_m_min`` is step length over cadence.
    ``knee_gain`` scales knee flexion in walking, ``pelvis_gain`` the motion of pelvis and trunk,
    ``variability`` is the coefficient of variation of the step time. ``sway_hz`` and
    ``sway_phase`` (2, 3) are the components of postural sway forwards and sideways.
    """

    thigh_m: float
    shank_m: float
    ankle_height_m: float
    heel_m: float
    toe_m: float
    hip_half_m: float
    lumbar_m: float
    sensor_lever_m: FloatArray
    speed_mps: float
    walk_ratio_m_min: float
    knee_gain: float
    pelvis_gain: float
    variability: float
    sway_hz: FloatArray
    sway_phase: FloatArray


def draw_person(rng: np.random.Generator) -> Person:
    """Draw a healthy adult.

    Segment lengths are shares of stature after Drillis & Contini 1966 (in Winter,
    "Biomechanics and Motor Control of Human Movement": thigh 0.245, shank 0.246, ankle height
    0.039, foot 0.152). The walk ratio is near 0.0063 m/(steps/min) whatever the speed (Sekiya &
    Nagasaki 1998, Gait & Posture 7:225-227). Usual speed is that of Bohannon's 1.2-1.4 m/s.
    """
    height = float(np.clip(rng.normal(1.70, 0.09), 1.48, 1.95))
    thigh, shank = height * 0.245 * rng.normal(1, 0.02), height * 0.246 * rng.normal(1, 0.02)
    return Person(
        thigh_m=float(thigh),
        shank_m=float(shank),
        ankle_height_m=height * 0.039,
        heel_m=height * 0.152 * 0.2,
        toe_m=height * 0.152 * 0.5,
        hip_half_m=height * 0.05,
        lumbar_m=height * 0.06,
        sensor_lever_m=_levers(height, rng),
        speed_mps=float(np.clip(rng.normal(1.25, 0.1), 0.9, 1.6)),
        walk_ratio_m_min=0.0063 * height / 1.70 * float(np.clip(rng.normal(1, 0.05), 0.85, 1.15)),
        knee_gain=float(np.clip(rng.normal(1, 0.05), 0.85, 1.15)),
        pelvis_gain=float(np.clip(rng.normal(1, 0.25), 0.4, 1.6)),
        variability=float(np.clip(rng.normal(0.02, 0.005), 0.008, 0.035)),
        sway_hz=rng.uniform([0.08, 0.2, 0.45], [0.2, 0.45, 0.8], (2, 3)),
        sway_phase=rng.uniform(0, 2 * np.pi, (2, 3)),
    )


def cadence_spm(person: Person, speed_mps: FloatArray) -> FloatArray:
    """Return steps a minute at ``speed_mps`` from the person's constant walk ratio.

    Speed = step length · cadence / 60 and step length = ratio · cadence.
    """
    cadence: FloatArray = np.sqrt(60.0 * speed_mps / person.walk_ratio_m_min)
    return cadence


def _levers(height: float, rng: np.random.Generator) -> FloatArray:
    thigh, shank = (0.065, 0.12 * height, 0.0), (0.045, 0.16 * height, 0.0)
    foot = (0.045 * height, -0.005 * height, 0.0)
    levers = np.array([
        (0.09, 0.03 * height, 0.0), thigh, thigh, shank, shank, foot, foot,
        (0.10, 0.21 * height, 0.0),
    ])  # fmt: skip
    spread = rng.normal(0, 1, (8, 3)) * np.array([0.005, 0.02, 0.01])
    placed: FloatArray = levers + spread
    return placed
