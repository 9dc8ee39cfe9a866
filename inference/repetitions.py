"""Counts the repetitions of every exercise, and says live how far the one under way has come.

A repetition is an excursion of the exercise's leading angle from rest through effort and back to
rest (``inference.excursions``). It is told when it is back at rest. A set ends after a pause of
``END_OF_SET_S``: the next repetition is number one again. Each side has its own count.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gateway.messages import (
    ExerciseState,
    FloatArray,
    JointAngleBlock,
    Message,
    Quality,
    Repetition,
    SegmentBlock,
    Side,
)
from gateway.worn import anywhere
from inference.excursions import Excursion, Tracker, Turn, angle_in_posture
from inference.exercises import Course, Exercise, Pose, exercises
from inference.pairing import Pairing

END_OF_SET_S = 10.0
"""After a longer pause the next repetition is the first of a new set."""

STATE_S = 0.02
"""The state of the exercise under way is told at multiples of this on the grid."""

LEAST_REAL = 0.8
"""With a smaller share of measured samples a repetition counts, but its figures are withheld."""


class Repetitions:
    """Turns ``JointAngleBlock`` and ``SegmentBlock`` into ``Repetition`` and ``ExerciseState``.

    ``targets`` gives (low, high) in degrees by exercise where a therapist set another zone than
    the exercise's own. ``ExerciseState`` comes while an exercise is under way: from the first
    effort until ``END_OF_SET_S`` after the last, then once more with an empty name.
    """

    consumes: tuple[type, ...] = (JointAngleBlock, SegmentBlock)

    def __init__(self, targets: Mapping[str, tuple[float, float]] | None = None) -> None:
        self._targets = dict(targets or {})
        self._pairing = Pairing(JointAngleBlock, SegmentBlock)
        self._rate_hz = 0.0
        self._lines: list[_Line] = []
        self._shown: int | None = None

    def push(self, message: Message) -> list[Message]:
        """Take either block; return what the samples for which both have come lead to."""
        assert isinstance(message, JointAngleBlock | SegmentBlock)
        if not self._lines:
            self._start(message.rate_hz)
        pairs = self._pairing.push(message)
        return [made for angles, segments in pairs for made in self._advance(angles, segments)]

    def flush(self) -> list[Message]:
        """Nothing is held back: a repetition that does not end is none."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        lines = [line.snapshot() for line in self._lines]
        return self._pairing.snapshot(), self._rate_hz, lines, self._shown

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        held, rate_hz, lines, self._shown = snapshot
        self._pairing.resume(held)
        if lines:
            self._start(rate_hz)
        for line, state in zip(self._lines, lines, strict=True):
            line.resume(state)

    def _start(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._lines = [
            _Line(exercise, side, self._targets.get(exercise.name, exercise.target_deg), rate_hz)
            for exercise in exercises().values()
            for side in exercise.sides
        ]

    def _advance(self, angles: JointAngleBlock, segments: SegmentBlock) -> Iterator[Message]:
        pose = Pose.of(angles, segments) if anywhere(angles.valid) else None
        turns = [
            (turn.at, number, turn)
            for number, line in enumerate(self._lines)
            for turn in line.advance(angles.start, len(angles.valid), pose)
        ]
        told = angles.start
        for at, number, turn in sorted(turns, key=lambda found: found[:2]):
            yield from self._states(angles, told, at)
            yield from self._take(angles.person, number, turn)
            told = at
        yield from self._states(angles, told, angles.start + len(angles.valid))

    def _take(self, person: str, number: int, turn: Turn) -> Iterator[Repetition]:
        line = self._lines[number]
        if not turn.over:
            line.begin(turn.at)
            self._shown = number
        elif line.under_way:
            line.end(turn.at)
            if turn.done is not None:
                yield line.repetition(person, turn.done)

    def _states(self, angles: JointAngleBlock, first: int, last: int) -> Iterator[ExerciseState]:
        """Yield the states at the grid points from ``first`` up to ``last``."""
        if self._shown is None:
            return
        line = self._lines[self._shown]
        step = max(1, round(STATE_S * self._rate_hz))
        angle_deg = line.angle_deg(len(angles.valid))
        for at in range(-(-first // step) * step, last, step):
            if line.over(at):
                self._shown = None
                yield line.nothing(angles.person, at)
                return
            yield line.state(angles.person, at, float(angle_deg[at - angles.start]))


class _Line:
    """One exercise on one side: where it stands, and how many repetitions its set has."""

    def __init__(
        self,
        exercise: Exercise,
        side: Side | None,
        target_deg: tuple[float, float],
        rate_hz: float,
    ) -> None:
        self.exercise = exercise
        self.side = side
        self.rate_hz = rate_hz
        self.target = np.radians(target_deg)
        self.edge_deg = exercise.target_edge_deg(target_deg)
        self.tracker = Tracker(exercise, exercise.direction * self.edge_deg, rate_hz)
        self.course: Course | None = None
        self.count = 0
        self.under_way = False
        self.ended = 0

    def snapshot(self) -> tuple[object, ...]:
        return self.tracker.snapshot(), self.count, self.under_way, self.ended

    def resume(self, snapshot: tuple[Any, ...]) -> None:
        tracker, self.count, self.under_way, self.ended = snapshot
        self.tracker.resume(tracker)

    def advance(self, start: int, count: int, pose: Pose | None) -> list[Turn]:
        """Follow the pose, if any joint is known, over ``count`` samples from ``start`` on."""
        if pose is None:
            self.course = None
            return self.tracker.lose(start, count)
        self.course = self.exercise.course(pose, self.side)
        return self.tracker.advance(start, self.course)

    def angle_deg(self, count: int) -> FloatArray:
        """Return the angle (T,) of the samples last followed, as people should see it."""
        if self.course is None:
            return np.full(count, np.nan)
        return angle_in_posture(self.exercise, self.course)

    def begin(self, at: int) -> None:
        """Effort begins; after a long pause it is that of a new set."""
        if at - self.ended > END_OF_SET_S * self.rate_hz:
            self.count = 0
        self.under_way = True

    def end(self, at: int) -> None:
        self.under_way = False
        self.ended = at

    def over(self, at: int) -> bool:
        """Say whether the set has ended before sample ``at``."""
        return not self.under_way and at - self.ended > END_OF_SET_S * self.rate_hz

    def repetition(self, person: str, done: Excursion) -> Repetition:
        self.count += 1
        poor = done.real_share < LEAST_REAL
        sign = self.exercise.direction
        return Repetition(
            person=person,
            exercise=self.exercise.name,
            side=self.side,
            count=self.count,
            start_s=done.start / self.rate_hz,
            end_s=done.end / self.rate_hz,
            rom_rad=float(np.nan if poor else np.radians(done.peak_deg - done.rest_deg)),
            peak_rad=float(np.nan if poor else np.radians(sign * done.peak_deg)),
            hold_s=done.held / self.rate_hz,
            target_reached=done.peak_deg >= sign * self.edge_deg,
            quality=Quality(done.real_share, _too_poor(done.real_share) if poor else ""),
        )

    def state(self, person: str, at: int, angle_deg: float) -> ExerciseState:
        rest_deg = self.exercise.rest_deg
        progress = (angle_deg - rest_deg) / (self.edge_deg - rest_deg)
        return ExerciseState(
            person=person,
            t_s=at / self.rate_hz,
            exercise=self.exercise.name,
            side=self.side,
            count=self.count,
            value_rad=math.radians(angle_deg),
            target_low_rad=float(self.target[0]),
            target_high_rad=float(self.target[1]),
            progress=min(1.0, max(0.0, progress)) if math.isfinite(progress) else 0.0,
        )

    def nothing(self, person: str, at: int) -> ExerciseState:
        """Return the state that says that no exercise is under way."""
        return ExerciseState(
            person=person,
            t_s=at / self.rate_hz,
            exercise="",
            side=None,
            count=0,
            value_rad=math.nan,
            target_low_rad=math.nan,
            target_high_rad=math.nan,
            progress=0.0,
        )


def _too_poor(share: float) -> str:
    return f"only {share:.0%} of its samples were measured"
