"""Where the feet are put down, and which of them carries the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray
from simulators.movement.gait_curves import stance_share, warp
from simulators.movement.person import Person, cadence_spm
from simulators.movement.pose import FEET, PELVIS_ROTATION_RAD, leg_swing, lift_gain, pose
from simulators.movement.segments import (
    hips,
    orientations,
    rockers,
    shank_vectors,
    thigh_vectors,
)
from simulators.movement.stepping import Swing
from simulators.movement.timeline import Timeline
from simulators.movement.tracks import Track, TrackBuilder

_SPEEDS = np.linspace(0.2, 2.0, 19)
_SHIFT_S = 0.6
_NEVER = 1e9

# When a foot leaves and takes its plant, in swing times from lift and landing.
_LEAVE, _ARRIVE = np.array([-0.3, 0.3]), np.array([-0.3, 0.2])
_ARRIVE_ON_STAIRS = np.array([-0.03, 0.08])
_LEAVE_SEATED, _ARRIVE_SEATED = np.array([-0.05, 0.0]), np.array([0.0, 0.05])


@dataclass(frozen=True)
class FootPath:
    """Plants and swings of one foot; swing ``i`` goes from plant ``i`` to plant ``i + 1``.

    ``spot_m`` (K + 1, 3) the ankle with the foot flat; ``yaw_rad`` (K + 1,); ``lift_s`` and
    ``land_s`` (K + 1,), the last never comes; ``leave_s`` and ``arrive_s`` (K + 1, 2) when the foot
    gives up its plant and takes the next, tiptoe and heel giving a little; ``slip_m``
    (K + 1, 2, 3) how far the planted ankle is from the chain of segments at lift and landing.
    """

    spot_m: FloatArray
    yaw_rad: FloatArray
    lift_s: FloatArray
    land_s: FloatArray
    leave_s: FloatArray
    arrive_s: FloatArray
    slip_m: FloatArray

    @property
    def settled_s(self) -> FloatArray:
        """When each swing is over (K + 1,)."""
        over: FloatArray = self.arrive_s[:, 1]
        return over


@dataclass(frozen=True)
class Footing:
    """Both feet over a pass: ``yaw`` tracks, ``paths`` and the right foot's ``support`` share."""

    reach: FloatArray
    yaw: tuple[Track, Track]
    support: Track
    paths: tuple[FootPath, FootPath]


def plan_footing(person: Person, timeline: Timeline, spots_m: FloatArray) -> Footing:
    """Place every step of ``timeline`` from the ``spots_m`` (2, 3) where the feet stand.

    A step lands where the chain foot - leg - pelvis - leg - foot reaches at that moment, so
    the length of steps comes from the joint angles and the pelvis from the planted foot.
    """
    reach = fit_reach(person)
    plant_yaws = [_plant_yaws(timeline, side) for side in (0, 1)]
    yaw = (_yaw_track(timeline, 0, plant_yaws[0]), _yaw_track(timeline, 1, plant_yaws[1]))
    lifts = np.array([swing.lift_s for swing in timeline.swings])
    lands = np.array([swing.land_s for swing in timeline.swings])
    at_lift = _spans(person, timeline, yaw, reach, lifts)
    at_land = _spans(person, timeline, yaw, reach, lands)
    spots = [[spot] for spot in spots_m]
    slips: list[list[FloatArray]] = [[], []]
    for swing, lift, land in zip(timeline.swings, at_lift, at_land, strict=True):
        own, other = swing.side, 1 - swing.side
        here, there = spots[own][-1], spots[other][-1]
        landing = here
        if swing.step:
            landing = there + land[own] - land[other]
            landing[2] = here[2]
        if swing.climb_m:
            landing = here + _climbed(swing.climb_m, timeline.heading.at(np.array([swing.land_s])))
        slip_lift = (here - lift[own]) - (there - lift[other])
        slip_land = (landing - land[own]) - (there - land[other])
        slips[own].append(np.stack([slip_lift, slip_land]))
        spots[own].append(landing)
    paths = [_path(timeline, side, spots[side], slips[side], plant_yaws[side]) for side in (0, 1)]
    return Footing(reach, yaw, _support(timeline), (paths[0], paths[1]))


def _climbed(climb_m: tuple[float, float], heading_rad: FloatArray) -> FloatArray:
    """Return the way (3,) of a step on stairs that is taken in ``heading_rad`` (1,)."""
    ahead, rise = climb_m
    return np.array([ahead * np.cos(heading_rad[0]), ahead * np.sin(heading_rad[0]), rise])


