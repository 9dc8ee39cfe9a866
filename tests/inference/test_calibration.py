"""Calibration: any mounting, standing told from sitting, sensors that come and go."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gateway import quaternion
from gateway.messages import (
    BodyBlock,
    Calibration,
    FloatArray,
    JointAngleBlock,
    Message,
    OrientationBlock,
    Place,
    SegmentBlock,
)
from gateway.mounting import nominal_mounting
from inference.calibration.stage import SegmentCalibration
from inference.calibration.stance import quiet
from inference.calibration.state import RENEW_AFTER_S
from inference.inclination import pitch_rad
from simulators.places import PLACE_INDEX, PLACES
from tests.contract import assert_stage_contract, run
from tests.inference.figure import (
    flexion,
    joined,
    knee_extensions,
    motion,
    rmse_deg,
    sitting_down,
    squats,
    standing,
    still,
    turned_mounting,
    walking,
    worn,
)
from tests.inference.gait_trials import oriented, simulated


def joints(pitch: FloatArray, mounting: FloatArray | None = None) -> FloatArray:
    return joined(motion(worn(pitch, mounting)), JointAngleBlock, "angle_rad")


def calibrations(messages: list[Message]) -> list[Calibration]:
    return [m for m in messages if isinstance(m, Calibration)]


def without(body: BodyBlock, place: Place, samples: slice) -> BodyBlock:
    """The block with one sensor silent over ``samples``."""
    column = PLACE_INDEX[place]
    acc, gyr, valid = body.acc.copy(), body.gyr.copy(), body.valid.copy()
    acc[samples, column] = gyr[samples, column] = np.nan
    valid[samples, column] = False
    return dataclasses.replace(body, acc=acc, gyr=gyr, valid=valid, real=valid.copy())


@pytest.mark.parametrize("seed", [1, 2])
def test_keeps_the_contract(seed: int) -> None:
    pitch = np.concatenate([standing(3), walking(6)])
    body = without(worn(pitch, turned_mounting(seed, spread_deg=20)), Place.STERNUM, slice(0, 500))
    made = [m for m in motion(body) if isinstance(m, BodyBlock | OrientationBlock)]
    assert_stage_contract(SegmentCalibration, made, seed)


def test_is_nominal_and_uncalibrated_until_it_has_stood_still() -> None:
    segments = [m for m in motion(worn(standing(3))) if isinstance(m, SegmentBlock)]
    assert [bool(m.calibrated.any()) for m in segments] == [False, True]
    assert segments[1].start == 200
    assert np.allclose(pitch_rad(joined(segments[1:], SegmentBlock, "quat")), 0, atol=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_sensor_worn_a_little_askew_costs_less_than_a_degree(seed: int) -> None:
    pitch = np.concatenate([standing(3), walking(6), standing(1), squats(2)])
    found = joints(pitch, turned_mounting(seed, spread_deg=8))
    assert rmse_deg(found, flexion(pitch)).max() < 1.0


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_any_mounting_is_right_after_standing_and_walking(seed: int) -> None:
    still_and_walk = np.concatenate([standing(3), walking(10), standing(1), squats(2)])
    pitch = np.concatenate([still_and_walk, squats(2), sitting_down(), knee_extensions(1, 2)])
    found = joints(pitch, turned_mounting(seed, spread_deg=120))
    after = len(still_and_walk)
    assert rmse_deg(found[after:], flexion(pitch)[after:]).max() < 1.0


def test_a_sensor_upside_down_needs_no_movement() -> None:
    half_turn = np.zeros((8, 4))
    half_turn[:, 0] = 1.0
    half_turn[PLACE_INDEX[Place.LEFT_SHANK]] = [0, 0, 0, 1]
    mounting = quaternion.multiply(half_turn, nominal_mounting(PLACES))
    pitch = np.concatenate([standing(3), squats(1)])
    assert rmse_deg(joints(pitch, mounting), flexion(pitch)).max() < 0.5


def test_sitting_is_not_taken_for_standing() -> None:
    sit = sitting_down()
    pitch = np.concatenate([still(sit, 4), sit[::-1], standing(3)])
    first = calibrations(motion(worn(pitch)))[0]
    assert first.t_s > 6.0


def test_a_sensor_that_comes_later_waits_for_the_next_upright_stance() -> None:
    sit = sitting_down()
    pitch = np.concatenate([standing(3), sit, still(sit, 4), sit[::-1], standing(3)])
    body = without(worn(pitch), Place.LEFT_SHANK, slice(0, 350))
    column = PLACE_INDEX[Place.LEFT_SHANK]
    first, second = calibrations(motion(body))
    assert not first.known[column]
    assert second.known.all()
    assert second.t_s > 11.0


@pytest.mark.parametrize("seed", [1, 2, 6])
def test_the_pelvis_finds_its_front_while_another_sensor_waits_for_a_stance(seed: int) -> None:
    blocks = simulated("clinic", 25.0, seed).blocks
    waiting = [without(b, Place.RIGHT_FOOT, slice(0, max(0, 600 - b.start))) for b in blocks]
    one, other = (calibrations(run(SegmentCalibration(), oriented(b))) for b in (blocks, waiting))
    pelvis = PLACE_INDEX[Place.PELVIS]
    likeness = abs(float(one[-1].quat[pelvis] @ other[-1].quat[pelvis]))
    assert 2 * np.arccos(min(likeness, 1.0)) < np.radians(20), f"seed {seed}"


def test_a_sensor_that_was_away_for_long_is_renewed() -> None:
    away = slice(400, 400 + round((RENEW_AFTER_S + 2) * 100))
    pitch = standing(RENEW_AFTER_S + 12)
    messages = motion(without(worn(pitch), Place.RIGHT_FOOT, away))
    # Ticks are long while all is well, so its return is noticed up to a second later.
    assert [round(c.t_s) for c in calibrations(messages)] == [2, round(away.stop / 100 + 2)]


def test_the_message_turns_segments_into_sensors() -> None:
    mounting = turned_mounting(7, spread_deg=20)
    pitch = np.concatenate([standing(3), walking(10)])
    last = calibrations(motion(worn(pitch, mounting)))[-1]
    difference = quaternion.multiply(last.quat, quaternion.conjugate(mounting))
    assert np.degrees(2 * np.arccos(np.abs(difference[1:7, 0]))).max() < 2.0
    assert last.method == "standing still and movement"


@pytest.mark.parametrize("spoil", [np.nan, 1.2])
def test_what_is_not_at_rest_is_not_quiet(spoil: float) -> None:
    acc, gyr = np.zeros((50, 2, 3)), np.zeros((50, 2, 3))
    assert quiet(acc, gyr)
    acc[20, 1, 2] = spoil
    assert not quiet(acc, gyr)
