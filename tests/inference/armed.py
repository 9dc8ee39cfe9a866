"""A simulated person with sensors on the arms too, who follows the guide.

The arms are made here, on the simulator's trunk: they do what the guide asks of them before the
knees, hang, and swing in walking against the legs.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

from gateway.messages import BodyBlock, FloatArray, IntArray, Places, Side
from gateway.quaternion import rotate
from inference.calibration.arm_placement import ARMS
from simulators.movement.inertial import body_rate, specific_force
from simulators.movement.motion import Motion, simulate_motion
from simulators.movement.pose import STERNUM, Pose
from simulators.movement.scenarios import Bow, KneeRaise, Scenario, Stand, Walk, rest
from simulators.movement.segments import orientations
from simulators.movement.tracks import TrackBuilder
from simulators.places import PLACES
from tests.inference.guided import AS_TOLD, Worn

EVERYWHERE: Places = (*PLACES, *ARMS)
MOVES = 2
MOVE_S, PAUSE_S = 3.0, 3.0

# Shoulders left and right, elbows left and right, rad: nobody moves one joint alone.
_RAISED = {
    Side.LEFT: np.radians([85.0, 6.0, 12.0, 8.0]),
    Side.RIGHT: np.radians([6.0, 85.0, 8.0, 12.0]),
}
_ELBOWS_BENT = np.radians([12.0, 12.0, 115.0, 115.0])

_BLOCK_S, _STAND_S = 5.0, 4.0
_TURN_S = MOVES * MOVE_S + PAUSE_S
_SHOULDER_UP_M, _SHOULDER_OUT_M, _UPPER_M, _FOREARM_M = 0.45, 0.19, 0.30, 0.18
_SIDEWAYS = np.array([[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]])
_NOISE_M_S2, _NOISE_RAD_S, _BIAS_RAD_S = 0.03, 0.002, 0.005


def armed(seed: int, worn: Places = EVERYWHERE, order: IntArray | None = None) -> list[BodyBlock]:
    """Blocks of sensors said to be at ``worn``; that of place i is at place ``order[i]`` of them.

    Every sensor is turned at random, by any angle.
    """
    print(f"seed {seed}")  # noqa: T201, reproduces the person, the mounting and the arms
    rng = np.random.default_rng([seed, 9])
    sides = [side for side in Side if any(p.startswith(side) for p in worn if p in ARMS)]
    arms_s = _TURN_S * (len(sides) + 1)
    motion = simulate_motion(_scenario(arms_s), 57.0 + arms_s, seed=seed)
    turned = Rotation.random(len(EVERYWHERE), rng=rng).as_matrix()
    (body,) = Worn(motion, turned[: len(PLACES)], AS_TOLD).blocks(seed, 1000.0)
    arms = _sensors(motion, sides, rng)
    turned_arms = np.einsum("sij,vtsj->vtsi", turned[len(PLACES) :], arms)
    acc, gyr = np.concatenate([np.stack([body.acc, body.gyr]), turned_arms], axis=2)
    columns = np.array([EVERYWHERE.index(place) for place in worn])
    columns = columns if order is None else columns[order]
    step = round(_BLOCK_S * body.rate_hz)
    return [
        _block(body, worn, first, *(v[first : first + step, columns] for v in (acc, gyr)))
        for first in range(0, len(acc), step)
    ]


def _block(
    body: BodyBlock, worn: Places, first: int, acc: FloatArray, gyr: FloatArray
) -> BodyBlock:
    there = np.ones(acc.shape[:2], np.bool_)
    return dataclasses.replace(
        body, start=first, places=worn, acc=acc, gyr=gyr, valid=there, real=there.copy()
    )


def _scenario(arms_s: float) -> Scenario:
    knees = (KneeRaise(Side.LEFT, 3), rest(3.0), KneeRaise(Side.RIGHT, 3))
    after = (Bow(2), rest(3.0), Walk(9.0), rest(60.0))
    return Scenario(
        "armed", (Stand(_STAND_S),), (rest(PAUSE_S + arms_s), *knees, rest(3.0), *after)
    )


def _sensors(motion: Motion, sides: list[Side], rng: np.random.Generator) -> FloatArray:
    """Return acceleration and rate of turn (2, T, 4, 3) in segment axes, in the order of ARMS."""
    shoulder, elbow = _angles(motion, sides, rng)
    trunk = motion.quat[:, STERNUM]
    pitch = np.concatenate([shoulder, shoulder + elbow], axis=1)
    ahead = rotate(trunk, np.array([1.0, 0.0, 0.0]))
    yaw = np.repeat(np.unwrap(np.arctan2(ahead[:, 1], ahead[:, 0]))[:, None], 4, axis=1)
    outward = np.radians([-6.0, 6.0, -6.0, 6.0])
    quat = orientations(Pose(yaw, np.broadcast_to(outward, pitch.shape), pitch))
    top = np.array([0.0, _SHOULDER_UP_M, 0.0]) + _SHOULDER_OUT_M * _SIDEWAYS
    joint = motion.truth.pelvis_m[:, None] + rotate(trunk[:, None], top)
    along = rotate(quat, np.array([0.0, 1.0, 0.0]))
    upper = joint - 0.7 * _UPPER_M * along[:, :2]
    lower = joint - _UPPER_M * along[:, :2] - _FOREARM_M * along[:, 2:]
    place = np.concatenate([upper, lower], axis=1)
    padded, turns = (np.pad(v, ((1, 1), (0, 0), (0, 0)), "edge") for v in (place, quat))
    acc = specific_force(padded, turns, motion.rate_hz)
    gyr = body_rate(turns, motion.rate_hz)
    acc += rng.normal(0, _NOISE_M_S2, acc.shape)
    gyr += rng.normal(0, _NOISE_RAD_S, gyr.shape) + rng.normal(0, _BIAS_RAD_S, gyr.shape[1:])
    return np.stack([acc, gyr])


def _angles(
    motion: Motion, sides: list[Side], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return how far shoulders and elbows (T, 2) are bent forward, left and right, in rad."""
    tracks = TrackBuilder.starting(0.0, np.zeros(4))
    start_s = _STAND_S + PAUSE_S
    for side in (*sides, None):
        for _ in range(MOVES):
            moved = (_ELBOWS_BENT if side is None else _RAISED[side]) * rng.uniform(0.8, 1.2, 4)
            tracks.move(start_s, start_s + 0.4 * MOVE_S, moved)
            tracks.move(start_s + 0.5 * MOVE_S, start_s + 0.9 * MOVE_S, np.zeros(4))
            start_s += MOVE_S
        start_s += PAUSE_S
    told = tracks.build().at(motion.t_s)
    walking = np.clip(motion.truth.speed_mps / 1.1, 0.0, 1.0)[:, None]
    swing = 0.5 * walking * motion.truth.joint_rad[:, 1::-1]
    return told[:, :2] + swing, told[:, 2:] + 0.2 * walking + 0.3 * np.maximum(swing, 0.0)
