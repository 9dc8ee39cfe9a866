"""One pass through a scenario as smooth tracks, bouts of walking and what they amount to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from gateway.messages import FloatArray, Quality, Repetition, Side
from simulators.movement.person import Person, cadence_spm
from simulators.movement.scenarios import (
    Bow,
    HeelRaise,
    KneeExtension,
    KneeRaise,
    Lunge,
    Part,
    SitDown,
    SitToStand,
    Squat,
    Stairs,
    Stand,
    StandUp,
    Turn,
    Walk,
)
from simulators.movement.split_stance import split_stance
from simulators.movement.stairs import Flight, plan_flight
from simulators.movement.stepping import Bout, Stage, Swing, plan_bout, swings_of
from simulators.movement.tracks import Track, TrackBuilder

_SEATED_RAD = np.radians(88.0)
_SEATED_TORSO = (np.radians(6.0), 0.0)
_RISING_TORSO = (np.radians(-20.0), np.radians(-38.0))
_SIDES = (Side.LEFT, Side.RIGHT)
_EASE_S = 0.4
_FRONT_KNEE_RAD, _REAR_HEEL_RAD = np.radians([12.0, 28.0])
_STEP_S = 1.4
_STEPPING_RAD = np.radians([32.0, 48.0, -20.0])


@dataclass(frozen=True)
class Activity:
    """What the person was doing from ``start_s`` to ``end_s``."""

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Timeline:
    """One pass.

    ``legs`` is a track of (thigh pitch, knee flexion, foot pitch) x (left, right) in rad,
    ``torso`` of the pitch of pelvis and trunk, ``heading`` of the way faced (rad, anticlockwise
    from east). ``swings`` are in order of landing.
    """

    start_s: float
    end_s: float
    legs: Track
    torso: Track
    heading: Track
    bouts: tuple[Bout, ...]
    flights: tuple[Flight, ...]
    swings: tuple[Swing, ...]
    repetitions: tuple[Repetition, ...]
    activities: tuple[Activity, ...]


def plan(
    person: Person,
    parts: Sequence[Part],
    start_s: float,
    heading_rad: float,
    rng: np.random.Generator,
) -> Timeline:
    """Plan the ``parts`` one after the other from ``start_s``, standing at both ends."""
    planner = _Planner(person, rng, start_s, heading_rad)
    for afoot, group in groupby(parts, lambda part: isinstance(part, Walk | Turn)):
        if afoot:
            planner.walk([part for part in group if isinstance(part, Walk | Turn)])
        else:
            for part in group:
                planner.perform(part)
    return planner.finish(start_s)


@dataclass
class _Planner:
    """Writes a timeline part by part; ``t`` is where it has come to."""

    person: Person
    rng: np.random.Generator
    t: float
    heading_rad: float
    bouts: list[Bout] = field(default_factory=list)
    flights: list[Flight] = field(default_factory=list)
    swings: list[Swing] = field(default_factory=list)
    repetitions: list[Repetition] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.legs = TrackBuilder.starting(self.t, np.zeros((3, 2)))
        self.torso = TrackBuilder.starting(self.t, np.zeros(2))
        self.heading = TrackBuilder.starting(self.t, self.heading_rad)

    def perform(self, part: Any) -> None:
        """Plan one part that is not walking."""
        match part:
            case Stand():
                self._pass(part.name, part.seconds)
            case Squat():
                self._squat(part)
            case Bow():
                self._bow(part)
            case KneeRaise():
                self._raise_knee(part)
            case HeelRaise():
                self._raise_heels(part)
            case Lunge():
                self._lunge(part)
            case Stairs():
                self._climb(part)
            case _:
                self._perform_seated(part)

    def _perform_seated(self, part: Any) -> None:
        match part:
            case SitDown():
                self._change_seat(self.t, self.t + part.seconds, down=True)
                self._pass("sit-down", part.seconds)
            case KneeExtension():
                self._extend_knee(part)
            case SitToStand():
                self._stand_from_seat(part)
            case StandUp():
                self._change_seat(self.t, self.t + part.seconds, down=False)
                self._pass("stand-up", part.seconds)

    def walk(self, parts: Sequence[Walk | Turn]) -> None:
        """Plan consecutive walks and turns as one bout."""
        stages = self._stages(parts)
        asymmetry = next((p.asymmetry for p in parts if isinstance(p, Walk)), 0.0)
        bout = plan_bout(self.person, self.t, stages, asymmetry, self.rng)
        self.bouts.append(bout)
        self.swings += swings_of(bout)
        for part in parts:
            if isinstance(part, Turn):
                self.heading_rad += np.radians(part.angle_deg)
                self.heading.move(
                    self.t - _EASE_S, self.t + part.seconds + _EASE_S, self.heading_rad
                )
            self._pass("turn" if isinstance(part, Turn) else "walk", part.seconds)

    def finish(self, start_s: float) -> Timeline:
        """Return the timeline."""
        return Timeline(
            start_s,
            self.t,
            self.legs.build(),
            self.torso.build(),
            self.heading.build(),
            tuple(self.bouts),
            tuple(self.flights),
            tuple(sorted(self.swings, key=lambda swing: swing.land_s)),
            tuple(self.repetitions),
            tuple(self.activities),
        )

    def _stages(self, parts: Sequence[Walk | Turn]) -> list[Stage]:
        stages: list[Stage] = []
        speed = next((p.speed_mps for p in parts if isinstance(p, Walk)), None)
        for part in parts:
            if isinstance(part, Walk):
                speed = part.speed_mps
            walked = self.person.speed_mps if speed is None else speed
            cadence = float(cadence_spm(self.person, np.array(walked)))
            if isinstance(part, Turn):  # step length² / walk ratio is 60 · speed
                walked = part.step_m**2 / (60 * self.person.walk_ratio_m_min)
            stages.append(Stage(part.seconds, walked, cadence))
        return stages

    def _pass(self, name: str, seconds: float) -> None:
        self.activities.append(Activity(name, self.t, self.t + seconds))
        self.t += seconds

    def _squat(self, part: Squat) -> None:
        for count in range(1, part.repetitions + 1):
            depth = np.radians(part.depth_deg + self.rng.normal(0, 4))
            times = self._beats(part.seconds)
            down = depth * np.array([[0.72, 0.72], [1.0, 1.0], [0.0, 0.0]])
            self.legs.move(times[0], times[1], down)
            self.legs.move(times[2], times[3], np.zeros((3, 2)))
            self.torso.move(times[0], times[1], depth * np.array([-0.35, -0.42]))
            self.torso.move(times[2], times[3], np.zeros(2))
            self._count("squat", None, count, times, depth, depth)

    def _extend_knee(self, part: KneeExtension) -> None:
        side = _SIDES.index(part.side)
        for count in range(1, part.repetitions + 1):
            peak = np.radians(part.peak_deg + self.rng.normal(0, 3))
            times = self._beats(part.seconds)
            self.legs.move(times[0], times[1], _seated(side, float(peak)))
            self.legs.move(times[2], times[3], _seated())
            self.swings.append(Swing(side, times[0], times[3], step=False))
            self._count("knee-extension", part.side, count, times, _SEATED_RAD - peak, peak)

    def _raise_knee(self, part: KneeRaise) -> None:
        side = _SIDES.index(part.side)
        for count in range(1, part.repetitions + 1):
            peak = np.radians(part.peak_deg + self.rng.normal(0, 4))
            times = self._beats(part.seconds)
            # The shank hangs a little behind the knee, the foot with its toes down.
            raised = np.zeros((3, 2))
            raised[:, side] = peak, 1.15 * peak, -0.3 * peak
            self.legs.move(times[0], times[1], raised)
            self.legs.move(times[2], times[3], np.zeros((3, 2)))
            self.torso.move(times[0], times[1], peak * np.array([0.12, 0.05]))
            self.torso.move(times[2], times[3], np.zeros(2))
            self.swings.append(Swing(side, times[0], times[3], step=False))
            self._count("knee-raise", part.side, count, times, peak, peak)

    def _bow(self, part: Bow) -> None:
        for count in range(1, part.repetitions + 1):
            depth = np.radians(part.depth_deg + self.rng.normal(0, 4))
            times = self._beats(part.seconds)
            self.torso.move(times[0], times[1], depth * np.array([-0.6, -1.0]))
            self.torso.move(times[2], times[3], np.zeros(2))
            self._count("bow", None, count, times, depth, depth)

    def _raise_heels(self, part: HeelRaise) -> None:
        for count in range(1, part.repetitions + 1):
            peak = np.radians(part.peak_deg + self.rng.normal(0, 3))
            times = self._beats(part.seconds)
            self.legs.move(times[0], times[1], np.array([[0.0], [0.0], [-peak]]) * np.ones(2))
            self.legs.move(times[2], times[3], np.zeros((3, 2)))
            self._count("heel-raise", None, count, times, peak, peak)

    def _lunge(self, part: Lunge) -> None:
        side = _SIDES.index(part.side)
        front_first = [side, 1 - side]
        above = split_stance(self.person, _FRONT_KNEE_RAD, _REAR_HEEL_RAD)[:, front_first]
        self._step(side, above)
        for count in range(1, part.repetitions + 1):
            depth = np.radians(part.depth_deg + self.rng.normal(0, 3))
            times = self._beats(part.seconds)
            below = split_stance(self.person, float(depth), 2 * _REAR_HEEL_RAD)[:, front_first]
            self.legs.move(times[0], times[1], below)
            self.legs.move(times[2], times[3], above)
            self._count("lunge", part.side, count, times, depth - _FRONT_KNEE_RAD, depth)
        self._step(side, np.zeros((3, 2)))

    def _climb(self, part: Stairs) -> None:
        flight = plan_flight(self.person, self.t, part, self.rng)
        self.flights.append(flight)
        self.swings += flight.swings
        first, last = flight.bent.times_s[1:3]
        self.torso.move(flight.start_s, first, np.array(flight.manner.lean_rad))
        self.torso.move(last, flight.end_s, np.zeros(2))
        self._pass("stairs-up" if part.rise_m > 0 else "stairs-down", flight.end_s - self.t)

    def _step(self, side: int, stance: FloatArray) -> None:
        """Raise the foot of ``side``, and set it down so that the legs are in ``stance``."""
        start, middle, end = self.t, self.t + _STEP_S / 2, self.t + _STEP_S
        raised = np.zeros((3, 2))
        raised[:, side] = _STEPPING_RAD
        self.legs.move(start, middle, raised)
        self.legs.move(middle, end, stance)
        self.swings.append(Swing(side, start + 0.1 * _STEP_S, end, step=True))
        self._pass("step", _STEP_S)

    def _stand_from_seat(self, part: SitToStand) -> None:
        for count in range(1, part.repetitions + 1):
            times = self._beats(part.seconds)
            self._change_seat(times[0], times[1], down=False)
            self._change_seat(times[2], times[3], down=True)
            self._count("sit-to-stand", None, count, times, _SEATED_RAD, 0.0)

    def _beats(self, seconds: float) -> list[float]:
        """Start, reached, left, end of a repetition that begins now, with human scatter."""
        pace = seconds * float(np.clip(self.rng.normal(1, 0.06), 0.8, 1.2))
        return [self.t + share * pace for share in (0.0, 0.36, 0.5, 0.88)]

    def _count(
        self,
        exercise: str,
        side: Side | None,
        count: int,
        times: Sequence[float],
        rom_rad: float,
        peak_rad: float,
    ) -> None:
        self.repetitions.append(
            Repetition(
                person="simulated",
                exercise=exercise,
                side=side,
                count=count,
                start_s=times[0],
                end_s=times[3],
                rom_rad=float(rom_rad),
                peak_rad=float(peak_rad),
                hold_s=times[2] - times[1],
                target_reached=True,
                quality=Quality(1.0),
            )
        )
        self._pass(exercise, (times[3] - times[0]) / 0.88)

    def _change_seat(self, start: float, end: float, *, down: bool) -> None:
        middle = (start + end) / 2
        self.legs.move(start, end, _seated() if down else np.zeros((3, 2)))
        self.torso.move(start, middle, _RISING_TORSO)
        self.torso.move(middle, end, _SEATED_TORSO if down else np.zeros(2))


def _seated(side: int | None = None, knee_rad: float = 0.0) -> FloatArray:
    """Legs on a chair, one knee at ``knee_rad``: thighs level, the foot in line with its shank."""
    thigh = np.full(2, _SEATED_RAD)
    knee = thigh.copy()
    if side is not None:
        knee[side] = knee_rad
    return np.stack([thigh, knee, thigh - knee])
