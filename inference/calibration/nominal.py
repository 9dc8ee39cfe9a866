"""What is known of sensors before any of them has moved: worn as described, on which segments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from gateway import quaternion
from gateway.messages import BoolArray, FloatArray, Places
from gateway.mounting import nominal_mounting

_LEAST_TILT_DEG = {"thigh": 20.0, "shank": 12.0, "foot": 30.0, "pelvis": 15.0, "sternum": 15.0}
"""Beyond the tilt that a segment also reaches against its main direction in walking. Arms are
raised sideways as readily as forward, so that their tilt tells nothing."""


@dataclass(frozen=True)
class Nominal:
    """Of the sensors at S places.

    ``axes`` (S, 3, 3) segment → sensor; ``forward_sign`` (S,) whether up tips forward (thighs) or
    backward (others) in the segment when the segment moves; ``sagittal`` (S,) the segments that do
    so, all but arms, beyond ``least_tilt_cos`` (S,); ``thigh``, ``shank``, ``foot``
    and ``trunk``, pelvis included, (S,). ``hips`` says whether there is any thigh. ``below`` has
    the column of each thigh with shank and foot of its leg (S,).
    """

    axes: FloatArray
    forward_sign: FloatArray
    sagittal: BoolArray
    least_tilt_cos: FloatArray
    thigh: BoolArray
    shank: BoolArray
    foot: BoolArray
    trunk: BoolArray
    hips: bool
    below: tuple[tuple[int, BoolArray], ...]


@cache
def nominal(places: Places) -> Nominal:
    """Return what is known of the sensors at ``places``."""
    side, segment = (
        np.array([_side_and_segment(place) for place in places], np.str_).reshape(-1, 2).T
    )
    thigh, shank, foot = (segment == name for name in ("thigh", "shank", "foot"))
    lower = shank | foot
    return Nominal(
        axes=quaternion.to_matrix(nominal_mounting(places)),
        forward_sign=np.where(thigh, 1.0, -1.0),
        sagittal=np.isin(segment, list(_LEAST_TILT_DEG)),
        least_tilt_cos=np.cos(np.radians([_LEAST_TILT_DEG.get(s, 180.0) for s in segment])),
        thigh=thigh,
        shank=shank,
        foot=foot,
        trunk=np.isin(segment, ["pelvis", "sternum"]),
        hips=bool(thigh.any()),
        below=tuple((int(c), lower & (side == side[c])) for c in np.flatnonzero(thigh)),
    )


def _side_and_segment(place: str) -> tuple[str, str]:
    side, _, segment = place.partition("_")
    return (side, segment) if segment else ("", place)
