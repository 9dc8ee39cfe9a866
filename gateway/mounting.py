"""How a sensor is meant to be worn: the nominal alignment that calibration starts from.

On pelvis, thighs, shanks and sternum the sensor lies on the front: x up along the limb, y to the
person's right, z forward, away from the body. On the feet it lies on the instep: x forward,
y left, z up. On the arms, which hang with palms to the body, it lies on the outer side: x up along
the arm, z outwards. Segment axes are ISB: x forward, y up, z right (docs/coordinates.md).
"""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray, Place, Places

_FRONT = (0.5, -0.5, -0.5, -0.5)
_INSTEP = (np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0)
_LEFT_SIDE = (0.0, np.sqrt(0.5), np.sqrt(0.5), 0.0)
_RIGHT_SIDE = (np.sqrt(0.5), 0.0, 0.0, -np.sqrt(0.5))

_WORN = {
    Place.LEFT_FOOT: _INSTEP,
    Place.RIGHT_FOOT: _INSTEP,
    Place.LEFT_UPPER_ARM: _LEFT_SIDE,
    Place.LEFT_FOREARM: _LEFT_SIDE,
    Place.RIGHT_UPPER_ARM: _RIGHT_SIDE,
    Place.RIGHT_FOREARM: _RIGHT_SIDE,
}


def nominal_mounting(places: Places) -> FloatArray:
    """Return quaternions (S, 4) segment → sensor of the sensors at ``places``."""
    return np.array([_WORN.get(place, _FRONT) for place in places]).reshape(-1, 4)
