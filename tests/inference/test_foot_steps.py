"""Ways of the feet: on made paths, on the simulator's truth, and on stairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.app.validation.hearing import Heard
from gateway.messages import Figure, FloatArray, FootStep, IntArray, Message, Place, Side
from gateway.orientation.stage import Orientation
from gateway.quaternion import conjugate, from_rotation_vector, rotate
from gateway.recordings import open_recording
from gateway.stage import Chain
from inference.gait.events import GaitEvents
from inference.gait.foot_path import ends, levelled, on_the_level, path, sole_angle
from inference.gait.foot_rest import GRAVITY_M_S2, movements, still, turning
from inference.gait.foot_steps import LONGEST_S, LOOK_AHEAD_S, FootSteps
from inference.gait.foot_way import ACC, GYR, QUAT, REAL, ROW, THERE, Way, steps as ways_steps
from simulators.body import body_blocks
from simulators.movement.motion import Habits, Motion, simulate_motion
from simulators.places import PLACE_INDEX
from tests.contract import assert_stage_contract, run
from tests.data import data_set
from tests.inference.gait_trials import FEET, changed, oriented, with_places

RATE_HZ = 200.0


def swing(length_m: float, height_m: float, seconds: float) -> FloatArray:
    """Return what is felt (N, 3) on a smooth way forward and up, at rest at both ends."""
    t = np.arange(0.0, seconds + 0.5 / RATE_HZ, 1 / RATE_HZ) / seconds
    bend = (60 * t - 180 * t**2 + 120 * t**3) / seconds**2
    rise = np.full_like(t, GRAVITY_M_S2) + height_m * bend
    return np.stack([length_m * bend, np.zeros_like(t), rise], axis=1)


def together(*ways: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return ways (N, 3) of several lengths as one array (K, N, 3), and how long each is."""
    count = np.array([len(way) for way in ways])
    return np.stack([np.pad(way, ((0, count.max() - len(way)), (0, 0))) for way in ways]), count


@given(length_m=st.floats(-2, 2), height_m=st.floats(-0.4, 0.4), seconds=st.floats(0.3, 1.5))
def test_path_of_a_smooth_swing(length_m: float, height_m: float, seconds: float) -> None:
    own, other = swing(length_m, height_m, seconds), swing(1.0, 0.0, 0.7)
    acc, count = together(own, other)
    position = path(acc, count, RATE_HZ)
    np.testing.assert_allclose(ends(position, count)[0], [length_m, 0.0, height_m], atol=0.02)
    # Whatever else is worked on beside it, a path is the same to the bit.
    alone = path(*together(own), RATE_HZ)[0]
    np.testing.assert_array_equal(position[0, : len(own)], alone)


def test_a_blow_that_was_missed_does_not_bend_the_swing() -> None:
    felt = swing(1.4, 0.0, 0.8)
    felt[-12:-8, 0] += [60.0, -40.0, 50.0, -20.0]
    assert path(*together(felt), RATE_HZ)[0, -1, 0] == pytest.approx(1.4, abs=0.05)


def test_gravity_at_rest_tells_what_is_upright() -> None:
    lean = np.radians(3)
    turn = np.array([[np.cos(lean), 0, np.sin(lean)], [0, 1, 0], [-np.sin(lean), 0, np.cos(lean)]])
    felt = swing(1.4, 0.0, 0.8)
    leaning = np.einsum("ij,tj->ti", turn, felt)
    rest = turn @ [0.0, 0.0, GRAVITY_M_S2]
    upright = levelled(*together(leaning), rest[None], rest[None])[0]
    np.testing.assert_allclose(upright, felt, atol=0.05)


def test_a_stair_is_kept_and_the_level_is_level() -> None:
    acc, count = together(swing(0.7, 0.3, 0.8), swing(1.4, 0.05, 1.1))
    unknown = np.full(2, np.nan)
    stair, level = ends(on_the_level(path(acc, count, RATE_HZ), count, unknown), count)
    assert stair[2] == pytest.approx(0.3, abs=0.02)
    assert level[2] == pytest.approx(0.0, abs=1e-9)


