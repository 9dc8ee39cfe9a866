"""Exercises that a person has shown: how one is kept, and the angle it is followed by.

No calibration is needed: each sensor is known by where earth's up lies in its own frame, so an
exercise is recognised while the sensors are worn as they were when it was shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gateway.messages import FloatArray, Place, Side

MOVING_SHARE = 0.5
"""Sensors that turn by this share of the one that turns most lead the exercise with it."""

FAR_SHARE = 0.8
"""Where a path is this far from rest, as a share of its farthest, it has arrived."""


@dataclass(frozen=True, slots=True, eq=False)
class TaughtExercise:
    """An exercise by one repetition as it was shown.

    ``path`` (N, S, 3) is earth's up in the frame of the sensor at each of ``places``, evenly in
    time, from rest to rest. ``range_deg`` and ``duration_s`` are those of the repetitions shown;
    one of less than ``least_deg`` is too small, of less than ``least_s`` too fast. ``further``,
    ``less`` and ``slower`` are what to say then. ``how`` tells the person what to do; ``seated``,
    that it takes a seat.
    """

    name: str
    side: Side | None
    places: tuple[Place, ...]
    path: FloatArray
    range_deg: float
    duration_s: float
    least_deg: float
    least_s: float
    further: str = "A little further"
    less: str = "Not quite so far"
    slower: str = "A little slower"
    how: str = ""
    seated: bool = False

    @property
    def direction(self) -> float:
        """1: its angle grows with effort."""
        return 1.0

    @property
    def target_deg(self) -> tuple[float, float]:
        """The zone to reach: what is not too small, up to a quarter more than was shown."""
        return self.least_deg, 1.25 * max(self.range_deg, self.least_deg)

    def with_target(self, low_deg: float) -> TaughtExercise:
        """Return the exercise with another least range."""
        return replace(self, least_deg=low_deg)


@dataclass(frozen=True, slots=True, eq=False)
class Turning:
    """How the leading sensors turn, by column of the exercise's places.

    ``rest`` and ``toward`` (M, 3) span the plane in which up moves in the frame of each of the
    ``columns`` (M,): from ``rest`` towards ``toward``, which is perpendicular to it. ``share``
    (M,) weighs their angles: as shown, they come to the angle of the one that turns most.
    """

    columns: tuple[int, ...]
    rest: FloatArray
    toward: FloatArray
    share: FloatArray

    @classmethod
    def of(cls, path: FloatArray) -> Turning:
        """Find it in a path (N, S, 3) from rest to rest."""
        rest = unit(path[0] + path[-1])
        away = angle_between(path, rest)
        far = np.sqrt((away**2).sum(axis=1))
        arrived = unit(path[far >= FAR_SHARE * far.max()].mean(axis=0))
        turned = angle_between(arrived, rest)
        columns = np.flatnonzero(turned >= MOVING_SHARE * turned.max())
        rest, arrived, turned = rest[columns], arrived[columns], turned[columns]
        along = (arrived * rest).sum(axis=-1, keepdims=True)
        share = turned * turned.max() / (turned**2).sum()
        return cls(tuple(columns.tolist()), rest, unit(arrived - along * rest), share)

    @classmethod
    def joined(cls, turnings: Sequence[Turning]) -> Turning:
        """Return those of several exercises as one, their columns as they are."""
        rest, toward, share = (
            np.concatenate([getattr(one, name) for one in turnings])
            for name in ("rest", "toward", "share")
        )
        return cls(tuple(c for one in turnings for c in one.columns), rest, toward, share)


def lead_angles(up: FloatArray, turnings: Turning, first: Sequence[int]) -> FloatArray:
    """Return the leading angle (K, T) in rad of K exercises; NaN where a sensor is unknown.

    ``up`` (M, 3, T) and ``turnings`` are those of the leading sensors of all exercises one after
    the other, ``first`` where each exercise begins.
    """
    level, risen = _dot(up, turnings.rest), _dot(up, turnings.toward)
    turned: FloatArray = np.arctan2(risen, level)
    turned *= turnings.share[:, None]
    angle: FloatArray = np.add.reduceat(turned, first, axis=0)
    return angle


def _dot(up: FloatArray, axis: FloatArray) -> FloatArray:
    """Return the scalar products (M, T), in an order that does not depend on T."""
    scaled = up * axis[:, :, None]
    total: FloatArray = scaled[:, 0] + scaled[:, 1]
    total += scaled[:, 2]
    return total


def own_angle(up: FloatArray, turning: Turning) -> FloatArray:
    """Return the leading angle (T,) in rad of one exercise over ``up`` (T, S, 3)."""
    leading = np.moveaxis(up[:, turning.columns], 0, -1)
    angle: FloatArray = lead_angles(leading, turning, [0])[0]
    return angle


def unit(vectors: FloatArray) -> FloatArray:
    """Return vectors (..., 3) of length 1."""
    scaled: FloatArray = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return scaled


def angle_between(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the angle (...) in rad between unit vectors (..., 3)."""
    half: FloatArray = np.arcsin(np.clip(np.linalg.norm(one - other, axis=-1) / 2, 0, 1))
    return 2 * half
