"""Flexion of the elbows: exact on exact rotations, and on made motion whatever the mounting."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gateway import quaternion
from gateway.messages import (
    BodyAngleBlock,
    Calibration,
    FloatArray,
    JointRotationBlock,
    Message,
    Place,
)
from gateway.stage import Chain
from inference.joints.elbows import ELBOW_ENDS, Elbows
from inference.joints.rotations import JointRotations
from tests.contract import assert_stage_contract, run
from tests.inference.jointed import RATE_HZ, moved

ARM = (Place.LEFT_UPPER_ARM, Place.LEFT_FOREARM)


def calibrated(mounting: FloatArray, *, known: bool = True, t_s: float = 0.0) -> Calibration:
    """An arm whose sensors sit as ``mounting`` (2, 4) segment → sensor."""
    flags = np.full(2, known)
    return Calibration("p", t_s, mounting, flags, "made", ARM, flags)


def rotations(
    flexion_deg: FloatArray, pronation_deg: float, mounting: FloatArray
) -> JointRotationBlock:
    """Sensors on a forearm that is bent, and turned about itself, against the upper arm."""
    bend = quaternion.from_axis_angle(np.array([0.0, 0.0, 1.0]), np.radians(flexion_deg))
    turn = quaternion.from_axis_angle(np.array([0.0, 1.0, 0.0]), np.radians(pronation_deg))
    segments = quaternion.multiply(bend, turn)
    upper, lower = mounting[0], quaternion.conjugate(mounting[1])
    quat = quaternion.multiply(quaternion.multiply(upper, segments), lower)[:, None]
    valid = np.ones((len(quat), 1), np.bool_)
    sd = np.full((len(quat), 1), 0.03)
    return JointRotationBlock("p", 0, RATE_HZ, 0, ("left_elbow",), quat, sd, valid, valid.copy())


def told(*messages: Calibration | JointRotationBlock) -> BodyAngleBlock:
    (made,) = run(Elbows(), messages)
    assert isinstance(made, BodyAngleBlock)
    return made


def any_mounting(seed: int) -> FloatArray:
    print(f"seed {seed}")  # noqa: T201, reproduces the mounting
    rng = np.random.default_rng(seed)
    return quaternion.from_rotation_vector(rng.normal(size=(2, 3)) * 2)


@pytest.mark.parametrize("pronation_deg", [-80, 0, 80])
def test_it_is_exact_however_the_forearm_is_turned(pronation_deg: float) -> None:
    flexion = np.linspace(0, 150, 101)
    mounting = any_mounting(1)
    made = told(calibrated(mounting), rotations(flexion, pronation_deg, mounting))
    assert made.names == ("left_elbow_flexion",)
    assert (made.start, made.rate_hz) == (0, 25.0)
    assert np.degrees(made.angle_rad[:, 0]) == pytest.approx(flexion[::4], abs=1e-5)


def test_an_arm_that_is_not_calibrated_has_none() -> None:
    block = rotations(np.full(40, 90.0), 0, any_mounting(2))
    assert not told(block).valid.any()
    assert not told(calibrated(any_mounting(2), known=False), block).valid.any()


def test_a_calibration_counts_from_its_own_time() -> None:
    mounting = any_mounting(3)
    later = calibrated(mounting, t_s=0.5)
    made = told(later, rotations(np.full(100, 90.0), 0, mounting))
    assert np.array_equal(made.valid[:, 0], np.arange(25) * 0.04 >= 0.5)


def test_an_uncertain_rotation_tells_no_flexion() -> None:
    mounting = any_mounting(4)
    block = rotations(np.full(40, 90.0), 0, mounting)
    unsure = dataclasses.replace(block, sd_rad=np.full(block.sd_rad.shape, 0.4))
    assert not told(calibrated(mounting), unsure).valid.any()


def test_moving_arms_are_followed_within_three_degrees() -> None:
    body, truth = moved(5)
    places = (Place.PELVIS, *ARM, Place.RIGHT_FOREARM)
    worn = dataclasses.replace(body, places=places)
    mounting = any_mounting(5)
    chain = Chain([JointRotations(ELBOW_ENDS), Elbows()])
    made = [*chain.push(calibrated(mounting)), *chain.push(worn), *chain.flush()]
    (block,) = (message for message in made if isinstance(message, BodyAngleBlock))
    long = quaternion.rotate(mounting, np.array([0.0, 1.0, 0.0]))
    cosine = (quaternion.rotate(truth, long[1]) * long[0]).sum(axis=-1)[::4]
    error = np.degrees(block.angle_rad[:, 0] - np.arccos(cosine))[25 * 10 :]
    assert np.isfinite(error).all()
    assert np.sqrt(np.mean(error**2)) < 3.0


def test_keeps_the_contract() -> None:
    mounting = any_mounting(6)
    messages: list[Message] = [
        calibrated(mounting),
        calibrated(any_mounting(7), t_s=0.7),
        rotations(np.linspace(0, 120, 200), 30, mounting),
    ]
    assert_stage_contract(Elbows, messages, seed=6)
