"""Exercises: one file each, with an ``EXERCISE`` that `gateway.discovery.discover` finds.

An exercise says how its leading angle is formed from the pose, and in which postures it can be at
rest and in effort; ``inference.repetitions.stage`` counts. Angles here are in degrees, because
people write them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from gateway.discovery import discover
from gateway.messages import (
    JOINT_INDEX,
    JOINTS,
    BoolArray,
    FloatArray,
    Joint,
    JointAngleBlock,
    Place,
    Places,
    SegmentBlock,
    Side,
)
from gateway.worn import anywhere, columns
from inference.gait.foot_rest import GRAVITY_M_S2
from inference.gait.leg_motion import swings
from inference.inclination import pitch_rad, up_in_sensor
from inference.joints.error_budget import Measured

Spans = Mapping[str, tuple[float, float]]
"""Least and greatest angle (degrees) by place or joint."""


@dataclass(frozen=True)
class Pose:
    """Samples of a body: ``flexion_deg`` (T, 6) by joint, ``pitch_deg`` (T, S) at ``places``.

    Both NaN where unknown. ``real`` (T, 6) the joint rests on measured samples only. ``segments``
    is what it was taken from.
    """

    flexion_deg: FloatArray
    places: Places
    pitch_deg: FloatArray
    real: BoolArray
    segments: SegmentBlock | None = None

    @classmethod
    def of(cls, angles: JointAngleBlock, segments: SegmentBlock) -> Pose:
        """Take the pose from blocks of the same samples."""
        known = segments.valid & segments.calibrated
        return cls(
            flexion_deg=np.degrees(angles.angle_rad),
            places=segments.places,
            pitch_deg=np.degrees(np.where(known, pitch_rad(segments.quat), np.nan)),
            real=angles.real,
            segments=segments,
        )

    def pitch(self, place: Place) -> FloatArray:
        """Return the pitch (T,) of the segment at ``place``; NaN where it is not worn."""
        if place not in self.places:
            return np.full(len(self.pitch_deg), np.nan)
        pitch: FloatArray = self.pitch_deg[:, self.places.index(place)]
        return pitch

    def lift(self, place: Place) -> tuple[FloatArray, BoolArray]:
        """Return by how much (T,) degrees the segment at ``place`` is off hanging down.

        Whichever way it is lifted; NaN where unknown. And where (T,) it was measured.
        """
        if self.segments is None or place not in self.places:
            count = len(self.pitch_deg)
            return np.full(count, np.nan), np.zeros(count, bool)
        column = self.places.index(place)
        quat = self.segments.quat[:, column]
        upright = up_in_sensor(quat)[:, 1]
        lifted = np.degrees(np.arccos(np.clip(upright, -1, 1)))
        unknown = np.isnan(self.pitch_deg[:, column])
        return np.where(unknown, np.nan, lifted), self.segments.real[:, column]

    def pushed(self, place: Place) -> FloatArray:
        """Return by how many m/s² (T,) the segment at ``place`` is accelerated; NaN where unknown.

        With the errors of a sensor, of its up and of what lies under it.
        """
        if self.segments is None or place not in self.places:
            return np.full(len(self.pitch_deg), np.nan)
        column = self.places.index(place)
        up = up_in_sensor(self.segments.quat[:, column])
        free = self.segments.acc[:, column] - GRAVITY_M_S2 * up
        pushed: FloatArray = np.sqrt((free * free).sum(axis=-1))
        return pushed

    def steps(self, *parts: str) -> BoolArray:
        """Say at which samples (T,) one of the ``parts`` (thigh, shank, foot) of a leg swings.

        On either side, about whatever axis; one that is not worn does not.
        """
        if self.segments is None:
            return np.zeros(len(self.pitch_deg), bool)
        wanted = tuple(limb(side, part) for side in Side for part in parts)
        return swings(self.segments.gyr[:, columns(self.places, wanted)])

    def flexion(self, joint: Joint) -> FloatArray:
        """Return the flexion (T,) of ``joint``."""
        return self.flexion_deg[:, JOINT_INDEX[joint]]

    def measured(self, *joints: Joint) -> BoolArray:
        """Say at which samples (T,) every one of ``joints`` that is known was measured."""
        first, *more = joints
        measured: BoolArray = self._sound[:, JOINT_INDEX[first]]
        for joint in more:
            measured = measured & self._sound[:, JOINT_INDEX[joint]]
        return measured

    @cached_property
    def _sound(self) -> BoolArray:
        sound: BoolArray = self.real | np.isnan(self.flexion_deg)
        return sound

    @cached_property
    def knee(self) -> FloatArray:
        """Mean flexion (T,) of the knees that are known."""
        return either(self.flexion(Joint.LEFT_KNEE), self.flexion(Joint.RIGHT_KNEE))

    @cached_property
    def thigh(self) -> FloatArray:
        """Mean pitch (T,) of the thighs that are known."""
        return either(self.pitch(Place.LEFT_THIGH), self.pitch(Place.RIGHT_THIGH))

    @cached_property
    def shank(self) -> FloatArray:
        """Mean pitch (T,) of the shanks that are known."""
        return either(self.pitch(Place.LEFT_SHANK), self.pitch(Place.RIGHT_SHANK))

    def spans_deg(self) -> Spans:
        """Return least and greatest pitch by place worn, and flexion by joint.

        NaN if any sample is unknown.
        """
        names, values = (*self.places, *JOINTS), (self.pitch_deg, self.flexion_deg)
        least = [angle for part in values for angle in part.min(axis=0).tolist()]
        greatest = [angle for part in values for angle in part.max(axis=0).tolist()]
        return dict(zip(names, zip(least, greatest, strict=True), strict=True))


_CENTRAL = (Place.PELVIS, Place.STERNUM)
_OTHER = "other_"


def _on(side: Side | None, named: Spans) -> Spans:
    """Return windows by place and joint that are ``named`` by segment and joint of a side."""
    found: dict[str, tuple[float, float]] = {}
    for name, window in named.items():
        if name in _CENTRAL:
            found[name] = window
            continue
        sides: tuple[Side, ...] = tuple(Side) if side is None else (side,)
        if name.startswith(_OTHER):
            sides = tuple(one.other for one in sides)
        found |= {f"{one}_{name.removeprefix(_OTHER)}": window for one in sides}
    return found


def limb(side: Side, segment: str) -> Place:
    """Return the place of a ``segment``: thigh, shank, foot, upper_arm or forearm."""
    return Place(f"{side}_{segment}")


def joint(side: Side, name: str) -> Joint:
    """Return a leg's joint: hip, knee or ankle."""
    return Joint(f"{side}_{name}")