def fit_reach(person: Person) -> FloatArray:
    """Return c so that hip curves scaled by ``v · (c0 + c1 v + c2 v²)`` walk at speed ``v``.

    The step that the scaled curves make is compared with that of the person's walk ratio.
    """
    gains = np.linspace(0.05, 1.8, 36)
    wanted = person.walk_ratio_m_min * cadence_spm(person, _SPEEDS)
    made = np.array([_step_length(person, gains, speed) for speed in _SPEEDS])
    found = np.array([np.interp(w, row, gains) for w, row in zip(wanted, made, strict=True)])
    basis = _SPEEDS[:, None] ** np.arange(1, 4)
    coefficients: FloatArray = np.linalg.lstsq(basis, found, rcond=None)[0]
    return coefficients


def _step_length(person: Person, gains: FloatArray, speed: float) -> FloatArray:
    """Return the sagittal step (K,) for ``gains`` (K,), feet apart at contact."""
    share = stance_share(np.array(speed))
    phase = warp(np.array([0.0, 0.5]), share)
    lift = lift_gain(np.array(speed))
    thigh, knee, foot = leg_swing(person, phase, gains[:, None], lift)
    contact = np.where(foot > 0, -person.heel_m, person.toe_m)
    rocked = contact * (1 - np.cos(foot)) - person.ankle_height_m * np.sin(foot)
    ahead = person.thigh_m * np.sin(thigh) + person.shank_m * np.sin(thigh - knee) - rocked
    hip = 2 * person.hip_half_m * np.sin(PELVIS_ROTATION_RAD * person.pelvis_gain * gains)
    step: FloatArray = ahead[:, 0] - ahead[:, 1] + hip
    return step


def _spans(
    person: Person,
    timeline: Timeline,
    yaw: tuple[Track, Track],
    reach: FloatArray,
    t: FloatArray,
) -> FloatArray:
    """Return mid-hips → flat ankle (N, 2, 3) of each leg's chain at times ``t``."""
    posed = pose(person, timeline, yaw, reach, t)
    quat = orientations(posed)
    rocked = rockers(person, quat, posed.pitch[:, FEET], posed.yaw[:, FEET])
    return spans(person, quat) - rocked


def spans(person: Person, quat: FloatArray) -> FloatArray:
    """Return mid-hips → ankle (N, 2, 3) of each leg's chain."""
    return hips(person, quat) - thigh_vectors(person, quat) - shank_vectors(person, quat)


def own_swings(timeline: Timeline, side: int) -> list[Swing]:
    """Return the swings of one foot, 0 left, 1 right."""
    return [swing for swing in timeline.swings if swing.side == side]


def _plant_yaws(timeline: Timeline, side: int) -> FloatArray:
    """Return the way (K + 1,) each plant of a foot points: that of the body half a step on."""
    swings = own_swings(timeline, side)
    middles = [s.land_s + 0.3 if s.step else s.land_s for s in swings]
    return timeline.heading.at(np.array([timeline.start_s, *middles]))


def _yaw_track(timeline: Timeline, side: int, yaws: FloatArray) -> Track:
    track = TrackBuilder.starting(timeline.start_s, yaws[0])
    for swing, yaw in zip(own_swings(timeline, side), yaws[1:], strict=True):
        track.move(swing.lift_s, swing.land_s, yaw)
    return track.build()


def _support(timeline: Timeline) -> Track:
    """Return the right foot's share of support: 0.5 at rest, else whole on the foot that stands."""
    track = TrackBuilder.starting(timeline.start_s, 0.5)
    for index, swing in enumerate(timeline.swings):
        landed = timeline.swings[index - 1].land_s if index else timeline.start_s
        shift_from = max(landed, swing.lift_s - _SHIFT_S, track.times_s[-1])
        track.move(shift_from, swing.lift_s, 1.0 if swing.side == 0 else 0.0)
        following = timeline.swings[index + 1 : index + 2]
        if not following or following[0].lift_s > swing.land_s + 2 * _SHIFT_S:
            track.move(swing.land_s, swing.land_s + _SHIFT_S, 0.5)
    return track.build()


def _path(
    timeline: Timeline,
    side: int,
    spots: list[FloatArray],
    slips: list[FloatArray],
    yaws: FloatArray,
) -> FootPath:
    swings = own_swings(timeline, side)
    lift_s = np.array([*(swing.lift_s for swing in swings), _NEVER])
    land_s = np.array([*(swing.land_s for swing in swings), _NEVER + 1])
    steps = np.array([*(swing.step for swing in swings), True])
    climbed = np.array([*(swing.climb_m is not None for swing in swings), False])
    arrive = np.where(climbed[:, None], _ARRIVE_ON_STAIRS, _ARRIVE)
    swing_s = (land_s - lift_s)[:, None]
    return FootPath(
        spot_m=np.array(spots),
        yaw_rad=yaws,
        lift_s=lift_s,
        land_s=land_s,
        leave_s=lift_s[:, None] + swing_s * np.where(steps[:, None], _LEAVE, _LEAVE_SEATED),
        arrive_s=land_s[:, None] + swing_s * np.where(steps[:, None], arrive, _ARRIVE_SEATED),
        slip_m=np.array([*slips, np.zeros((2, 3))]),
    )
