"""How the two sensors at a joint are turned: on made motion, whatever the mounting."""

from __future__ import annotations

import numpy as np
import pytest

from gateway import quaternion
from gateway.messages import JOINT_INDEX, BodyBlock, FloatArray, Joint, JointRotationBlock, Place
from inference.joint_rotations import JointRotations
from tests.contract import assert_stage_contract, run

RATE_HZ = 100.0
SECONDS = 30.0
GRAVITY = np.array([0.0, 0.0, 9.81])
PLACES = (Place.PELVIS, Place.LEFT_THIGH, Place.LEFT_SHANK, Place.LEFT_FOREARM)
THIGH, SHANK = 1, 2
KNEE = JOINT_INDEX[Joint.LEFT_KNEE]


def wobble(rng: np.random.Generator, size: float, still_s: float) -> FloatArray:
    """Smooth random motion (T, 3) of a typical ``size``, which comes to rest at the end."""
    time_s = np.arange(round((SECONDS + still_s) * RATE_HZ)) / RATE_HZ
    phases, hertz = rng.uniform(0, 2 * np.pi, (5, 3)), rng.uniform(0.2, 1.5, (5, 3))
    waves = np.sin(2 * np.pi * hertz * time_s[:, None, None] + phases).sum(axis=1)
    fade = np.cos(np.pi / 2 * np.clip(time_s - SECONDS, 0, 1)) ** 2
    return np.asarray(size * np.sqrt(2 / 5) * waves * fade[:, None])


def twice_derived(values: FloatArray) -> FloatArray:
    """Return the second derivative of (T, 3) in time."""
    return np.asarray(np.gradient(np.gradient(values, axis=0), axis=0) * RATE_HZ**2)


def moved(seed: int, bias: float = 0.003, still_s: float = 0.0) -> tuple[BodyBlock, FloatArray]:
    """Two sensors about a joint that moves, and the second's orientation in the first (T, 4)."""
    print(f"seed {seed}")  # noqa: T201, reproduces the motion
    rng = np.random.default_rng(seed)
    joint = twice_derived(wobble(rng, 0.15, still_s))
    acc, gyr = np.full((2, len(joint), len(PLACES), 3), np.nan)
    quats = []
    for column in (THIGH, SHANK):
        start = quaternion.from_rotation_vector(rng.normal(size=3) * 2)
        turn = quaternion.from_rotation_vector(wobble(rng, 0.7, still_s))
        quat = quaternion.multiply(turn, start)
        sensor = joint + twice_derived(quaternion.rotate(quat, rng.uniform(-0.2, 0.2, 3)))
        inverse = quaternion.conjugate(quat)
        steps = quaternion.multiply(inverse[:-2], quat[2:])
        rate = quaternion.to_rotation_vector(steps) * RATE_HZ / 2
        acc[:, column] = quaternion.rotate(inverse, sensor + GRAVITY)
        gyr[:, column] = np.pad(rate, ((1, 1), (0, 0)), "edge") + rng.normal(0, bias, 3)
        quats.append(quat)
    acc += rng.normal(0, 0.05, acc.shape)
    gyr += rng.normal(0, 0.005, gyr.shape)
    valid = np.isfinite(acc[..., 0])
    truth = quaternion.multiply(quaternion.conjugate(quats[0]), quats[1])
    return BodyBlock("p", 0, RATE_HZ, 0, PLACES, acc, gyr, valid, valid.copy()), truth


def through(body: BodyBlock) -> JointRotationBlock:
    (made,) = run(JointRotations(), [body])
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
    assert not made.valid[:, np.arange(6) != KNEE].any()
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
    assert_stage_contract(JointRotations, blocks, seed=5)
