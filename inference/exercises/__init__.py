"""Exercises: one file each, with an ``EXERCISE`` that `gateway.discovery.discover` finds.

An exercise says how its leading angle is formed from the pose, and in which postures it can be at
rest and in effort; ``inference.repetitions`` counts. Angles here are in degrees, because people
write them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gateway.discovery import discover
from gateway.messages import (
    BoolArray,
    FloatArray,
    JointAngleBlock,
    Place,
    Places,
    SegmentBlock,
    Side,
)
from gateway.worn import at_places
from inference.inclination import pitch_rad


@dataclass(frozen=True, slots=True)
class Pose:
    """Samples of a body: ``flexion_deg`` (T, 6) by joint, ``pitch_deg`` (T, S) at ``places``.

    Both NaN where unknown. ``real`` (T, 6) the joint rests on measured samples only.
    """

    flexion_deg: FloatArray
    places: Places
    pitch_deg: FloatArray
    real: BoolArray

    @classmethod
    def of(cls, angles: JointAngleBlock, segments: SegmentBlock) -> Pose:
        """Take the pose from blocks of the same samples."""
        known = segments.valid & segments.calibrated
        return cls(
            flexion_deg=np.degrees(angles.angle_rad),
            places=segments.places,
            pitch_deg=np.degrees(np.where(known, pitch_rad(segments.quat), np.nan)),
            real=angles.real,
        )

    def pitch_at(self, *places: Place) -> FloatArray:
        """Return the pitch in degrees (T, W) at W ``places``; NaN where one is not worn."""
        return at_places(self.pitch_deg, self.places, places)


@dataclass(frozen=True, slots=True)
class Course:
    """An exercise over samples of a pose.

    ``angle_deg`` (T,) the leading angle, NaN where unknown; ``at_rest`` and ``in_effort`` (T,)
    the posture allows rest or effort; ``fits`` (T,) the exercise is possible at all; ``real``
    (T,) everything under the angle was measured.
    """

    angle_deg: FloatArray
    at_rest: BoolArray
    in_effort: BoolArray
    fits: BoolArray
    real: BoolArray


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise that is counted by the excursions of one leading angle.

    ``rest_deg`` is the angle at rest. A repetition begins when the angle leaves rest beyond
    ``leave_deg``, counts if it passes ``effort_deg``, and ends when it is back at ``leave_deg``.
    ``target_deg`` (low, high) is the zone to reach unless a therapist sets another. ``sides`` are
    counted apart; None stands for both legs together. ``further`` and ``less`` are what to say
    when the target was missed.
    """

    name: str
    sides: tuple[Side | None, ...]
    rest_deg: float
    leave_deg: float
    effort_deg: float
    target_deg: tuple[float, float]
    further: str
    less: str
    course: Callable[[Pose, Side | None], Course]

    @property
    def direction(self) -> float:
        """1 if effort makes the angle larger, -1 if smaller."""
        return 1.0 if self.effort_deg > self.rest_deg else -1.0

    def target_edge_deg(self, target_deg: tuple[float, float]) -> float:
        """Return the end of ``target_deg`` (low, high) that is reached first."""
        return target_deg[0] if self.direction > 0 else target_deg[1]


def exercises() -> dict[str, Exercise]:
    """Return all exercises by name."""
    return discover("inference.exercises", "EXERCISE")
