"""The motion keeps to physics: what the sensors say is what the body does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from gateway.errors import UsageError
from gateway.messages import FloatArray, Place
from gateway.mounting import nominal_mounting
from gateway.quaternion import conjugate, multiply, rotate
from simulators.movement.inertial import body_rate, specific_force
from simulators.movement.motion import Habits, Motion, simulate_motion
from simulators.movement.scenarios import SCENARIOS
from simulators.places import PLACE_INDEX, PLACES

G = 9.80665
FIRM = Habits(tissue=0.0)


@pytest.fixture(scope="module")
def clinic() -> Motion:
    return simulate_motion("clinic", 75.0, seed=1, habits=FIRM)


def turn_rad(quat: FloatArray) -> FloatArray:
    angle: FloatArray = 2 * np.arcsin(np.clip(np.linalg.norm(quat[..., 1:], axis=-1), 0, 1))
    return angle


def sensor_quat(motion: Motion) -> FloatArray:
    return multiply(motion.quat, conjugate(motion.mounting))


def test_angular_rate_integrates_to_orientation(clinic: Motion) -> None:
    """Strap down every stretch of ten seconds, with no correction but at its start."""
    quat, dt = sensor_quat(clinic), 1 / clinic.rate_hz
    rate = (clinic.gyr[1:] + clinic.gyr[:-1]) / 2 * dt
    angle = np.linalg.norm(rate, axis=-1, keepdims=True)
    steps = np.concatenate([np.cos(angle / 2), np.sinc(angle / 2 / np.pi) * rate / 2], axis=-1)
    for start in range(0, 7000, 1000):
        now = quat[start]
        for step in steps[start : start + 1000]:
            now = multiply(now, step)
        off = turn_rad(multiply(conjugate(now), quat[start + 1000]))
        assert np.degrees(off).max() < 0.6, f"from {start}"


def test_still_sensors_feel_gravity_alone_and_its_direction(clinic: Motion) -> None:
    still = slice(0, 590)
    up = rotate(conjugate(sensor_quat(clinic)[still]), np.array([0.0, 0.0, 1.0]))
    assert np.abs(clinic.acc[still] - G * up).max() < 0.1
    assert np.abs(clinic.acc[still, 5:7] - G * up[:, 5:7]).max() < 1e-6
    assert np.degrees(np.abs(clinic.gyr[still])).max() < 2.0


def test_pelvis_force_is_the_second_derivative_of_its_path() -> None:
    rate = 500.0
    t = np.arange(500) / rate
    path = np.stack([np.sin(4 * t), t**2, np.cos(7 * t)], axis=1)
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (500, 1))
    true = np.stack([-16 * np.sin(4 * t), 2 + 0 * t, -49 * np.cos(7 * t) + G], axis=1)
    assert np.abs(specific_force(path, upright, rate) - true[1:-1]).max() < 1e-3


def test_body_rate_of_a_steady_turn() -> None:
    angle = 3.0 * np.arange(50) / 100.0
    quat = np.stack([np.cos(angle / 2), 0 * angle, 0 * angle, np.sin(angle / 2)], axis=1)
    assert np.abs(body_rate(quat, 100.0) - [0, 0, 3.0]).max() < 1e-6


def test_the_planted_foot_stands(clinic: Motion) -> None:
    velocity = np.gradient(clinic.truth.ankle_m, 1 / clinic.rate_hz, axis=0)
    speed = np.linalg.norm(velocity, axis=-1)
    assert len(clinic.truth.strides) > 15
    for stride in clinic.truth.strides:
        middle = stride.start_s + 0.25 * stride.stride_time_s
        half = 0.06 * stride.stride_time_s
        rows = np.flatnonzero(np.abs(clinic.t_s - middle) < half)
        foot = 0 if stride.side == "left" else 1
        assert speed[rows, foot].max() < 1e-9
        assert np.abs(clinic.gyr[rows, 5 + foot]).max() < 1e-9
        assert np.abs(np.linalg.norm(clinic.acc[rows, 5 + foot], axis=1) - G).max() < 0.35


def test_feet_swing_above_the_ground_and_stand_on_it(clinic: Motion) -> None:
    height = clinic.truth.ankle_m[..., 2]
    assert height.min() > 0.05
    assert 0.12 < height.max() < 0.5


def test_every_step_strikes_first_at_the_foot(clinic: Motion) -> None:
    """Specific force at the foot departs from gravity within 40 ms of initial contact."""
    brisk = [s for s in clinic.truth.strides if clinic.truth.speed_mps[int(s.start_s * 100)] > 1]
    assert len(brisk) > 12
    for stride in brisk:
        foot = PLACE_INDEX[Place.LEFT_FOOT if stride.side == "left" else Place.RIGHT_FOOT]
        since = clinic.t_s - stride.start_s
        near = (since > 0) & (since < 0.04)
        assert np.abs(np.linalg.norm(clinic.acc[near, foot], axis=1) - G).max() > 8.0


def test_nothing_jumps(clinic: Motion) -> None:
    """Without heel strikes no sensor's signals change faster than muscles change them."""
    gyr_step = np.abs(np.diff(clinic.gyr, axis=0))
    acc_step = np.abs(np.diff(clinic.acc[:, [0, 7]], axis=0))
    assert np.degrees(gyr_step).max() < 150
    assert acc_step.max() < 6
    assert np.abs(clinic.acc).max() < 16 * G
    assert np.degrees(np.abs(clinic.gyr)).max() < 1000


