"""Where the simulated person wears sensors: the sensor axis of every array of the simulator."""

from __future__ import annotations

from gateway.messages import LEGS_AND_TRUNK, Place

PLACES = LEGS_AND_TRUNK
PLACE_INDEX = {place: index for index, place in enumerate(PLACES)}
ANYWHERE = Place.STERNUM
"""Where a sensor is that measures no motion, and so has no place: it tells the same all over."""
