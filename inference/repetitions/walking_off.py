"""When somebody who has done an exercise walks off, so that its set is over at once."""

from __future__ import annotations

import numpy as np

from gateway.messages import FloatArray, IntArray, Places
from gateway.worn import at_places
from inference.gait.leg_motion import FEET, SHANKS, swings

WALKED_S = 1.0
"""Somebody walks once each leg has swung for so long in all: in two to three strides."""

_LEGS = tuple(zip(SHANKS, FEET, strict=True))


class WalkingOff:
    """Adds up, by samples of the grid, how long each leg has swung since ``rest``.

    A leg of which nothing is known swings when the other does.
    """

    def __init__(self, rate_hz: float) -> None:
        self._enough = WALKED_S * rate_hz
        self._swung: IntArray = np.zeros(len(_LEGS), np.int64)

    def snapshot(self) -> object:
        """Return a copy of the state."""
        return self._swung.copy()

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, np.ndarray)
        self._swung = snapshot.copy()

    def rest(self) -> None:
        """Begin anew."""
        self._swung[:] = 0

    def after(self, gyr: FloatArray, places: Places) -> int | None:
        """Take the next samples (T, S, 3) rad/s; return the first of them at which both legs walk.

        None: not yet.
        """
        if not len(gyr):
            return None
        legs = [at_places(gyr, places, leg) for leg in _LEGS]
        swinging = np.array([swings(leg) for leg in legs])
        unknown = np.array([np.isnan(leg[..., 0]).all(axis=1) for leg in legs])
        swung = np.cumsum(np.where(unknown, swinging[::-1], swinging), axis=1)
        swung += self._swung[:, None]
        self._swung = swung[:, -1].copy()
        walked = np.flatnonzero(swung.min(axis=0) >= self._enough)
        return int(walked[0]) if len(walked) else None
