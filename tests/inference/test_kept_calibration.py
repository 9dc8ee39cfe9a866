"""A calibration that was kept: used at the first stance, and not where a sensor sits otherwise."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from gateway import quaternion
from gateway.messages import (
    Calibration,
    FloatArray,
    GuidedCalibration,
    JointAngleBlock,
    Marker,
    Message,
    Place,
)
from inference.calibration.kept import Kept
from inference.calibration.stage import STANDING, STORED, SegmentCalibration
from inference.joints.flexion import JointAngles
from simulators.movement.motion import simulate_motion
from simulators.places import PLACE_INDEX, PLACES
from tests.contract import assert_stage_contract, run
from tests.inference.figure import (
    joined,
    rmse_deg,
    squats,
    standing,
    turned_mounting,
    walking,
    worn,
)
from tests.inference.guided import following, guided, oriented

MADE = "2026-01-02T03:04:05Z"


def kept(mounting: FloatArray) -> Kept:
    """What was kept of sensors that sat so (8, 4)."""
    return Kept(MADE, dict(zip(PLACES, quaternion.to_matrix(mounting), strict=True)))


def made(pitch: FloatArray, mounting: FloatArray, known: Kept) -> list[Message]:
    return run(SegmentCalibration(known), oriented([worn(pitch, mounting)]))


def off_deg(calibration: Calibration, mounting: FloatArray) -> FloatArray:
    difference = quaternion.multiply(calibration.quat, quaternion.conjugate(mounting))
    return np.asarray(np.degrees(2 * np.arccos(np.minimum(np.abs(difference[:, 0]), 1.0))))


def calibrations(messages: Sequence[Message]) -> list[Calibration]:
    return [m for m in messages if isinstance(m, Calibration)]


def remarks(messages: Sequence[Message]) -> list[str]:
    return [m.text for m in messages if isinstance(m, Marker)]


def turned(mounting: FloatArray, place: Place, axis: list[float], deg: float) -> FloatArray:
    """The mounting with the sensor at a place turned about an axis of its segment."""
    again = mounting.copy()
    turn = quaternion.from_rotation_vector(np.radians(deg) * np.array(axis))
    again[PLACE_INDEX[place]] = quaternion.multiply(mounting[PLACE_INDEX[place]], turn)
    return again


@pytest.mark.parametrize("seed", [1, 2])
def test_any_mounting_that_was_kept_is_right_from_the_first_stance(seed: int) -> None:
    mounting = turned_mounting(seed, spread_deg=120)
    messages = made(standing(3), mounting, kept(mounting))
    (found,) = calibrations(messages)
    assert (found.t_s, found.method) == (2.0, STORED)
    assert found.front.all()
    assert off_deg(found, mounting).max() < 1.0
    assert not remarks(messages)


def test_a_sensor_that_sits_otherwise_is_noticed_and_calibrated_anew() -> None:
    before = turned_mounting(3, spread_deg=20)
    now = turned(before, Place.LEFT_SHANK, [0.0, 0.0, 1.0], 40.0)
    messages = made(standing(3), now, kept(before))
    (found,) = calibrations(messages)
    (told,) = remarks(messages)
    assert told.startswith(f"left_shank: it sits otherwise than in the calibration of {MADE}")
    column = PLACE_INDEX[Place.LEFT_SHANK]
    assert found.known.all()
    assert np.flatnonzero(~found.front).tolist() == [column]
    up = quaternion.to_matrix(found.quat)[column, :, 1]
    assert up @ quaternion.to_matrix(now)[column, :, 1] > np.cos(np.radians(1))


def test_a_sensor_that_was_turned_round_its_limb_is_noticed_in_walking() -> None:
    before = turned_mounting(4, spread_deg=20)
    now = turned(before, Place.RIGHT_THIGH, [0.0, 1.0, 0.0], 50.0)
    pitch = np.concatenate([standing(3), walking(20), standing(1), squats(3)])
    messages = made(pitch, now, kept(before))
    assert any("right_thigh" in text for text in remarks(messages))
    assert all("right_thigh" in text for text in remarks(messages))


def test_without_anything_kept_all_is_as_ever() -> None:
    mounting = turned_mounting(5, spread_deg=20)
    (found,) = calibrations(made(standing(3), mounting, Kept()))
    assert found.method == STANDING


def test_what_the_guide_found_is_right_in_another_session() -> None:
    worn_then = following(6)
    (result,) = [m for m in guided(worn_then.blocks(6)) if isinstance(m, GuidedCalibration)]
    # The same mounting, with other biases of the sensors.
    messages = run(SegmentCalibration(kept(result.quat)), oriented(worn_then.blocks(60)[:1]))
    (found,) = calibrations(messages)
    axes = quaternion.to_matrix(found.quat)
    forward = np.einsum("si,si->s", axes[:, :, 0], worn_then.axes[:, :, 0])
    assert np.degrees(np.arccos(forward)).max() < 5.0
    assert found.method == STORED


@pytest.mark.parametrize("seed", [9, 10])
def test_joint_angles_are_right_from_the_first_stance_in_any_mounting(seed: int) -> None:
    """Without what was kept they are off by 4 to 30° in these seconds, before any movement."""
    worn_then = following(seed)
    (result,) = [m for m in guided(worn_then.blocks(seed)) if isinstance(m, GuidedCalibration)]
    motion = simulate_motion("clinic", 14.0, seed=seed)
    body = dataclasses.replace(worn_then, motion=motion).blocks(seed + 50)
    segments = run(SegmentCalibration(kept(result.quat)), oriented(body))
    angles = joined(run(JointAngles(), segments), JointAngleBlock, "angle_rad")
    assert rmse_deg(angles[200:], motion.truth.joint_rad[200:]).max() < 3.0


def test_keeps_the_contract() -> None:
    before = turned_mounting(8, spread_deg=60)
    now = turned(before, Place.LEFT_SHANK, [0.0, 0.0, 1.0], 40.0)
    pitch = np.concatenate([standing(3), walking(8)])
    messages = oriented([worn(pitch, now)])
    assert_stage_contract(lambda: SegmentCalibration(kept(before)), messages, 8)
