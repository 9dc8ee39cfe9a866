"""How sensors sat when they were calibrated before, by place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gateway.messages import FloatArray, Place, Places


@dataclass(frozen=True)
class Kept:
    """``by_place`` holds axes (3, 3) segment → sensor, as they were ``made`` (a date and time)."""

    made: str = ""
    by_place: Mapping[Place, FloatArray] = field(default_factory=dict)

    def axes(self, places: Places) -> FloatArray:
        """Return the axes (S, 3, 3) at ``places``, NaN where nothing is kept."""
        unknown = np.full((3, 3), np.nan)
        kept = [self.by_place.get(place, unknown) for place in places]
        return np.array(kept).reshape(-1, 3, 3)
