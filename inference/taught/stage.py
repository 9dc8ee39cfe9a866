"""The exercises that were shown, followed live: counted, measured and told from one another.

Each exercise's leading angle is watched for swings (``inference.taught.swings``). A swing that
is over is compared with all exercises (``inference.taught.recognition``), and it is a repetition
of the one whose angle swung if that is what it is most like. So nothing is compared sample by
sample, and nothing waits: a repetition is told when two thirds of the way back are done.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from gateway.messages import (
    BodyBlock,
    Execution,
    ExerciseState,
    FloatArray,
    Message,
    OrientationBlock,
    Place,
    Quality,
    Repetition,
)
from gateway.worn import at_places
from inference.inclination import up_in_sensor
from inference.joints.error_budget import MOVING, Measured, half_width_rad
from inference.pairing import Pairing
from inference.repetitions.sets import LEAST_REAL, SetCount, Sets, no_exercise, too_poor
from inference.repetitions.tempo import Tempo, smoothness, without_holes
from inference.taught import TaughtExercise, Turning, lead_angles, own_angle
from inference.taught.memory import Memory
from inference.taught.recognition import FARTHEST_RAD, Known, recognised
from inference.taught.swings import LONGEST_S, Phase, Swing, Swings
from inference.taught.teaching import RISE_SHARE

LEAST_S = 0.8
"""What is over sooner is a step or a jerk, unless what was shown takes less than twice as long."""

_SPREAD = MOVING[Measured.SEGMENT]


class TaughtRepetitions:
    """Turns ``BodyBlock`` and ``OrientationBlock`` into ``Repetition`` and ``ExerciseState``.

    ``ExerciseState`` comes from the first effort until ``END_OF_SET_S`` after the last, or until
    the person walks off, then once more with an empty name.
    """

    consumes: tuple[type, ...] = (BodyBlock, OrientationBlock)

    def __init__(self, exercises: Sequence[TaughtExercise]) -> None:
        self._exercises = tuple(exercises)
        used = {place for one in exercises for place in one.places}
        self._places = tuple(place for place in Place if place in used)
        self._known = [
            Known.of(one, np.array([self._places.index(place) for place in one.places]))
            for one in exercises
        ]
        turnings = [one.turning for one in self._known]
        self._leading = np.concatenate(
            [one.columns[list(one.turning.columns)] for one in self._known]
        )
        self._first = np.cumsum([0, *(len(turning.share) for turning in turnings)])[:-1].tolist()
        self._turnings = Turning.joined(turnings)
        self._pairing = Pairing(BodyBlock, OrientationBlock)
        self._rate_hz = 0.0
        self._told = 0

    def push(self, message: Message) -> list[Message]:
        """Take either block; return what the samples for which both have come lead to."""
        assert isinstance(message, BodyBlock | OrientationBlock)
        if not self._rate_hz:
            self._start(message.rate_hz)
        pairs = self._pairing.push(message)
        return [made for body, orientation in pairs for made in self._advance(body, orientation)]

    def flush(self) -> list[Message]:
        """Nothing is held back: a repetition that does not end is none."""
        return []

    def snapshot(self) -> object:
        """Return a copy of the state."""
        held = self._pairing.snapshot(), self._rate_hz, self._told
        if not self._rate_hz:
            return held, None
        sets = self._sets.snapshot()
        return held, (self._swings.snapshot(), self._memory.snapshot(), sets, list(self._low))

    def resume(self, snapshot: object) -> None:
        """Go on from ``snapshot``."""
        assert isinstance(snapshot, tuple)
        (pairing, rate_hz, self._told), followed = snapshot
        self._pairing.resume(pairing)
        if followed is None:
            return
        self._start(rate_hz)
        swings, memory, sets, self._low = followed
        self._swings.resume(swings)
        self._memory.resume(memory)
        self._sets.resume(sets)

    def _start(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        rise = RISE_SHARE * np.radians([one.least_deg for one in self._exercises])
        self._swings = Swings(rise, rate_hz)
        # Rest may lie before the rise, so more is kept than the longest swing.
        self._memory = Memory(round(2 * LONGEST_S * rate_hz))
        self._sets = Sets([SetCount(rate_hz) for _ in self._exercises], rate_hz)
        self._low = [0.0] * len(self._exercises)

    def _advance(self, body: BodyBlock, orientation: OrientationBlock) -> Iterator[Message]:
        up = up_in_sensor(at_places(orientation.quat, orientation.places, self._places))
        self._memory.add(body.start, up, at_places(body.real, body.places, self._places))
        angle = lead_angles(up[:, self._leading].transpose(1, 2, 0), self._turnings, self._first)
        told, end = body.start, body.start + len(up)
        for swing in self._swings.advance(body.start, angle):
            yield from self._states(body, angle, told, swing.at)
            yield from self._take(body.person, swing)
            told = swing.at
        yield from self._states(body, angle, told, end)

    def _take(self, person: str, swing: Swing) -> Iterator[Repetition]:
        counted = self._sets[swing.number]
        if swing.phase is Phase.BEGUN:
            self._begin(swing)
            return
        if swing.phase is Phase.DONE:
            yield from self._conclude(person, swing)
        if counted.under_way:
            counted.end(swing.at)

    def _begin(self, swing: Swing) -> None:
        """Effort begins, unless the sensors lie quite differently in this exercise.

        Of exercises that begin together, that which fits best is shown.
        """
        up = self._memory.up(swing.at, swing.at + 1)[0]
        fits = [self._known[swing.number].difference(up[self._known[swing.number].columns])]
        if not fits[0] < FARTHEST_RAD:
            return
        self._sets[swing.number].begin(swing.at)
        self._low[swing.number] = swing.low
        other = self._sets.shown
        if other is not None and self._sets[other].under_way:
            fits.append(self._known[other].difference(up[self._known[other].columns]))
        if fits[0] == min(fits):
            self._sets.shown = swing.number

    def _conclude(self, person: str, swing: Swing) -> Iterator[Repetition]:
        """Yield the repetition that ``swing`` is, if it is one of its exercise."""
        first = max(swing.low_at, swing.at - round(2 * LONGEST_S * self._rate_hz) + 1)
        up = self._memory.up(first, swing.at + 1)
        known = self._known[swing.number]
        angle = without_holes(own_angle(up[:, known.columns], known.turning))
        tempo = Tempo.of(angle)
        start = first + tempo.start
        least_s = min(LEAST_S, self._exercises[swing.number].duration_s / 2)
        if start < self._told or swing.at - start < least_s * self._rate_hz:
            return
        number, _ = recognised(up[tempo.start :], self._known)
        if number == swing.number:
            self._told = swing.at
            counted = self._sets[number]
            if not counted.under_way:  # how it began looked like something else
                counted.begin(swing.at)
            counted.count += 1
            yield self._repetition(person, number, start, swing.at, angle, tempo)

    def _repetition(
        self, person: str, number: int, start: int, end: int, angle: FloatArray, tempo: Tempo
    ) -> Repetition:
        exercise, rate_hz = self._exercises[number], self._rate_hz
        range_rad, duration_s = tempo.peak - tempo.low, (end - start) / rate_hz
        share = self._memory.real_share(start, end, self._known[number].columns)
        poor = share < LEAST_REAL
        least_rad = math.radians(exercise.least_deg)
        held = np.count_nonzero(angle - tempo.low >= least_rad)
        reached = range_rad >= least_rad
        if duration_s < exercise.least_s:
            execution = Execution.TOO_FAST
        else:
            execution = Execution.AS_ASKED if reached else Execution.TOO_SMALL
        return Repetition(
            person=person,
            exercise=exercise.name,
            side=exercise.side,
            count=self._sets[number].count,
            start_s=start / rate_hz,
            end_s=end / rate_hz,
            rom_rad=math.nan if poor else range_rad,
            peak_rad=math.nan if poor else range_rad,
            hold_s=held / rate_hz,
            target_reached=reached,
            quality=Quality(share, too_poor(share) if poor else ""),
            outward_s=(tempo.arrived - tempo.start) / rate_hz,
            return_s=(len(angle) - 1 - tempo.left) / rate_hz,
            smoothness=math.nan if poor else smoothness(angle, tempo, rate_hz),
            execution=execution,
            rom_half_width_rad=math.nan if poor else half_width_rad(_SPREAD.range_deg),
            peak_half_width_rad=math.nan if poor else half_width_rad(_SPREAD.range_deg),
        )

    def _states(
        self, body: BodyBlock, angle: FloatArray, first: int, last: int
    ) -> Iterator[ExerciseState]:
        """Yield the states at the grid points from ``first`` up to ``last``."""
        number = self._sets.shown
        if number is None:
            return
        gyr = body.gyr[first - body.start : last - body.start]
        told, over = self._sets.states(first, gyr, body.places)
        for at in told:
            risen = float(angle[number, at - body.start]) - self._low[number]
            yield self._state(body.person, at, number, risen)
        if over is not None:
            self._sets.close()
            yield no_exercise(body.person, over / self._rate_hz)

    def _state(self, person: str, at: int, number: int, risen_rad: float) -> ExerciseState:
        exercise = self._exercises[number]
        low_rad, high_rad = np.radians(exercise.target_deg).tolist()
        progress = risen_rad / low_rad
        return ExerciseState(
            person=person,
            t_s=at / self._rate_hz,
            exercise=exercise.name,
            side=exercise.side,
            count=self._sets[number].count,
            value_rad=risen_rad,
            target_low_rad=low_rad,
            target_high_rad=high_rad,
            progress=min(1.0, max(0.0, progress)) if math.isfinite(progress) else 0.0,
            how=exercise.how,
            seated=exercise.seated,
        )