def test_who_lands_on_the_heel_has_climbed_no_stair() -> None:
    acc, count = together(*[swing(0.7, 0.3, 0.8)] * 3)
    angles = np.radians([20.0, 5.0, -15.0])
    rise = ends(on_the_level(path(acc, count, RATE_HZ), count, angles), count)[:, 2]
    np.testing.assert_allclose(rise, [0.0, 0.3, 0.3], atol=0.02)


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 200.0])
def test_a_foot_that_turns_is_as_far_at_any_rate(rate_hz: float) -> None:
    """Turned by the orientation of half an interval later, a stride at 25 Hz is 6 cm too long."""
    length_m, swing_s, rest_s = 1.4, 0.8, 0.4
    t = np.arange(0.0, swing_s + 2 * rest_s, 1 / rate_hz)
    share = np.clip((t - rest_s) / swing_s, 0.0, 1.0)
    # The heel rises, the foot tips forward by a radian, and comes back.
    rate = np.pi * np.sin(2 * np.pi * share) / swing_s
    rows = np.zeros((len(t), ROW))
    rows[:, [THERE, REAL]] = 1.0
    rows[:, GYR.start + 1] = rate
    pitch = np.outer(np.sin(np.pi * share) ** 2, [0.0, 1.0, 0.0])
    bend = length_m * (60 * share - 180 * share**2 + 120 * share**3) / swing_s**2
    felt = np.stack([bend, np.zeros_like(t), np.full_like(t, GRAVITY_M_S2)], axis=1)
    rows[:, ACC] = rotate(conjugate(from_rotation_vector(pitch)), felt)
    # A filter's orientation: each sample's angular velocity lasts for the interval before it.
    told = np.cumsum(np.outer(rate / rate_hz, [0.0, 1.0, 0.0]), axis=0)
    rows[:, QUAT] = from_rotation_vector(told)
    leaves, rests = (round(at_s * rate_hz) for at_s in (rest_s, rest_s + swing_s))
    way = Way(Side.LEFT, rows, 0, rate_hz, leaves, rests, [])
    displacement_m = ways_steps("p", [way])[0].displacement_m
    np.testing.assert_allclose(displacement_m, [length_m, 0.0, 0.0], atol=0.02)


def test_toes_up_is_positive() -> None:
    tipped_back = np.array([-np.sin(0.4), 0.0, np.cos(0.4)])
    assert sole_angle(tipped_back, np.array([1.2, 0.0, 0.0])) == pytest.approx(0.4)
    assert sole_angle(tipped_back, np.array([-1.2, 0.0, 0.0])) == pytest.approx(-0.4)


def test_a_shift_of_weight_is_no_movement() -> None:
    gyr = np.zeros((800, 3))
    gyr[200:260, 1], gyr[500:560, 1] = 0.6, 6.0
    acc = np.tile([0.0, 0.0, GRAVITY_M_S2], (800, 1))
    level = turning(gyr, RATE_HZ)
    found = movements(still(level, acc, RATE_HZ), level, RATE_HZ)
    assert len(found.leaves) == 1
    assert 490 <= found.leaves[0] <= 500
    assert 560 <= found.rests[0] <= 570


@pytest.fixture(scope="module")
def walk() -> Motion:
    return simulate_motion("walk", 30.0, 1, 100.0, Habits(speed_mps=1.2))


@pytest.fixture(scope="module")
def messages(walk: Motion) -> list[Message]:
    """Blocks, orientations and contacts of the walk."""
    blocks = [with_places(block, FEET) for block in body_blocks(walk, 10.0, 1)]
    return [*oriented(blocks), *run(GaitEvents(), oriented(blocks))]


def steps(messages: Sequence[Message]) -> list[FootStep]:
    return [step for step in run(FootSteps(), messages) if isinstance(step, FootStep)]


