"""What a simulated person really did, in the terms of the pipe's messages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from gateway.messages import (
    FloatArray,
    GaitEvent,
    GaitEventKind,
    Quality,
    Repetition,
    Side,
    Stride,
    message,
)
from gateway.quaternion import conjugate, multiply
from simulators.movement.pose import FEET, PELVIS, SHANKS, THIGHS
from simulators.movement.stepping import Swing
from simulators.movement.timeline import Activity

PERSON = "simulated"
_LONGEST_STRIDE_S = 3.0
_KNOWN = Quality(1.0)
_SIDES = (Side.LEFT, Side.RIGHT)
_FLEXION_SIGN = np.array([1.0, 1.0, -1.0, -1.0, 1.0, 1.0])


@message
class Truth:
    """The truth on the grid and as events; times are the host's, from the session's origin.

    ``joint_rad`` (T, 6) flexion in the order of ``JOINTS``, zero in the person's own neutral
    standing; ``speed_mps`` (T,) of the middle of the hips over the ground, mean over a second;
    ``pelvis_m`` (T, 3) its place (ENU) and ``ankle_m`` (T, 2, 3) that of left and right ankle.
    ``stride_m`` (S, 2) is of each stride how long it is along the ground, and how far it rises
    (0 on the level). A repetition's ``hold_s`` is the time at its extreme, which is its target.
    """

    rate_hz: float
    t_s: FloatArray
    joint_rad: FloatArray
    speed_mps: FloatArray
    pelvis_m: FloatArray
    ankle_m: FloatArray
    events: tuple[GaitEvent, ...]
    strides: tuple[Stride, ...]
    stride_m: FloatArray
    repetitions: tuple[Repetition, ...]
    activities: tuple[Activity, ...]


def joint_flexion(quat: FloatArray) -> FloatArray:
    """Return flexion (N, 6) in rad of hips, knees and ankles from segments (N, 8, 4).

    First angle of the ISB z-x'-y'' sequence of the distal segment in the proximal one;
    flexion and dorsiflexion positive on both sides.
    """
    proximal = np.concatenate([quat[:, [PELVIS, PELVIS]], quat[:, THIGHS], quat[:, SHANKS]], axis=1)
    distal = np.concatenate([quat[:, THIGHS], quat[:, SHANKS], quat[:, FEET]], axis=1)
    w, x, y, z = np.moveaxis(multiply(conjugate(proximal), distal), -1, 0)
    angle: FloatArray = np.arctan2(2 * (w * z - x * y), 1 - 2 * (x * x + z * z))
    angle *= _FLEXION_SIGN
    return angle


def ground_speed(position_m: FloatArray, rate_hz: float) -> FloatArray:
    """Return the speed (N,) over the ground in m/s, from where one is in a second's space."""
    half = max(1, round(rate_hz / 2))
    rows = np.arange(len(position_m))
    ahead, behind = np.minimum(rows + half, rows[-1]), np.maximum(rows - half, 0)
    way = np.linalg.norm(position_m[ahead, :2] - position_m[behind, :2], axis=1)
    speed: FloatArray = way * rate_hz / np.maximum(ahead - behind, 1)
    return speed


def gait_events(swings: Sequence[Swing]) -> tuple[GaitEvent, ...]:
    """Return lifts and landings of steps, in order of time."""
    events = [
        GaitEvent(PERSON, t, t, _SIDES[swing.side], kind, _KNOWN)
        for swing in swings
        if swing.step
        for t, kind in (
            (swing.lift_s, GaitEventKind.FINAL_CONTACT),
            (swing.land_s, GaitEventKind.INITIAL_CONTACT),
        )
    ]
    return tuple(sorted(events, key=lambda event: event.t_s))


def strides(swings: Sequence[Swing]) -> tuple[Stride, ...]:
    """Return every initial contact to the next of the same foot within a bout."""
    found: list[Stride] = []
    for side in (0, 1):
        own = [swing for swing in swings if swing.step and swing.side == side]
        for first, second in pairwise(own):
            time = second.land_s - first.land_s
            if time <= _LONGEST_STRIDE_S:
                stance = (second.lift_s - first.land_s) / time
                found.append(
                    Stride(PERSON, _SIDES[side], first.land_s, second.land_s, time,
                           120.0 / time, stance, _KNOWN)
                )  # fmt: skip
    return tuple(sorted(found, key=lambda stride: stride.end_s))
