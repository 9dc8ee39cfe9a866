"""How far joints go: range of motion and extremes of each stride, and the knee held still.

Each figure says by how much it may be off (``inference.joints.error_budget``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from gateway.messages import (
    JOINT_INDEX,
    BoolArray,
    Calibration,
    Figure,
    FloatArray,
    Joint,
    JointAngleBlock,
    Message,
    Quality,
    Side,
    Stride,
)
from gateway.worn import anywhere
from inference.gait.strides import LEAST_REAL_SHARE
from inference.joints.alignment_history import AlignmentHistory
from inference.joints.angle_memory import AngleMemory
from inference.joints.error_budget import (
    AT_REST_DEG,
    EXTENSION_DEFICIT_DEG,
    MOVING,
    Measured,
    half_width_rad,
)
from inference.measures import Measure

REST_S, PHASE_S = 1.0, 0.6
STILL_RAD = np.radians(2.0)
"""A knee rests while its angle stays within this for ``REST_S``; it is looked for once a second,
``PHASE_S`` after the full one, when others have less to do."""

MOVED_RAD = np.radians(5.0)
"""One that has come this far from where it rested last rests anew."""

UNSTEADY = "the calibration of its sensors was not complete, or was refined meanwhile"
_JOINTS = (Measured.HIP, Measured.KNEE, Measured.ANKLE)
_KNEES = {side: Joint(f"{side}_knee") for side in Side}


class _Course(NamedTuple):
    """Angles (N,) of a joint, NaN where unknown, and which (N,) were measured."""

    angle: FloatArray
    real: BoolArray

    @classmethod
    def of(cls, joint: Joint, angle: FloatArray, real: BoolArray) -> _Course:
        """Take it from those of all joints (N, 6)."""
        column = JOINT_INDEX[joint]
        return cls(angle[:, column], real[:, column])

    def quality(self, steady: bool) -> Quality:
        """Return how far its figures can be trusted; whether the alignment was ``steady``."""
        share = float(np.count_nonzero(self.real) / len(self.real))
        withheld = "" if steady else UNSTEADY
        if share < LEAST_REAL_SHARE:
            withheld = f"only {share:.0%} of the samples were measured"
        return Quality(share, withheld)


class JointRanges:
    """JointAngleBlock, Calibration and Stride → Figures in rad.

    Of each stride ``hip_range_of_motion``, ``knee_range_of_motion`` and ``ankle_range_of_motion``,
    ``knee_peak_flexion`` and ``knee_extension_deficit`` (the least flexion: how much is short of
    straight, negative beyond it). Of a knee held still for ``REST_S``, once,
    ``knee_flexion_at_rest``: held as bent as it can be that is the peak flexion at rest, held as
    straight the extension deficit. A joint that is not known has none.
    """

    consumes: tuple[type, ...] = (JointAngleBlock, Calibration, Stride)

    def __init__(self) -> None:
        self._memory = AngleMemory()
        self._alignments = AlignmentHistory()
        self._rested: Mapping[Side, float] = {}

    def push(self, message: Message) -> list[Message]:
        """Take a message; return the figures that it completes."""
        match message:
            case JointAngleBlock():
                return list(self._angles(message))
            case Calibration():
                self._alignments = self._alignments.after(message)
                return []
            case Stride():
                return list(self._stride(message))
        raise TypeError(type(message).__name__)

    def flush(self) -> list[Message]:
        """Return nothing: what is not complete is none."""
        return []

    def snapshot(self) -> object:
        """Return the state: it is never changed in place."""
        return self._memory.blocks(), self._alignments, self._rested

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        blocks, self._alignments, self._rested = snapshot
        self._memory = AngleMemory(blocks)

    def _angles(self, block: JointAngleBlock) -> Iterator[Figure]:
        if not len(block.angle_rad):
            return
        self._memory.take(block)
        if not anywhere(block.valid):
            return  # as with feet alone, at every hop
        for t_s, end in _looks(block):
            window = self._memory.window(end - round(REST_S * block.rate_hz), end)
            if window is None:
                continue
            for side, joint in _KNEES.items():
                course = _Course.of(joint, *window)
                yield from self._rest(block.person, t_s, side, course)

    def _rest(self, person: str, t_s: float, side: Side, course: _Course) -> Iterator[Figure]:
        """Yield the angle of a knee that rests during ``course``, if that was not told."""
        low, high = float(course.angle.min()), float(course.angle.max())
        if high - low > STILL_RAD:
            self._rested = {one: at for one, at in self._rested.items() if one is not side}
        middle = (low + high) / 2
        new = high - low <= STILL_RAD and not (
            abs(middle - self._rested.get(side, math.inf)) <= MOVED_RAD
        )
        quality = course.quality(self._alignments.steady(_KNEES[side], t_s - REST_S, t_s))
        if new and not quality.withheld:
            self._rested = {**self._rested, side: middle}
            half_width = half_width_rad(AT_REST_DEG)
            yield Figure(
                person, t_s, "knee_flexion_at_rest", side, middle, "rad", quality, half_width
            )

    def _stride(self, stride: Stride) -> Iterator[Figure]:
        rate_hz = self._memory.rate_hz
        first, last = round(stride.start_s * rate_hz), round(stride.end_s * rate_hz) + 1
        window = self._memory.window(first, last)
        if window is None:
            return
        for kind in _JOINTS:
            joint = Joint(f"{stride.side}_{kind}")
            course = _Course.of(joint, *window)
            if np.isnan(course.angle).all():
                continue
            steady = self._alignments.steady(joint, stride.start_s, stride.end_s)
            quality = course.quality(steady)
            if stride.quality.withheld:
                quality = Quality(quality.real_share, stride.quality.withheld)
            for name, value, sd_deg in _extremes(kind, course.angle):
                yield _figure(stride, name, value, half_width_rad(sd_deg), quality)


def _looks(block: JointAngleBlock) -> Iterator[tuple[float, int]]:
    """Yield the times s at which rest is looked for within ``block``, and the sample after each."""
    second = math.floor(block.start / block.rate_hz) - 1
    while (end := round((second + PHASE_S) * block.rate_hz)) <= block.start + len(block.angle_rad):
        if end > block.start:
            yield second + PHASE_S, end
        second += 1


def _extremes(kind: Measured, angle: FloatArray) -> Iterator[tuple[str, float, float]]:
    """Yield name, value (rad) and standard deviation (degrees) of a joint's figures."""
    low, high = float(np.nanmin(angle)), float(np.nanmax(angle))
    spread = MOVING[kind]
    yield f"{kind}_range_of_motion", high - low, spread.range_deg
    if kind is Measured.KNEE:
        yield "knee_peak_flexion", high, spread.peak_deg
        yield "knee_extension_deficit", low, EXTENSION_DEFICIT_DEG


def _figure(stride: Stride, name: str, value: float, half_width: float, quality: Quality) -> Figure:
    given, half = (math.nan, math.nan) if quality.withheld else (value, half_width)
    return Figure(stride.person, stride.end_s, name, stride.side, given, "rad", quality, half)


MEASURE = Measure("joint_ranges", JointRanges)
