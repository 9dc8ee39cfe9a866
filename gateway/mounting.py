"""How a sensor is meant to be worn: the nominal alignment that calibration starts from.

On pelvis, thighs, shanks and sternum the sensor lies on the front: x up along the limb, y to the
person's right, z forward, away from the body. On the feet it lies on the instep: x forward,
y left, z up. Segment axes are ISB: x forward, y up, z right (docs/coordinates.md).
"""

from __future__ import annotations

import numpy as np

from gateway.messages import PLACES, FloatArray, Place

FEET = (Place.LEFT_FOOT, Place.RIGHT_FOOT)

_FRONT = (0.5, -0.5, -0.5, -0.5)
_INSTEP = (np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0)


def nominal_mounting() -> FloatArray:
    """Return quaternions (8, 4) segment → sensor, in the order of ``PLACES``."""
    return np.array([_INSTEP if place in FEET else _FRONT for place in PLACES])
