"""Both legs of somebody who stands with one foot far in front of the other, and goes down."""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray
from simulators.movement.person import Person
from simulators.movement.two_links import leg_to

_APART = 1.05
"""Distance of the feet, as a share of the leg's length."""

_AHEAD = 0.48
"""Share of it by which the front foot is ahead of the hips."""


def split_stance(person: Person, knee_rad: float, heel_rad: float) -> FloatArray:
    """Return thigh pitch, knee flexion and foot pitch (3, 2) in rad of the front and the rear leg.

    The front knee is bent by ``knee_rad``, its foot is flat; the rear heel is off the ground by
    ``heel_rad``. Whatever these are, the feet stand where they stood.
    """
    apart = _APART * (person.thigh_m + person.shank_m)
    ahead = _AHEAD * apart
    reach = _reach(person, knee_rad)
    height = np.sqrt(reach**2 - ahead**2)
    ball, ankle = person.toe_m, person.ankle_height_m
    sine, cosine = np.sin(heel_rad), np.cos(heel_rad)
    moved = ball * (1 - cosine) + ankle * sine
    raised = ball * sine - ankle * (1 - cosine)
    thigh, knee = leg_to(
        person, np.array([ahead, ahead - apart + moved]), np.array([height, height - raised])
    )
    return np.stack([thigh, knee, np.array([0.0, -heel_rad])])


def _reach(person: Person, knee_rad: float) -> float:
    """Return how far the ankle is from the hip when the knee is bent by ``knee_rad``."""
    a, b = person.thigh_m, person.shank_m
    return float(np.sqrt(a * a + b * b + 2 * a * b * np.cos(knee_rad)))
