"""Counts the repetitions of every exercise, and says live how far the one under way has come.

A repetition is an excursion of the exercise's leading angle from rest through effort and back to
rest (``inference.repetitions.excursions``). It is told when it is back at rest. A set ends after a
pause of ``END_OF_SET_S``, or when the person walks off: the next repetition is number one again.
Each side has its own count.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gateway.messages import (
    BoolArray,
    Execution,
    ExerciseState,
    FloatArray,
    JointAngleBlock,
    Message,
    Place,
    Places,
    Quality,
    Repetition,
    SegmentBlock,
    Side,
)
from gateway.worn import anywhere
from inference.exercises import Course, Exercise, Pose, Spans, exercises, outside_of, within
from inference.joints.error_budget import MOVING, half_width_rad
from inference.pairing import Pairing
from inference.repetitions.excursions import Excursion, Tracker, Turn, angle_in_posture
from inference.repetitions.sets import (
    LEAST_REAL,
    SetCount,
    Sets,
    no_exercise,
    too_poor,
)

ARMS = frozenset({Place.LEFT_UPPER_ARM, Place.RIGHT_UPPER_ARM})
"""Segments that need no joint to be followed."""


class Repetitions:
    """Turns ``JointAngleBlock`` and ``SegmentBlock`` into ``Repetition`` and ``ExerciseState``.

    ``targets`` gives (low, high) in degrees by exercise where a therapist set another zone than
    the exercise's own; ``followed`` are the exercises, without it all there are.
    ``ExerciseState`` comes while an exercise is under way: from the first effort that lasts until
    ``END_OF_SET_S`` after the last, or until the person walks off, or effort came to nothing
    before the first repetition; then once more with an empty name.
    """

    consumes: tuple[type, ...] = (JointAngleBlock, SegmentBlock)

    def __init__(
        self,
        targets: Mapping[str, tuple[float, float]] | None = None,
        followed: Sequence[Exercise] | None = None,
    ) -> None:
        self._targets = dict(targets or {})
        self._exercises = tuple(exercises().values() if followed is None else followed)
        self._pairing = Pairing(JointAngleBlock, SegmentBlock)
        self._start(0.0, ())

    def push(self, message: Message) -> list[Message]:
        """Take either block; return what the samples for which both have come lead to."""
        assert isinstance(message, JointAngleBlock | SegmentBlock)
        pairs = self._pairing.push(message)
        return [made for angles, segments in pairs for made in self._advance(angles, segments)]

    def flush(self) -> list[Message]:
        """Nothing is held back: a repetition that does not end is none."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        trackers = [line.tracker.snapshot() for line in self._lines]
        sets = self._sets.snapshot()
        return self._pairing.snapshot(), self._rate_hz, self._places, trackers, sets

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        held, rate_hz, places, trackers, sets = snapshot
        self._pairing.resume(held)
        self._start(rate_hz, places)
        self._sets.resume(sets)
        for line, state in zip(self._lines, trackers, strict=True):
            line.tracker.resume(state)

    def _start(self, rate_hz: float, places: Places) -> None:
        """Follow what sensors at ``places`` can tell of."""
        self._rate_hz, self._places = rate_hz, places
        self._lines = [
            _Line(exercise, side, self._targets.get(exercise.name, exercise.target_deg), rate_hz)
            for exercise in self._exercises
            for side in exercise.sides
            if set(exercise.needed(side)) <= set(places)
        ]
        self._sets = Sets([line.set for line in self._lines], rate_hz)

    def _advance(self, angles: JointAngleBlock, segments: SegmentBlock) -> Iterator[Message]:
        if segments.places != self._places:
            self._start(angles.rate_hz, segments.places)
        seen = anywhere(angles.valid) or not ARMS.isdisjoint(segments.places)
        pose = Pose.of(angles, segments) if seen else None
        spans: Spans = {} if pose is None else pose.spans_deg()
        count = len(angles.valid)
        turns = [
            (turn.at, number, turn)
            for number, line in enumerate(self._lines)
            for turn in line.advance(angles.start, count, pose, spans)
        ]
        told = angles.start
        for at, number, turn in sorted(turns, key=lambda found: found[:2]):
            yield from self._states(segments, told, at)
            yield from self._take(angles.person, number, turn)
            told = at
        yield from self._states(segments, told, angles.start + count)

    def _take(self, person: str, number: int, turn: Turn) -> Iterator[Repetition | ExerciseState]:
        """Take a turn; what is shown gives way to a repetition, or to effort while it rests."""
        line = self._lines[number]
        if not turn.over:
            line.set.begin(turn.at)
            if self._sets.shown is None or not self._sets[self._sets.shown].busy:
                self._sets.shown = number
        elif line.set.under_way:
            line.set.end(turn.at)
            if turn.done is not None:
                self._sets.shown = number
                yield line.repetition(person, turn.done)
            elif number == self._sets.shown and not line.set.count:
                self._sets.shown = self._sets.latest_under_way()
                if self._sets.shown is None:
                    yield no_exercise(person, turn.at / self._rate_hz)

    def _states(self, block: SegmentBlock, first: int, last: int) -> Iterator[ExerciseState]:
        """Yield the states at the grid points from ``first`` up to ``last``."""
        shown = self._sets.shown
        if shown is None:
            return
        line, angle_deg = self._lines[shown], self._lines[shown].angle_deg(len(block.valid))
        gyr = block.gyr[first - block.start : last - block.start]
        told, over = self._sets.states(first, gyr, block.places)
        for at in told:
            yield line.state(block.person, at, float(angle_deg[at - block.start]))
        if over is not None:
            self._sets.close()
            yield no_exercise(block.person, over / self._rate_hz)


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
        self.windows = exercise.windows(side)
        self.rests = exercise.rests(side)
        self.rate_hz = rate_hz
        self.target = np.radians(target_deg)
        self.edge_deg = exercise.target_edge_deg(target_deg)
        self.tracker = Tracker(exercise, exercise.direction * self.edge_deg, rate_hz)
        self.pose: Pose | None = None
        self.course: Course | None = None
        self.outside: BoolArray | None = None
        self.set = SetCount(rate_hz)

    def advance(
        self,
        start: int,
        count: int,
        pose: Pose | None,
        spans: Spans,
    ) -> list[Turn]:
        """Follow the pose, if any joint is known, over ``count`` samples from ``start`` on.

        ``spans`` are the pose's.
        """
        self.pose, self.course, self.outside = None, None, None
        if pose is None:
            return self.tracker.lose(start, count)
        for place, (low, high) in self.windows.items():
            least, greatest = spans.get(place, (low, high))
            if greatest < low or least > high:
                return self.tracker.exclude(start)
        self.pose = pose
        inside = within(spans, self.windows)
        if inside:
            up = self.exercise.direction * self.exercise.lead(pose, self.side)
            if self.tracker.passes(up, bool(self.rests) and within(spans, self.rests)):
                return []
        if not inside:
            self.outside = outside_of(pose, self.windows)
        self.course = self.exercise.course(pose, self.side)
        return self.tracker.advance(start, self.course, self.outside)

    def angle_deg(self, count: int) -> FloatArray:
        """Return the angle (T,) of the samples last followed, as people should see it."""
        if self.pose is None:
            return np.full(count, np.nan)
        if self.course is None:  # nothing could happen, so nobody has asked for it
            self.course = self.exercise.course(self.pose, self.side)
        angle_deg = angle_in_posture(self.exercise, self.course)
        return angle_deg if self.outside is None else np.where(self.outside, np.nan, angle_deg)

    def repetition(self, person: str, done: Excursion) -> Repetition:
        self.set.count += 1
        poor = done.real_share < LEAST_REAL
        sign, spread = self.exercise.direction, MOVING[self.exercise.measured]
        reached = done.peak_deg >= sign * self.edge_deg
        if (done.end - done.start) / self.rate_hz < self.exercise.least_s:
            execution = Execution.TOO_FAST
        else:
            execution = Execution.AS_ASKED if reached else Execution.TOO_SMALL
        return Repetition(
            person=person,
            exercise=self.exercise.name,
            side=self.side,
            count=self.set.count,
            start_s=done.start / self.rate_hz,
            end_s=done.end / self.rate_hz,
            rom_rad=float(np.nan if poor else np.radians(done.peak_deg - done.rest_deg)),
            peak_rad=float(np.nan if poor else np.radians(sign * done.peak_deg)),
            hold_s=done.held / self.rate_hz,
            target_reached=reached,
            quality=Quality(done.real_share, too_poor(done.real_share) if poor else ""),
            outward_s=done.outward / self.rate_hz,
            return_s=done.back / self.rate_hz,
            smoothness=np.nan if poor else done.smoothness,
            execution=execution,
            rom_half_width_rad=np.nan if poor else half_width_rad(spread.range_deg),
            peak_half_width_rad=np.nan if poor else half_width_rad(spread.peak_deg),
        )

    def state(self, person: str, at: int, angle_deg: float) -> ExerciseState:
        rest_deg = self.exercise.rest_deg
        progress = (angle_deg - rest_deg) / (self.edge_deg - rest_deg)
        return ExerciseState(
            person=person,
            t_s=at / self.rate_hz,
            exercise=self.exercise.name,
            side=self.side,
            count=self.set.count,
            value_rad=math.radians(angle_deg),
            target_low_rad=float(self.target[0]),
            target_high_rad=float(self.target[1]),
            progress=min(1.0, max(0.0, progress)) if math.isfinite(progress) else 0.0,
            how=self.exercise.how,
            seated=self.exercise.seated,
        )
