"""How the two sensors at a joint are turned: on made motion, whatever the mounting."""

from __future__ import annotations

import numpy as np
import pytest

from gateway import quaternion
from gateway.messages import BodyBlock, FloatArray, JointRotationBlock
from inference.joints.angle_columns import JOINT_ENDS
from inference.joints.rotations import JointRotations
from tests.contract import assert_stage_contract, run
from tests.inference.jointed import PLACES, RATE_HZ, SHANK, moved

HIP, KNEE = 0, 1


def rotations() -> JointRotations:
    """Every joint's: with these places the left hip's, of silent sensors, and knee's."""
    return JointRotations({str(joint): ends for joint, ends in JOINT_ENDS.items()})


def through(body: BodyBlock) -> JointRotationBlock:
    (made,) = run(rotations(), [body])
    assert isinstance(made, JointRotationBlock)
    return made


def error_deg(made: JointRotationBlock, truth: FloatArray) -> FloatArray:
    turn = quaternion.multiply(quaternion.conjugate(truth), made.quat[:, KNEE])
    return np.asarray(np.degrees(np.linalg.norm(quaternion.to_rotation_vector(turn), axis=-1)))


@pytest.mark.parametrize("seed", range(8))
def test_any_mounting_is_found_within_ten_seconds(seed: int) -> None:
    body, truth = moved(seed)
    made = through(body)
    settled = slice(round(10 * RATE_HZ), None)
    assert made.valid[settled, KNEE].all()
    error = error_deg(made, truth)[settled]
    assert np.sqrt(np.mean(error**2)) < 2.0
    assert np.mean(np.radians(error) < 2 * made.sd_rad[settled, KNEE]) > 0.9


def test_joints_without_both_sensors_and_the_first_seconds_are_absent() -> None:
    body, _ = moved(1)
    made = through(body)
    assert made.joints == ("left_hip", "left_knee")
    assert not made.valid[:, HIP].any()
    assert not made.valid[: round(5 * RATE_HZ)].any()
    assert np.isnan(made.quat[~made.valid]).all()


def test_nothing_is_told_of_what_never_moves() -> None:
    body, _ = moved(2)
    acc, gyr = body.acc.copy(), body.gyr.copy()
    acc[:], gyr[:] = acc[:1], 0.0
    still = BodyBlock("p", 0, RATE_HZ, 0, PLACES, acc, gyr, body.valid, body.real)
    assert not through(still).valid.any()


def test_a_minute_of_rest_leaves_it_where_it_was() -> None:
    body, truth = moved(3, bias=0.01, still_s=62.0)
    error = error_deg(through(body), truth)
    assert error[-6000:].max() < 5.0
    assert np.ptp(error[-5000:]) < 3.0  # without what rest tells of the offsets: more than 30


def test_a_gap_too_long_starts_the_joint_anew_and_a_short_one_does_not() -> None:
    body, truth = moved(4)
    made = {}
    for seconds in (0.05, 0.5):
        gap = slice(1210, 1210 + round(seconds * RATE_HZ))
        valid = body.valid.copy()
        valid[gap, SHANK] = False
        acc, gyr = body.acc.copy(), body.gyr.copy()
        acc[gap, SHANK] = gyr[gap, SHANK] = np.nan
        made[seconds] = through(
            BodyBlock("p", 0, RATE_HZ, 0, PLACES, acc, gyr, valid, valid.copy())
        )
        assert made[seconds].valid[1209, KNEE]
        assert not made[seconds].valid[1210:1300, KNEE].any()
    assert made[0.05].valid[1300:, KNEE].all()
    assert error_deg(made[0.05], truth)[1500:].max() < 6.0
    assert not made[0.5].valid[1300:1700, KNEE].any()
    assert made[0.5].valid[-300:, KNEE].all()
    assert error_deg(made[0.5], truth)[-300:].max() < 6.0


def test_keeps_the_contract() -> None:
    body, _ = moved(5)
    cut = [slice(0, 700), slice(700, 1900), slice(1900, 3000)]
    blocks = [
        BodyBlock(
            "p", c.start, RATE_HZ, 0, PLACES, body.acc[c], body.gyr[c], body.valid[c], body.real[c]
        )
        for c in cut
    ]
    assert_stage_contract(rotations, blocks, seed=5)