def knee_of(pose: Pose, side: Side | None) -> FloatArray:
    """Return the flexion (T,) of the knee on ``side``, which leads some exercises."""
    assert side is not None
    return pose.flexion(joint(side, "knee"))


def within(spans: Spans, windows: Spans) -> bool:
    """Say whether all angles in ``spans`` that are known lie within their ``windows``."""
    for name, (low, high) in windows.items():
        least, greatest = spans.get(name, (low, high))
        if not (least >= low and greatest <= high):
            return False
    return True


def outside_of(pose: Pose, windows: Spans) -> BoolArray | None:
    """Say at which samples (T,) a pitch lies outside its window; None where at none."""
    outside: BoolArray | None = None
    for place, (low, high) in windows.items():
        pitch = pose.pitch(Place(place))
        out: BoolArray = (pitch < low) | (pitch > high)
        if anywhere(out):
            outside = out if outside is None else outside | out
    return outside


def either(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the mean (T,) of both sides, or of the one that is known; else NaN."""
    mean: FloatArray = (left + right) / 2
    unknown = np.isnan(mean)
    if anywhere(unknown):
        mean = np.where(unknown, np.fmax(left, right), mean)
    return mean


@dataclass(frozen=True, slots=True)
class Course:
    """An exercise over samples of a pose.

    ``angle_deg`` (T,) the leading angle, NaN where unknown; ``at_rest`` and ``in_effort`` (T,)
    the posture allows rest or effort; ``fits`` (T,) the exercise is possible at all; ``real``
    (T,) everything under the angle was measured. ``pushed`` (T,) by how many m/s² a limb is
    accelerated that stays over a foot on the ground, None where none has to.
    """

    angle_deg: FloatArray
    at_rest: BoolArray
    in_effort: BoolArray
    fits: BoolArray
    real: BoolArray
    pushed: FloatArray | None = None


class Guided(Protocol):
    """What feedback needs to know of an exercise, whoever describes it."""

    @property
    def direction(self) -> float:
        """1 if effort makes the angle larger, -1 if smaller."""

    @property
    def further(self) -> str:
        """What to say when too little was done."""

    @property
    def less(self) -> str:
        """What to say when too much was done."""

    @property
    def slower(self) -> str:
        """What to say when it was too fast."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise that is counted by the excursions of one leading angle.

    ``how`` tells the person what to do, in a sentence or two; ``seated``, that it takes a seat,
    which pages draw.

    ``rest_deg`` is the angle at rest. A repetition begins when the angle leaves rest beyond
    ``leave_deg``, counts if it passes ``effort_deg``, and ends when it is back at ``leave_deg``.
    ``lead`` gives the leading angle (T,), ``course`` that and the rest.

    ``target_deg`` (low, high) is the zone to reach unless a therapist sets another. ``sides`` are
    counted apart; None stands for both legs together. ``further`` and ``less`` are what to say
    when the target was missed, ``slower`` when a repetition took less than ``least_s``.

    ``measured`` says what the leading angle is of, which tells by how much it may be off.

    ``needs`` names segments without which it cannot be seen.

    ``within_deg`` are the pitches between which segments stay throughout, by their names (thigh,
    shank and foot of the exercise's side, or of both; pelvis, sternum). Segments that are not
    known do not count. It says cheaply in which postures an exercise need not be looked for.
    ``rests_deg`` are likewise pitches and flexions, of the other side too (other_thigh): within
    them, and with ``lead`` at rest, the course is at rest and fits. So somebody who stands or
    walks costs little.
    """

    name: str
    how: str
    sides: tuple[Side | None, ...]
    rest_deg: float
    leave_deg: float
    effort_deg: float
    target_deg: tuple[float, float]
    further: str
    less: str
    lead: Callable[[Pose, Side | None], FloatArray]
    course: Callable[[Pose, Side | None], Course]
    seated: bool = False
    least_s: float = 1.0
    slower: str = "A little slower"
    measured: Measured = Measured.SEGMENT
    needs: tuple[str, ...] = ()
    rests_deg: Spans = field(default_factory=dict)
    within_deg: Spans = field(default_factory=dict)

    def needed(self, side: Side | None) -> tuple[Place, ...]:
        """Return ``needs`` as places, for the exercise on ``side``."""
        assert side is not None or not self.needs
        return tuple(limb(side, name) for name in self.needs if side is not None)

    def windows(self, side: Side | None) -> Spans:
        """Return ``within_deg`` by place, for the exercise on ``side``."""
        return _on(side, self.within_deg)

    def rests(self, side: Side | None) -> Spans:
        """Return ``rests_deg`` by place and joint, for the exercise on ``side``."""
        return _on(side, self.rests_deg)

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
