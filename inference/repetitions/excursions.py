"""One exercise of one side, followed sample by sample in runs: from rest to effort and back.

Everything is decided by absolute sample index and by sums and maxima, so it is exact under any
cutting. Angles are in degrees, turned so that effort is up.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gateway.messages import BoolArray, FloatArray, IntArray
from gateway.worn import anywhere, everywhere
from inference.exercises import Course, Exercise
from inference.repetitions.tempo import Tempo, smoothness, without_holes

LOOK_BACK_S = 2.0
"""Rest before an excursion is looked for so far back."""

START_DEG = 5.0
"""An excursion starts where the angle was last this close to rest."""

LEAST_EFFORT_S = 0.25
"""Shorter effort is a jerk, a step or a glitch."""

LONGEST_S = 15.0
"""A longer excursion is a posture, such as sitting on a chair, not a repetition."""

GAP_S = 1.5
"""Across a longer gap nobody knows what happened: the excursion is dropped."""

PLANTED_M = 4.0
"""A shank that leans over a foot on the ground and back, two fifths as far as the knee bends by R
(rad), as a sine in T seconds, is pushed by (R/5) (2π/T)² 0.25 m = 2 R/T² a quarter of a metre above
the ankle; twice that with what lies under the sensor."""
PLANTED_M_S2 = 3.0
"""Nor does one that leans slowly seem to be pushed by more: up that errs by 10° makes it 1.7."""
CARRIED_S = 0.05
"""Who is pushed by more for so long was carried along; shorter is a knock."""

UNKNOWN, ELSEWHERE, REST, MOVING, EFFORT = range(5)
"""Where a sample lies within an exercise: sensors missing, in a posture that does not fit, at
rest, on the way, or in effort."""


def phases(exercise: Exercise, course: Course, outside: BoolArray | None = None) -> IntArray:
    """Return the phase (T,) of every sample of a course; ``outside`` (T,) it is excluded."""
    up = exercise.direction * course.angle_deg
    resting = up <= exercise.direction * exercise.leave_deg
    effort = (up > exercise.direction * exercise.effort_deg) & course.in_effort
    phase = np.where(effort, EFFORT, np.where(resting, REST, MOVING))
    fits = course.fits & (course.at_rest | ~resting)
    if not everywhere(fits):
        phase[~fits] = ELSEWHERE
    unknown = np.isnan(up)
    if anywhere(unknown):
        phase[unknown] = UNKNOWN
    if outside is not None:
        phase[outside] = ELSEWHERE
    return phase


def angle_in_posture(exercise: Exercise, course: Course) -> FloatArray:
    """Return the leading angle (T,), NaN where the posture is not that of the exercise.

    Somebody who sits down bends the knees as far as in a squat, and must not be praised for it.
    """
    up = exercise.direction * course.angle_deg
    effort = up > exercise.direction * exercise.effort_deg
    return np.where(course.fits & (course.in_effort | ~effort), course.angle_deg, np.nan)


@dataclass(frozen=True, slots=True)
class Excursion:
    """A finished repetition in samples of the grid and degrees; ``rest_deg`` is where it began.

    ``outward`` and ``back`` samples were on the way, as ``inference.repetitions.tempo`` has it.
    """

    start: int
    end: int
    rest_deg: float
    peak_deg: float
    held: int
    real_share: float
    outward: int
    back: int
    smoothness: float


@dataclass(frozen=True, slots=True)
class Turn:
    """What happened at sample ``at``: effort has lasted, or the excursion was ``over``.

    Effort is told once it has lasted `LEAST_EFFORT_S`. ``done`` is the repetition, if it was one.
    """

    at: int
    over: bool
    done: Excursion | None = None


@dataclass(slots=True)
class _Open:
    """An excursion under way; ``angles`` are its angles from ``start`` on, part by part.

    ``pushed`` are likewise its course's, from where it left rest.
    """

    start: int
    rest_deg: float
    angles: tuple[FloatArray, ...]
    peak_deg: float = -np.inf
    effort: int = 0
    held: int = 0
    real: int = 0
    pushed: tuple[FloatArray, ...] = ()

    def carried(self, end: int, rate_hz: float) -> bool:
        """Say whether what stays over a foot on the ground was carried along."""
        bent, seconds = math.radians(self.peak_deg - self.rest_deg), (end - self.start) / rate_hz
        most = max(PLANTED_M_S2, PLANTED_M * bent / seconds**2)
        beyond = sum(int(np.count_nonzero(part > most)) for part in self.pushed)
        return beyond > CARRIED_S * rate_hz


class Tracker:
    """Follows one exercise; ``edge_deg`` is the near end of the target, turned like the angle."""

    def __init__(self, exercise: Exercise, edge_deg: float, rate_hz: float) -> None:
        self.exercise = exercise
        self.edge = edge_deg
        self.rate_hz = rate_hz
        self.open: _Open | None = None
        self.rested = False
        self.resting_since = 0
        self.missing = 0
        self.look_back = round(LOOK_BACK_S * rate_hz)
        self.past = np.empty(0)

    def advance(self, start: int, course: Course, outside: BoolArray | None = None) -> list[Turn]:
        """Take the samples from ``start`` on; return what happened, in order.

        At those ``outside`` (T,) the exercise is excluded, whatever the course says.
        """
        up = self.exercise.direction * course.angle_deg
        if not (anywhere(course.fits) or anywhere(np.isnan(up))):
            self.past = up[:0]
            return list(self._leave(start))
        phase = phases(self.exercise, course, outside)
        back = len(self.past)
        known = np.concatenate([self.past, up])
        turns: list[Turn] = []
        for first, last in _runs(phase):
            window = known[: back + first]
            part = slice(first, last)
            turns += self._run(phase[first], start + first, up, course, part, window)
        self.past = known[-self.look_back :]
        return turns

    def passes(self, up: FloatArray, at_rest: bool) -> bool:
        """Say whether the samples ``up`` (T,), turned so that effort is up, change nothing.

        So it is while rest goes on, which who asks must know (``at_rest``), and while none has
        begun. They are then taken.
        """
        leave = self.exercise.direction * self.exercise.leave_deg
        if self.open is not None:
            return False
        if not self.rested:
            if not up.min() > leave:
                return False
            self.past = up[:0]
            return True
        if not (at_rest and up.max() <= leave):
            return False
        self.past = np.concatenate([self.past, up])[-self.look_back :]
        self.missing = 0
        return True

    def exclude(self, start: int) -> list[Turn]:
        """Take samples from ``start`` on at all of which the exercise is excluded."""
        if not (self.rested or self.missing or len(self.past) or self.open):
            return []
        self.past = self.past[:0]
        return list(self._leave(start))

    def lose(self, start: int, count: int) -> list[Turn]:
        """Take ``count`` samples from ``start`` on of which nothing is known."""
        self.past = np.concatenate([self.past, np.full(count, np.nan)])[-self.look_back :]
        return list(self._miss(start, count))

    def snapshot(self) -> tuple[object, ...]:
        """Return a copy of the state."""
        return (
            copy.copy(self.open), self.rested, self.resting_since, self.missing, self.past.copy()
        )  # fmt: skip

    def resume(self, snapshot: tuple[Any, ...]) -> None:
        """Go on from ``snapshot``."""
        opened, self.rested, self.resting_since, self.missing, self.past = snapshot
        self.open = copy.copy(opened)

    def _run(
        self,
        phase: int,
        first: int,
        up: FloatArray,
        course: Course,
        part: slice,
        past: FloatArray,
    ) -> Iterator[Turn]:
        """Follow a run of one phase, ``part`` of a course; ``past`` holds the angles before it."""
        if phase == UNKNOWN:
            yield from self._miss(first, part.stop - part.start)
        elif phase == ELSEWHERE:
            yield from self._leave(first)
        elif phase == REST:
            yield from self._rest(first)
        else:
            pushed = () if course.pushed is None else (course.pushed[part],)
            yield from self._move(phase, first, up[part], course.real[part], pushed, past)

    def _leave(self, first: int) -> Iterator[Turn]:
        self.missing = 0
        self.rested = False
        yield from self._drop(first)

    def _miss(self, first: int, count: int) -> Iterator[Turn]:
        """Count missing samples; too many of them end what was under way."""
        limit = round(GAP_S * self.rate_hz)
        if self.missing <= limit < self.missing + count:
            yield from self._drop(first + limit - self.missing)
            self.rested = False
        self.missing += count
        if self.open is not None:
            self.open.angles += (np.full(count, np.nan),)

    def _rest(self, first: int) -> Iterator[Turn]:
        self.missing = 0
        if self.open is not None:
            yield self._finish(self.open, first)
            self.open = None
            self.rested = False
        if not self.rested:
            self.rested, self.resting_since = True, first

    def _move(
        self,
        phase: int,
        first: int,
        up: FloatArray,
        real: BoolArray,
        pushed: tuple[FloatArray, ...],
        past: FloatArray,
    ) -> Iterator[Turn]:
        self.missing = 0
        if self.open is None:
            if not self.rested:
                return
            self.open = self._begin(first, past)
            self.rested = False
        now = self.open
        now.peak_deg = max(now.peak_deg, float(up.max()))
        now.held += int(np.count_nonzero(up >= self.edge))
        now.real += int(np.count_nonzero(real))
        now.angles += (up,)
        now.pushed += pushed
        if phase == EFFORT:
            still = math.ceil(LEAST_EFFORT_S * self.rate_hz) - now.effort
            if 0 < still <= len(up):
                yield Turn(first + still - 1, over=False)
            now.effort += len(up)
        limit = now.start + round(LONGEST_S * self.rate_hz)
        if first + len(up) > limit:
            yield from self._drop(max(first, limit))

    def _begin(self, first: int, past: FloatArray) -> _Open:
        """Find where the angle left rest, within the rest that came just before ``first``."""
        count = min(first - self.resting_since, self.look_back)
        rest = past[len(past) - count :]
        lowest = float(np.fmin.reduce(rest))
        left = int(np.flatnonzero(rest <= lowest + START_DEG)[-1])
        lead = count - left
        return _Open(first - lead, lowest, (rest[count - lead :],), real=lead)

    def _finish(self, done: _Open, end: int) -> Turn:
        if done.effort < LEAST_EFFORT_S * self.rate_hz or done.carried(end, self.rate_hz):
            return Turn(end, over=True)
        share = min(1.0, done.real / (end - done.start))
        angle = without_holes(np.concatenate(done.angles))
        tempo = Tempo.of(angle)
        found = Excursion(
            start=done.start,
            end=end,
            rest_deg=done.rest_deg,
            peak_deg=done.peak_deg,
            held=done.held,
            real_share=share,
            outward=tempo.arrived - tempo.start,
            back=len(angle) - tempo.left,
            smoothness=smoothness(angle, tempo, self.rate_hz),
        )
        return Turn(end, over=True, done=found)

    def _drop(self, at: int) -> Iterator[Turn]:
        if self.open is not None:
            self.open = None
            yield Turn(at, over=True)


def _runs(values: IntArray) -> Iterator[tuple[int, int]]:
    """Return first and end of each stretch of (T,) ``values`` over which they do not change."""
    (last,) = (values[1:] != values[:-1]).nonzero()
    return itertools.pairwise([0, *(last + 1).tolist(), len(values)])
