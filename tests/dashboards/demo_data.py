"""Two minutes of a person who walks and exercises, as the messages that a session would hold.

The figures are plausible, not modelled: they are there so that each panel has something to show,
a withheld stride, a silent sensor and a second of unknown angles among it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from gateway.journal import SessionInfo
from gateway.messages import (
    JOINTS,
    BodyAngleBlock,
    Cue,
    CueKind,
    EstimateBlock,
    Figure,
    GaitEvent,
    GaitEventKind,
    JointAngleBlock,
    Marker,
    Message,
    Place,
    Quality,
    Repetition,
    SensorStatus,
    Side,
    Stride,
)
from inference.joints.angle_columns import angle_columns
from inference.joints.elbows import ELBOW_ENDS
from inference.model.contract import TARGETS
from tests.gateway.made_sessions import RATE_HZ, session_info

PERSON = "demo-person"
STRIDE_S = 1.1
GOOD = Quality(1.0)
TOO_POOR = Quality(0.42, "too few real samples")


def demo_session(name: str, wall_origin_ns: int) -> SessionInfo:
    """Return what the session is, begun at ``wall_origin_ns``."""
    return dataclasses.replace(
        session_info(name), person=PERSON, origin_ns=0, wall_origin_ns=wall_origin_ns
    )


def demo_messages(seconds: int, rng: np.random.Generator) -> Iterator[Message]:
    """Messages of ``seconds`` of a session, one second after the other."""
    for second in range(seconds):
        yield from _motion(second, rng)
        yield from _steps(second)
        yield from _sensors(second, rng)
        if second % 6 == 5:
            yield from _repetitions(second)
    yield Marker(PERSON, 1.0, "note", "with a walking aid")


def _motion(second: int, rng: np.random.Generator) -> Iterator[Message]:
    start, count = second * int(RATE_HZ), int(RATE_HZ)
    phase = 2 * np.pi * (start + np.arange(count)) / RATE_HZ / STRIDE_S
    shift = np.where([joint.startswith(Side.LEFT) for joint in JOINTS], 0.0, np.pi)
    angles = np.radians(30 + 30 * np.sin(phase[:, None] + shift))
    valid = np.full(angles.shape, second != 7)
    angles[~valid] = np.nan
    yield JointAngleBlock(PERSON, start, RATE_HZ, 0, angles, valid, valid & (second % 9 != 0))
    yield _body_angles(second)
    names = tuple(target.name for target in TARGETS)
    units = tuple(target.unit for target in TARGETS)
    contacts = (np.sin(phase[:, None] + [0.0, np.pi]) > 0).astype(float)
    mean = np.column_stack([angles + rng.normal(0, 0.03, angles.shape), contacts])
    sd = np.full(mean.shape, 0.06)
    yield EstimateBlock(PERSON, start, RATE_HZ, 0, names, units, mean, sd, 0.05, "demo 1")


def _body_angles(second: int) -> BodyAngleBlock:
    elbows = (f"{elbow}_flexion" for elbow in ELBOW_ENDS)
    names = (*angle_columns(tuple(Place)).names, *elbows)
    phase = 2 * np.pi * (second + np.arange(25) / 25) / STRIDE_S
    angles = np.radians(8 * np.sin(phase[:, None] + np.arange(len(names))))
    valid = np.full(angles.shape, second != 7)
    angles[~valid] = np.nan
    sd = np.where(valid, np.radians(3), np.nan)
    return BodyAngleBlock(PERSON, second * 25, 25.0, 0, names, angles, sd, valid, valid.copy())


def _steps(second: int) -> Iterator[Message]:
    for side, offset_s in ((Side.LEFT, 0.1), (Side.RIGHT, 0.65)):
        contact_s, leaving_s = second + offset_s, second + offset_s - 0.4
        for kind, t_s in (
            (GaitEventKind.INITIAL_CONTACT, contact_s),
            (GaitEventKind.FINAL_CONTACT, max(leaving_s, 0.0)),
        ):
            yield GaitEvent(PERSON, t_s, t_s + 0.08, side, kind, GOOD)
        poor = second % 10 == 3
        figures = (np.nan,) * 3 if poor else (STRIDE_S, 120 / STRIDE_S, 0.61)
        quality = TOO_POOR if poor else GOOD
        yield Stride(PERSON, side, contact_s - STRIDE_S, contact_s, *figures, quality)
        step_s = np.nan if poor else 0.56 if side is Side.LEFT else 0.54
        yield Figure(PERSON, contact_s, "step_time", side, step_s, "s", quality, 0.01)
        asymmetry = np.nan if poor else 0.036
        yield Figure(PERSON, contact_s, "step_time_asymmetry", None, asymmetry, "1", quality)


def _sensors(second: int, rng: np.random.Generator) -> Iterator[Message]:
    for index, place in enumerate(Place):
        lost = int(rng.poisson(0.5))
        silent = index == 3 and 20 <= second < 25
        yield SensorStatus(
            person=PERSON,
            t_s=float(second),
            sensor=f"D4:22:CD:00:00:0{index}",
            place=place,
            rate_hz=0.0 if silent else RATE_HZ - lost,
            loss=1.0 if silent else lost / RATE_HZ,
            lost=lost,
            refused=0,
            late=int(second == 30),
            clipped=0,
            clock_error_s=np.nan if second == 0 else 4e-4,
            battery=np.nan if index == 7 else 0.9 - index / 20,
        )


def _repetitions(second: int) -> Iterator[Message]:
    for exercise, side in (("squat", None), ("knee-extension", Side.LEFT)):
        count, reached = second // 6 + 1, second % 12 == 5
        end_s = second + (0.2 if side else 0.0)
        rom_rad = 1.5 if reached else 1.1
        yield Repetition(
            person=PERSON,
            exercise=exercise,
            side=side,
            count=count,
            start_s=end_s - 3.0,
            end_s=end_s,
            rom_rad=rom_rad,
            peak_rad=rom_rad + 0.05,
            hold_s=0.4 if reached else 0.0,
            target_reached=reached,
            quality=GOOD,
            outward_s=0.8,
            return_s=0.9,
            smoothness=-1.6,
            rom_half_width_rad=0.27,
            peak_half_width_rad=0.22,
        )
        kind = CueKind.TARGET_REACHED if reached else CueKind.TARGET_MISSED
        yield Cue(PERSON, end_s + 0.02, kind, f"{exercise} {count}", "demo", GOOD)
