"""The simulated exercises keep to physics: feet stay where they stand, and the body moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.messages import Repetition
from simulators.movement.motion import Motion, simulate_motion
from simulators.movement.person import draw_person
from simulators.movement.split_stance import split_stance

SEED = 4


@pytest.fixture(scope="module")
def motion() -> Motion:
    return simulate_motion("exercises", 84.0, SEED)


def rows(motion: Motion, repetition: Repetition) -> slice:
    return slice(*np.searchsorted(motion.t_s, [repetition.start_s, repetition.end_s]))


def test_a_heel_raise_lifts_the_body_over_the_toes(motion: Motion) -> None:
    raises = [r for r in motion.truth.repetitions if r.exercise == "heel-raise"]
    assert len(raises) == 4
    for one in raises:
        height = motion.truth.pelvis_m[rows(motion, one), 2]
        assert 0.05 < np.ptp(height) < 0.15
        assert height.argmax() > 20
        assert np.ptp(motion.truth.ankle_m[rows(motion, one)][..., 2]) > 0.05


def test_a_lunge_lowers_the_body_between_feet_that_stay(motion: Motion) -> None:
    lunges = [r for r in motion.truth.repetitions if r.exercise == "lunge"]
    assert [r.side for r in lunges] == ["left"] * 3 + ["right"] * 3
    for one in lunges:
        side = 0 if one.side == "left" else 1
        pelvis, ankle = (
            part[rows(motion, one)] for part in (motion.truth.pelvis_m, motion.truth.ankle_m)
        )
        assert np.ptp(ankle[:, side], axis=0).max() < 1e-3  # it has just been set down
        assert np.ptp(pelvis[:, 2]) > 0.2
        front = motion.truth.joint_rad[rows(motion, one), 2 + side]
        assert np.ptp(front) == pytest.approx(one.rom_rad, abs=0.02)


def test_who_stands_up_from_a_seat_sits_down_on_it(motion: Motion) -> None:
    stands = [r for r in motion.truth.repetitions if r.exercise == "sit-to-stand"]
    assert len(stands) == 4
    for one in stands:
        height = motion.truth.pelvis_m[rows(motion, one), 2]
        assert height[0] == pytest.approx(height[-1], abs=0.02)
        assert height.max() - height[0] > 0.3
        assert np.ptp(motion.truth.ankle_m[rows(motion, one)], axis=0).max() < 1e-9


def test_nothing_jumps_while_exercising(motion: Motion) -> None:
    assert np.degrees(np.abs(np.diff(motion.gyr, axis=0))).max() < 150
    assert np.degrees(np.abs(motion.gyr)).max() < 1000


@given(
    seed=st.integers(0, 2**32),
    knee_deg=st.floats(5.0, 110.0),
    heel_deg=st.floats(0.0, 60.0),
)
def test_the_feet_of_a_split_stance_are_the_same_way_apart(
    seed: int, knee_deg: float, heel_deg: float
) -> None:
    """From the hip down both legs, and over the ball of the rear foot, to two fixed places."""
    person = draw_person(np.random.default_rng(seed))
    legs = split_stance(person, np.radians(knee_deg), np.radians(heel_deg))
    thigh, knee, foot = legs
    shank = thigh - knee
    ankle = np.stack(
        [
            person.thigh_m * np.sin(thigh) + person.shank_m * np.sin(shank),
            -person.thigh_m * np.cos(thigh) - person.shank_m * np.cos(shank),
        ]
    )
    ball = np.array([person.toe_m, -person.ankle_height_m])[:, None]
    turn = np.array([[np.cos(foot), -np.sin(foot)], [np.sin(foot), np.cos(foot)]])
    balls = ankle + np.einsum("ijk,j->ik", turn, ball[:, 0])
    apart = balls[:, 0] - balls[:, 1]
    assert knee[0] == pytest.approx(np.radians(knee_deg))
    assert apart == pytest.approx([1.05 * (person.thigh_m + person.shank_m), 0.0], abs=0.02)
