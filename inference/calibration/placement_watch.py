"""Whether sensors are worn where they are said to be, watched while a person walks.

Two that are exchanged, or the legs, show after some seconds of walking. Who has been right for that
long is believed until a sensor is calibrated anew.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gateway.messages import BoolArray, FloatArray, Places
from inference.calibration.placement import WHERE, exchanges, placement
from inference.calibration.walking_traits import WalkingTraits, alternates, several_hurry

WALKED_S = 10.0
"""So long somebody walks before anything is said."""

SURE = 0.85
"""So sure the motion must be that a sensor is elsewhere. On recordings of people who walk it was
right wherever it was as sure as that."""

LEAST = 3
"""Of two sensors motion hardly says which is which."""


class PlacementWatch:
    """Watches the sensors at ``places``."""

    def __init__(self, places: Places) -> None:
        self._columns = np.flatnonzero([place in WHERE for place in places])
        self._places = tuple(places[column] for column in self._columns)
        self._walked: WalkingTraits | None = None
        self.begin()

    def begin(self) -> None:
        """Look at the sensors anew."""
        count = len(self._columns)
        self._walked = WalkingTraits.nothing(count) if count >= LEAST else None

    def looks_at(self, gyr: FloatArray) -> BoolArray:
        """Return which ticks (T,) of rates of turn (3, S, T, N) can tell it anything."""
        if self._walked is None:
            return np.zeros(gyr.shape[2], np.bool_)
        return several_hurry(gyr[:, self._columns])

    def push(
        self, motion: FloatArray, standing: FloatArray, usable: BoolArray, rate_hz: float
    ) -> Iterator[str]:
        """Take a tick of acceleration, rate of turn and up (3, 3, S, N); return what is wrong.

        ``standing`` (S, 3) is up in the sensors in the stance, ``usable`` (S,) for which it is
        known and the tick is whole.
        """
        walked, columns = self._walked, self._columns
        if walked is None or not usable[columns].all():
            return
        acc, gyr, up = motion[:, :, columns]
        added = alternates(gyr) and walked.add(acc, gyr, up, standing[columns])
        if added and walked.count >= WALKED_S * rate_hz:
            self._walked = None
            yield from self._exchanged(walked, standing[columns])

    def _exchanged(self, walked: WalkingTraits, standing: FloatArray) -> Iterator[str]:
        found = placement(walked.traits(standing), self._places, exchanges(self._places))
        for told, place, sure in zip(self._places, found.places, found.confidence, strict=True):
            if told is not place and sure > SURE:
                where = place.replace("_", " ")
                yield f"{told}: it moves like one on the {where} ({sure:.0%} sure)"
