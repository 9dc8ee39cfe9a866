"""The truth that comes with a motion is the truth of that motion."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from gateway.errors import UsageError
from gateway.messages import JOINT_INDEX, GaitEventKind, Joint, Side
from gateway.quaternion import rotate
from simulators.movement.motion import Habits, Motion, simulate_motion
from simulators.movement.scenarios import Scenario, Stand, Turn, Walk
from tests.data import data_set


@pytest.fixture(scope="module")
def clinic() -> Motion:
    return simulate_motion("clinic", 75.0, seed=2)


def straight(speed: float, asymmetry: float = 0.0, seed: int = 5) -> Motion:
    walk = Scenario("straight", (Stand(4.0),), (Walk(30.0, speed, asymmetry), Stand(2.0)))
    return simulate_motion(walk, 35.0, seed, 100.0)


STEADY = slice(800, 3000)


def test_standing_is_zero_for_every_joint(clinic: Motion) -> None:
    assert np.degrees(np.abs(clinic.truth.joint_rad[:590])).max() < 1.5


def test_walking_angles_lie_in_the_published_band() -> None:
    path = data_set("normative") / "fukuchi_gait-reference.json"
    published = json.loads(path.read_text(encoding="utf-8"))["walk"]["joints"]
    motion = straight(1.26)
    phase = np.arange(50) / 50
    strides = [s for s in motion.truth.strides if 8 < s.start_s < 28]
    assert len(strides) > 25
    for joint, name, offset in (("hip", "hip", 11.0), ("knee", "knee", 0), ("ankle", "ankle", 0)):
        curves = []
        for stride in strides:
            column = JOINT_INDEX[Joint(f"{stride.side}_{joint}")]
            at = stride.start_s + phase * stride.stride_time_s
            angle = np.interp(at, motion.t_s, motion.truth.joint_rad[:, column])
            curves.append(np.degrees(angle) + offset)
        off = np.mean(curves, axis=0) - published[name]["mean"][:50]
        assert np.abs(off).max() < 8, joint
        assert np.sqrt(np.mean(off**2)) < 3.5, joint


def test_events_alternate_and_make_up_the_strides(clinic: Motion) -> None:
    for side in Side:
        events = [e for e in clinic.truth.events if e.side is side]
        kinds = [e.kind for e in events]
        assert kinds[0] is GaitEventKind.FINAL_CONTACT
        assert all(a is not b for a, b in pairwise(kinds))
    landings = {e.t_s for e in clinic.truth.events if e.kind is GaitEventKind.INITIAL_CONTACT}
    assert clinic.truth.strides
    for stride in clinic.truth.strides:
        assert {stride.start_s, stride.end_s} <= landings
        assert 0.5 < stride.stance_share < 0.8


def test_no_steps_but_while_walking(clinic: Motion) -> None:
    walks = [a for a in clinic.truth.activities if a.name in {"walk", "turn"}]
    assert len(walks) == 3
    for event in clinic.truth.events:
        assert any(a.start_s <= event.t_s <= a.end_s for a in walks)


def test_feet_move_while_they_swing() -> None:
    motion = straight(1.2)
    moving = np.linalg.norm(np.gradient(motion.truth.ankle_m, 0.01, axis=0), axis=-1)
    for side, name in enumerate(Side):
        events = [e for e in motion.truth.events if e.side is name][2:-2]
        for lift, land in pairwise(events):
            if lift.kind is GaitEventKind.FINAL_CONTACT:
                middle = np.searchsorted(motion.t_s, (lift.t_s + land.t_s) / 2)
                assert moving[middle, side] > 0.4


def test_the_body_sways_over_the_foot_that_stands() -> None:
    motion = straight(1.25)
    aside = motion.truth.pelvis_m[:, 1]  # walking east, so north is to the left
    middles = {
        side: [
            np.interp(s.start_s + 0.3 * s.stride_time_s, motion.t_s, aside)
            for s in motion.truth.strides[4:-4]
            if s.side is side
        ]
        for side in Side
    }
    assert 0.01 < np.mean(middles[Side.LEFT]) - np.mean(middles[Side.RIGHT]) < 0.06


def test_the_pelvis_rises_on_the_side_that_takes_the_weight() -> None:
    motion = straight(1.25)
    to_the_right = rotate(motion.quat[:, 0], np.array([0.0, 0.0, 1.0]))
    for stride in motion.truth.strides[4:-4]:
        loaded = np.searchsorted(motion.t_s, stride.start_s + 0.15 * stride.stride_time_s)
        rise = to_the_right[loaded, 2]
        assert (rise > 0) == (stride.side is Side.RIGHT)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 1.7])
def test_people_walk_as_fast_as_they_are_told(speed: float) -> None:
    motion = straight(speed)
    assert motion.truth.speed_mps[STEADY].mean() == pytest.approx(speed, rel=0.06)


def test_cadence_and_step_length_both_rise_with_speed() -> None:
    cadences, lengths = [], []
    for speed in (0.6, 1.0, 1.4):
        motion = straight(speed)
        strides = [s for s in motion.truth.strides if 8 < s.start_s < 28]
        cadences.append(np.mean([s.cadence_spm for s in strides]))
        lengths.append(60 * motion.truth.speed_mps[STEADY].mean() / cadences[-1])
    assert cadences == sorted(cadences)
    assert lengths == sorted(lengths)
    assert np.ptp(np.array(lengths) / np.array(cadences)) < 0.0006, "the walk ratio stays"
    assert 60 < cadences[0] < cadences[2] < 135


@pytest.mark.parametrize("asymmetry", [-0.25, 0.0, 0.25])
def test_asymmetry_shows_in_steps_stance_and_knees(asymmetry: float) -> None:
    motion = straight(1.1, asymmetry)
    truth = motion.truth
    landings = [e for e in truth.events if e.kind is GaitEventKind.INITIAL_CONTACT][6:-6]
    steps: dict[Side, list[float]] = {side: [] for side in Side}
    for before, after in pairwise(landings):
        steps[after.side].append(after.t_s - before.t_s)
    right, left = np.mean(steps[Side.RIGHT]), np.mean(steps[Side.LEFT])
    assert 2 * (right - left) / (right + left) == pytest.approx(asymmetry, abs=0.03)
    stance = {
        side: np.mean([s.stance_share for s in truth.strides[6:-6] if s.side is side])
        for side in Side
    }
    assert stance[Side.LEFT] - stance[Side.RIGHT] == pytest.approx(asymmetry / 4, abs=0.02)
    left_knee, right_knee = truth.joint_rad[STEADY, 2:4].max(axis=0)
    spared = (left_knee - right_knee) / max(left_knee, right_knee)
    assert spared == pytest.approx(asymmetry / 2, abs=0.03)


def test_a_turn_turns_the_body_about() -> None:
    scenario = Scenario(
        "about", (Stand(4.0),), (Walk(6.0), Turn(angle_deg=180), Walk(6.0), Stand(4))
    )
    motion = simulate_motion(scenario, 22.0, 3)
    way = np.diff(motion.truth.pelvis_m[[600, 800, 1700, 1800], :2], axis=0)
    there, back = way[0] / np.linalg.norm(way[0]), way[2] / np.linalg.norm(way[2])
    assert there @ back < -0.98


def test_repetitions_are_in_the_joint_angles(clinic: Motion) -> None:
    names = [r.exercise for r in clinic.truth.repetitions]
    assert names.count("squat") == 4
    assert names.count("knee-extension") == 8
    for rep in clinic.truth.repetitions:
        rows = slice(*np.searchsorted(clinic.t_s, [rep.start_s, rep.end_s]))
        side = Side.RIGHT if rep.side is None else rep.side
        knee = clinic.truth.joint_rad[rows, JOINT_INDEX[Joint(f"{side}_knee")]]
        peak = knee.max() if rep.exercise == "squat" else knee.min()
        assert np.degrees(abs(np.ptp(knee) - rep.rom_rad)) < 1.0
        assert np.degrees(abs(peak - rep.peak_rad)) < 1.0
        assert rep.quality.real_share == 1.0


def test_squats_go_down_and_feet_stay(clinic: Motion) -> None:
    squats = [r for r in clinic.truth.repetitions if r.exercise == "squat"]
    rows = slice(*np.searchsorted(clinic.t_s, [squats[0].start_s, squats[-1].end_s]))
    assert np.ptp(clinic.truth.pelvis_m[rows, 2]) > 0.25
    assert np.ptp(clinic.truth.ankle_m[rows], axis=0).max() < 1e-9


def test_activities_follow_one_another(clinic: Motion) -> None:
    assert clinic.truth.activities[0].start_s == 0.0
    for before, after in pairwise(clinic.truth.activities):
        assert after.start_s == pytest.approx(before.end_s, abs=0.02)


def test_speeds_and_asymmetries_that_nobody_walks_are_refused() -> None:
    with pytest.raises(UsageError, match=r"0.3 to 2.1 m/s"):
        simulate_motion("walk", 5.0, 1, habits=Habits(speed_mps=9.0))
    with pytest.raises(UsageError, match="asymmetry"):
        simulate_motion("walk", 5.0, 1, habits=Habits(asymmetry=1.0))
