"""Joint angles: signs, any subset of sensors, lying down."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gateway.messages import JOINT_INDEX, JOINTS, Joint, JointAngleBlock, SegmentBlock
from inference.joints.flexion import JointAngles
from tests.contract import assert_stage_contract
from tests.inference.figure import (
    RATE_HZ,
    flexion,
    segments,
    sitting_down,
    squats,
    standing,
)


def angles(block: SegmentBlock) -> JointAngleBlock:
    (made,) = JointAngles().push(block)
    assert isinstance(made, JointAngleBlock)
    return made


def test_keeps_the_contract() -> None:
    assert_stage_contract(JointAngles, [segments(squats(2))], seed=1)


def test_is_exact_on_exact_segments() -> None:
    pitch = np.concatenate([squats(1, 120), sitting_down()])
    assert np.allclose(angles(segments(pitch)).angle_rad, flexion(pitch), atol=1e-9)


@pytest.mark.parametrize(
    ("column", "joint"),
    [(1, Joint.LEFT_HIP), (2, Joint.RIGHT_HIP), (5, Joint.LEFT_ANKLE), (6, Joint.RIGHT_ANKLE)],
)
def test_front_up_is_positive(column: int, joint: Joint) -> None:
    pitch = standing(0.1)
    pitch[:, column] = np.radians(30)
    assert np.allclose(np.degrees(angles(segments(pitch)).angle_rad[:, JOINT_INDEX[joint]]), 30)


def test_a_heel_drawn_back_bends_the_knee() -> None:
    pitch = standing(0.1)
    pitch[:, 3] = np.radians(-170)
    pitch[:, 1] = np.radians(-30)
    assert np.allclose(np.degrees(angles(segments(pitch)).angle_rad[:, 2]), 140)


def test_lying_on_the_back_a_straight_leg_is_straight() -> None:
    pitch = standing(0.1) + np.radians(90)
    assert np.allclose(angles(segments(pitch)).angle_rad, 0, atol=1e-9)


@pytest.mark.parametrize("joint", JOINTS)
def test_a_joint_needs_both_its_sensors(joint: Joint) -> None:
    pairs = {"hip": (0, 1), "knee": (1, 3), "ankle": (3, 5)}
    above, below = pairs[joint.partition("_")[2]]
    shift = 1 if joint.startswith("right") else 0
    columns = np.array([above + (shift if above else 0), below + shift])
    made = angles(segments(standing(0.1), columns))
    assert made.valid[:, JOINT_INDEX[joint]].all()
    assert made.valid.sum() == len(made.valid)
    assert np.array_equal(np.isnan(made.angle_rad), ~made.valid)


def test_an_uncalibrated_sensor_gives_no_joint() -> None:
    block = segments(standing(0.1))
    calibrated = np.arange(8) != 3
    made = angles(dataclasses.replace(block, calibrated=calibrated))
    assert made.valid[0].tolist() == [True, True, False, True, False, True]
    assert (made.valid == made.valid[0]).all()


def test_a_bridged_sample_is_not_real() -> None:
    block = segments(standing(0.1))
    real = block.real.copy()
    real[4, 1] = False
    made = angles(dataclasses.replace(block, real=real))
    assert made.valid.all()
    assert list(np.flatnonzero(~made.real[4])) == [0, 2]


def test_lying_on_the_side_has_no_angles() -> None:
    block = segments(standing(0.1))
    quat = np.zeros_like(block.quat)
    quat[..., 0] = 1.0  # right axis straight up
    assert not angles(dataclasses.replace(block, quat=quat)).valid.any()


def test_rate_and_start_are_passed_on() -> None:
    made = angles(dataclasses.replace(segments(standing(0.1)), start=70))
    assert (made.start, made.rate_hz) == (70, RATE_HZ)