def test_sensors_are_worn_nearly_as_meant(clinic: Motion) -> None:
    off = turn_rad(multiply(clinic.mounting, conjugate(nominal_mounting(PLACES))))
    assert (np.degrees(off) < 25).all()
    assert np.degrees(off).max() > 1
    exact = simulate_motion("squat", 5.0, 1, habits=Habits(tilt_sd_rad=0, turn_sd_rad=0))
    assert np.allclose(exact.mounting, nominal_mounting(PLACES))


def test_tissue_moves_sensors_on_limbs_but_not_limbs() -> None:
    firm = simulate_motion("walk", 15.0, 1, habits=FIRM)
    soft = simulate_motion("walk", 15.0, 1, habits=Habits(tissue=2.0))
    assert np.array_equal(firm.quat, soft.quat)
    assert np.abs(firm.gyr - soft.gyr)[:, 1:3].max() > 0.01
    assert np.abs(firm.gyr - soft.gyr).max() < 1.0


def test_the_same_seed_moves_the_same_and_another_does_not() -> None:
    one, same, other = (simulate_motion("walk", 12.0, seed) for seed in (4, 4, 5))
    assert np.array_equal(one.acc, same.acc)
    assert np.array_equal(one.truth.joint_rad, same.truth.joint_rad)
    assert not np.array_equal(one.acc, other.acc)


def test_a_longer_simulation_begins_like_a_shorter() -> None:
    short, long = (simulate_motion("squat", seconds, 2) for seconds in (9.0, 40.0))
    assert np.array_equal(short.acc, long.acc[:900])
    assert np.array_equal(short.gyr, long.gyr[:900])


def test_passes_join_without_a_seam() -> None:
    """The squat scenario is through in about 24 s; every later pass goes on from there."""
    motion = simulate_motion("squat", 90.0, 3, habits=FIRM)
    assert max(r.start_s for r in motion.truth.repetitions) > 60
    assert np.degrees(np.abs(np.diff(motion.gyr, axis=0))).max() < 15
    assert np.abs(np.diff(motion.acc, axis=0)).max() < 1.5


def test_rates_agree_with_one_another() -> None:
    slow, fast = (simulate_motion("walk", 12.0, 6, rate) for rate in (50.0, 200.0))
    assert np.abs(slow.quat - fast.quat[::4]).max() < 2e-3
    assert np.abs(slow.gyr - fast.gyr[::4]).max() < 0.1


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_scenario_starts_with_a_stand_of_four_seconds(name: str) -> None:
    motion = simulate_motion(name, 4.0, 9)
    assert np.degrees(np.abs(motion.truth.joint_rad)).max() < 2
    assert np.degrees(np.abs(motion.gyr)).max() < 3


def test_an_unknown_scenario_is_refused_with_the_known_names() -> None:
    with pytest.raises(UsageError, match="clinic, exercises, knee-extension, squat, stairs, walk"):
        simulate_motion("wlak", 5.0, 1)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    speed=st.floats(0.3, 2.1),
    asymmetry=st.floats(-0.4, 0.4),
    rate=st.sampled_from([20.0, 60.0, 100.0, 148.0, 204.8]),
    name=st.sampled_from(sorted(SCENARIOS)),
)
def test_any_person_gives_finite_and_bounded_figures(
    seed: int, speed: float, asymmetry: float, rate: float, name: str
) -> None:
    motion = simulate_motion(name, 20.0, seed, rate, Habits(speed, asymmetry))
    for array in (motion.acc, motion.gyr, motion.quat, motion.truth.joint_rad):
        assert np.isfinite(array).all()
        assert len(array) == round(20.0 * rate)
    assert motion.acc.shape[1:] == (len(PLACES), 3)
    assert np.abs(motion.acc).max() < 40 * G
    assert np.abs(np.linalg.norm(motion.quat, axis=-1) - 1).max() < 1e-12
    assert not any(
        value.flags.writeable
        for value in (getattr(motion, field.name) for field in dataclasses.fields(motion))
        if isinstance(value, np.ndarray)
    )