def test_simulated_steps_are_as_long_as_they_are(walk: Motion, messages: list[Message]) -> None:
    truth, errors_m = walk.truth, []
    for step in steps(messages):
        first, last = (round(t_s * truth.rate_hz) for t_s in (step.start_s, step.end_s))
        foot = truth.ankle_m[:, (Side.LEFT, Side.RIGHT).index(step.side)]
        true_m = np.hypot(*(foot[last] - foot[first])[:2])
        errors_m.append(np.hypot(*step.displacement_m[:2]) - true_m)
    assert len(errors_m) >= 30
    # The simulator's heel strikes are blows that its kinematics know nothing of.
    assert np.sqrt(np.mean(np.square(errors_m))) < 0.06


def test_contacts_belong_to_their_step(messages: list[Message]) -> None:
    found = [step for step in steps(messages) if np.isfinite(step.contact_s)]
    assert len(found) >= 30
    for step in found:
        assert step.start_s < step.contact_s <= step.end_s + 0.1
        assert not step.lift_s >= step.contact_s
    degrees = np.degrees([step.contact_angle_rad for step in found])
    assert 10.0 < np.median(degrees) < 35.0


def test_contract(messages: list[Message]) -> None:
    assert_stage_contract(FootSteps, messages, seed=21)


def test_contract_in_the_order_of_the_pipe(walk: Motion) -> None:
    blocks = list(body_blocks(walk, 10.0, 1))
    assert_stage_contract(
        lambda: Chain([Orientation(), GaitEvents(), FootSteps()]), blocks, seed=22
    )


def test_over_a_gap_there_is_no_step(messages: list[Message], walk: Motion) -> None:
    column = PLACE_INDEX[Place.LEFT_FOOT]
    blocks = []
    for block in body_blocks(walk, 10.0, 1):
        t_s = (block.start + np.arange(len(block.valid))) / block.rate_hz
        valid = block.valid.copy()
        valid[(t_s >= 15.0) & (t_s <= 15.02), column] = False
        blocks.append(changed(block, block.acc, block.gyr, valid, block.real & valid))
    left = [s for s in steps(oriented(blocks)) if s.side is Side.LEFT]
    assert all(not s.start_s - LOOK_AHEAD_S <= 15.0 <= s.end_s for s in left)
    whole = [s for s in steps(messages) if s.side is Side.LEFT]
    assert len(whole) - 2 <= len(left) < len(whole)


def test_standing_and_feet_that_never_rest_make_no_step() -> None:
    standing = simulate_motion("squat", 20.0, 2, 100.0)
    blocks = [with_places(block, FEET) for block in body_blocks(standing, 10.0, 2)]
    assert steps(oriented(blocks)) == []
    assert LONGEST_S <= 3.0


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 100.0])
def test_on_a_slower_grid_strides_are_as_long(rate_hz: float) -> None:
    """With the orientation of half an interval later they are 6.1 cm longer at 25 Hz."""
    file = data_set("gaitmap_foot") / "imu_sample.csv"
    fast, slow = open_recording(file), open_recording(file)
    slow.grid_rate_hz = rate_hz
    known, told = (_lengths(Heard(recording, Figure).all(Figure)) for recording in (fast, slow))
    longer_m = [
        length_m - true_m
        for side, at_s, true_m in known
        for own, t_s, length_m in told
        if own is side and abs(t_s - at_s) < 0.1
    ]
    assert len(longer_m) >= 0.9 * len(known)
    assert abs(np.mean(longer_m)) < 0.02
    assert np.std(longer_m) < 0.03


def _lengths(figures: Sequence[Figure]) -> list[tuple[Side | None, float, float]]:
    return [(one.side, one.t_s, one.value) for one in figures if one.name == "stride_length"]


@pytest.mark.parametrize(("way", "least"), [("up", 14), ("down", 12)])
def test_stairs_are_told_from_the_level(way: str, least: int) -> None:
    file = data_set("gaitmap_foot") / f"imu_sample_healthy_stair_{way}.csv"
    found = Heard(open_recording(file), FootStep).all(FootStep)
    rises = np.array([step.displacement_m[2] for step in found]) * (1 if way == "up" else -1)
    climbed = rises[np.abs(rises) > 0.2]
    assert len(climbed) >= least
    assert np.all((climbed > 0.2) & (climbed < 0.4))
