"""People who move their legs and do not walk, as ideal sensors feel it.

A figure with legs that faces east: it turns its segments, and where its pelvis is carried or its
feet are pushed, they go there. What is felt follows from the places of the sensors, so forces are
those of the movement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gateway import quaternion
from gateway.messages import BodyBlock, FloatArray, Place
from gateway.mounting import nominal_mounting
from simulators.movement.inertial import Blow, add_blows, blow_axes, body_rate, specific_force
from simulators.places import PLACES
from tests.inference.figure import FEET, PELVIS, SHANKS, STERNUM, THIGHS, segment_quat

RATE_HZ = 100.0
STANDING_S = 4.0
_THIGH_M, _SHANK_M, _HIP_M, _TRUNK_M = 0.42, 0.42, 0.09, 0.35
_LEVERS_M = {
    "pelvis": (-0.1, 0.05, 0.0),
    "sternum": (0.1, 0.0, 0.0),
    "thigh": (0.05, -0.2, 0.0),
    "shank": (0.03, -0.2, 0.0),
    "foot": (0.1, -0.03, 0.0),
}


@dataclass
class Pose:
    """What a person does over time: pitch (T, 8) rad, pelvis (T, 3) m, push of feet (T, 2, 3) m."""

    pitch: FloatArray
    pelvis_m: FloatArray
    feet_m: FloatArray
    blows: list[Blow] = field(default_factory=list)

    @classmethod
    def still(cls, seconds: float) -> Pose:
        count = round(seconds * RATE_HZ)
        return cls(np.zeros((count, 8)), np.zeros((count, 3)), np.zeros((count, 2, 3)))

    @property
    def t_s(self) -> FloatArray:
        """Times since what the person does began; before, it stands still."""
        return np.arange(len(self.pitch)) / RATE_HZ


def leg_swings(seconds: float, hz: float = 0.9) -> Pose:
    """Stand on one leg and swing the other, straight, to the front and back."""
    pose = Pose.still(seconds)
    swing = np.radians(30.0) * np.sin(2 * np.pi * hz * pose.t_s)
    pose.pitch[:, [1, 3, 5]] = swing[:, None]
    pose.pelvis_m[:, 1] = -0.03 + 0.01 * np.sin(2 * np.pi * hz * pose.t_s)
    return pose


def marching(seconds: float, hz: float = 0.85) -> Pose:
    """March on the spot: raise one knee after the other, and set the foot down with a thump."""
    pose = Pose.still(seconds)
    for side in (0, 1):
        phase = (hz * pose.t_s + 0.5 * side) % 1.0
        up = np.where(phase < 0.4, np.sin(np.pi * np.minimum(phase, 0.4) / 0.4) ** 2, 0.0)
        pose.pitch[:, 1 + side] = np.radians(50.0) * up
        pose.pitch[:, 3 + side] = np.radians(-30.0) * up
        pose.pitch[:, 5 + side] = np.radians(-35.0) * up
        landings = np.arange(0.4 - 0.5 * side, hz * seconds, 1.0) / hz
        pose.blows += [Blow(t_s, side, 0.6) for t_s in landings.tolist() if t_s > 0]
    pose.pelvis_m[:, 2] = 0.01 * np.cos(4 * np.pi * hz * pose.t_s)
    pose.pelvis_m[:, 1] = 0.03 * np.sin(2 * np.pi * hz * pose.t_s)
    return pose


def shuffling(seconds: float, hz: float = 1.0) -> Pose:
    """Shift from foot to foot, which slide a few centimetres without leaving the ground."""
    pose = Pose.still(seconds)
    for side in (0, 1):
        wave = np.sin(2 * np.pi * hz * pose.t_s + np.pi * side)
        pose.feet_m[:, side, 0] = 0.03 * wave
        pose.pitch[:, 5 + side] = np.radians(-6.0) * np.maximum(wave, 0.0) ** 2
    pose.pelvis_m[:, 1] = 0.04 * np.sin(2 * np.pi * hz * pose.t_s)
    return pose


def sitting(seconds: float, hz: float = 4.5) -> Pose:
    """Sit, bounce one leg on its toes and stretch the other now and then."""
    pose = _seated(seconds)
    bounce = np.radians(6.0) * (1 - np.cos(2 * np.pi * hz * pose.t_s))
    pose.pitch[:, 5] -= bounce
    pose.pitch[:, 1] += 0.25 * bounce
    stretch = np.radians(60.0) * np.sin(np.pi * (pose.t_s / 3.0 % 1.0)) ** 2
    pose.pitch[:, [4, 6]] += stretch[:, None]
    return pose


def cycling(seconds: float, hz: float = 1.2) -> Pose:
    """Pedal on a bicycle that stands: feet go round on cranks, the pelvis rocks in the saddle."""
    pose = _seated(seconds)
    for side in (0, 1):
        turn = 2 * np.pi * hz * pose.t_s + np.pi * side
        ahead = np.array([0.25, -0.58]) + 0.17 * np.stack([np.cos(turn), -np.sin(turn)], axis=1)
        thigh, shank = _reach(ahead)
        pose.pitch[:, 1 + side], pose.pitch[:, 3 + side] = thigh, shank
        pose.pitch[:, 5 + side] = np.radians(-10.0 + 15.0 * np.sin(turn))
    rock = 2 * np.pi * hz * pose.t_s
    pose.pelvis_m[:, 1] = 0.015 * np.sin(rock)
    pose.pelvis_m[:, 2] = 0.002 * np.sin(2 * rock)
    pose.pitch[:, [PELVIS, STERNUM]] = (
        np.radians(-25.0) + np.radians(1.5) * np.sin(2 * rock)[:, None]
    )
    return pose


def _seated(seconds: float) -> Pose:
    pose = Pose.still(seconds)
    pose.pitch[:, THIGHS] = np.radians(88.0)
    return pose


def _reach(ahead_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return pitch of thigh and shank that bring the ankle (T, 2) ahead and up of the hip."""
    far = np.hypot(*ahead_m.T)
    line = np.arctan2(ahead_m[:, 0], -ahead_m[:, 1])
    bend = np.arccos(far / (2 * _THIGH_M))  # thigh and shank are as long
    return line + bend, line - bend


