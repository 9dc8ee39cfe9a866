"""A leg as two links: the angles that bring its ankle to a place."""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray
from simulators.movement.person import Person


def leg_to(
    person: Person, ahead_m: FloatArray, below_m: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return thigh pitch and knee flexion in rad (any shape) of a leg whose ankle is there.

    ``ahead_m`` and ``below_m`` are from the hip; what lies out of reach is pointed at.
    """
    a, b = person.thigh_m, person.shank_m
    reach = np.minimum(np.hypot(ahead_m, below_m), a + b)
    knee = np.arccos(np.clip((reach**2 - a * a - b * b) / (2 * a * b), -1, 1))
    lead = np.arctan2(b * np.sin(knee), a + b * np.cos(knee))
    return np.arctan2(ahead_m, below_m) + lead, knee