def worn(pose: Pose, places: Sequence[Place], seed: int) -> BodyBlock:
    """Return what sensors at ``places`` feel: standing, then, eased in, what the person does."""
    quiet = round(STANDING_S * RATE_HZ)
    share = np.clip((np.arange(quiet + len(pose.pitch)) - quiet) / RATE_HZ, 0.0, 1.0)
    share = share**3 * (10 + share * (6 * share - 15))

    def eased(values: FloatArray) -> FloatArray:
        padded = np.concatenate([np.repeat(values[:1], quiet, axis=0), values])
        result: FloatArray = padded * share.reshape(-1, *[1] * (values.ndim - 1))
        return result

    quat = segment_quat(eased(pose.pitch))
    origin = _origins(quat, eased(pose.pelvis_m), eased(pose.feet_m))
    levers = np.array([_LEVERS_M[str(place).rpartition("_")[2]] for place in PLACES])
    mounting = nominal_mounting(PLACES)
    sensors = quaternion.multiply(quat, quaternion.conjugate(mounting))
    acc = specific_force(origin + quaternion.rotate(quat, levers), sensors, RATE_HZ)
    gyr = body_rate(sensors, RATE_HZ)
    t_s = np.arange(1, len(acc) + 1) / RATE_HZ
    blows = [Blow(STANDING_S + b.t_s, b.side, b.strength) for b in pose.blows if b.t_s > 1.0]
    add_blows(acc, t_s, blow_axes(mounting), blows, 1 / RATE_HZ)
    rng = np.random.default_rng(seed)
    acc += rng.normal(0.0, 0.02, acc.shape)
    gyr += rng.normal(0.0, 0.003, gyr.shape)
    columns = [PLACES.index(place) for place in places]
    valid = np.ones((len(acc), len(columns)), bool)
    worn_at = tuple(PLACES[column] for column in columns)
    return BodyBlock(
        "p", 0, RATE_HZ, 0, worn_at, acc[:, columns], gyr[:, columns], valid, valid.copy()
    )


def _origins(quat: FloatArray, pelvis_m: FloatArray, feet_m: FloatArray) -> FloatArray:
    """Return where each segment's upper joint is (T, 8, 3); of the feet the ankles."""
    origin = np.empty((len(quat), 8, 3))
    hips = pelvis_m[:, None] + np.array([[0.0, _HIP_M, 0.0], [0.0, -_HIP_M, 0.0]])
    knees = hips + quaternion.rotate(quat[:, THIGHS], np.array([0.0, -_THIGH_M, 0.0]))
    origin[:, PELVIS], origin[:, THIGHS], origin[:, SHANKS] = pelvis_m, hips, knees
    ankles = knees + quaternion.rotate(quat[:, SHANKS], np.array([0.0, -_SHANK_M, 0.0]))
    origin[:, FEET] = ankles + feet_m
    trunk = quaternion.rotate(quat[:, PELVIS], np.array([0.0, _TRUNK_M, 0.0]))
    origin[:, STERNUM] = pelvis_m + trunk
    return origin
