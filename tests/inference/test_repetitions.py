"""Repetitions: counted when done, never in walking or sitting down, with any leg known."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from gateway.messages import (
    BodyBlock,
    ExerciseState,
    FloatArray,
    IntArray,
    JointAngleBlock,
    Message,
    OrientationBlock,
    Repetition,
    SegmentBlock,
    Side,
)
from gateway.orientation.stage import Orientation
from inference.exercises import exercises
from inference.inclination import up_in_sensor, without_heading
from inference.joints.flexion import JointAngles
from inference.repetitions.sets import END_OF_SET_S
from inference.repetitions.stage import Repetitions
from tests.contract import assert_stage_contract, run
from tests.data import data_set
from tests.inference.figure import (
    RATE_HZ,
    knee_extensions,
    segments,
    sitting_down,
    squats,
    standing,
    still,
    walking,
)
from tests.inference.moved_exercises import lunge

LEFT_LEG = np.array([1, 3])
SIT = sitting_down()
CLINIC = np.concatenate(
    [standing(1), squats(2), walking(6), SIT, still(SIT, 1), knee_extensions(1, 3), SIT[::-1]]
)


def blocks(block: SegmentBlock, gone: slice | None = None) -> list[Message]:
    """The block with its joint angles; all joints unknown over the samples ``gone``."""
    (angles,) = JointAngles().push(block)
    assert isinstance(angles, JointAngleBlock)
    if gone is not None:
        angle, valid, real = angles.angle_rad.copy(), angles.valid.copy(), angles.real.copy()
        angle[gone], valid[gone], real[gone] = np.nan, False, False
        angles = dataclasses.replace(angles, angle_rad=angle, valid=valid, real=real)
    return [angles, block]


def counted(pitch: FloatArray, columns: IntArray | None = None) -> list[Repetition]:
    made = run(Repetitions(), blocks(segments(pitch, columns)))
    return [m for m in made if isinstance(m, Repetition)]


def states(pitch: FloatArray) -> list[ExerciseState]:
    made = run(Repetitions(), blocks(segments(pitch)))
    return [m for m in made if isinstance(m, ExerciseState)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_keeps_the_contract(seed: int) -> None:
    assert_stage_contract(Repetitions, blocks(segments(CLINIC), slice(520, 540)), seed)


def test_each_exercise_and_side_has_its_own_count() -> None:
    pitch = np.concatenate([CLINIC[:-1], SIT, knee_extensions(0, 2)])
    found = [(r.exercise, r.side, r.count) for r in counted(pitch)]
    assert found == [
        ("squat", None, 1),
        ("squat", None, 2),
        *[("knee-extension", Side.RIGHT, n) for n in (1, 2, 3)],
        ("sit-to-stand", None, 1),
        *[("knee-extension", Side.LEFT, n) for n in (1, 2)],
    ]


def test_a_squat_is_measured() -> None:
    (squat,) = counted(np.concatenate([standing(1), squats(1, knee_deg=95), standing(1)]))
    assert np.isclose(np.degrees(squat.peak_rad), 95, atol=0.1)
    assert np.isclose(np.degrees(squat.rom_rad), 95, atol=0.1)
    assert 1.0 < squat.start_s < 1.6
    assert 3.4 < squat.end_s < 4.0
    assert squat.target_reached
    assert 0.5 < squat.hold_s < 1.5
    assert squat.quality.real_share == 1.0
    assert not squat.quality.withheld


def test_a_knee_extension_is_measured_towards_straight() -> None:
    (lift,) = counted(np.concatenate([SIT, knee_extensions(0, 1, reach_deg=50)]))
    assert np.isclose(np.degrees(lift.peak_rad), 38, atol=0.1)
    assert np.isclose(np.degrees(lift.rom_rad), 50, atol=0.1)
    assert not lift.target_reached


def test_the_target_can_be_set() -> None:
    pitch = np.concatenate([standing(1), squats(1, knee_deg=60), standing(1)])
    stage = Repetitions({"squat": (50.0, 70.0)})
    (squat,) = [m for m in run(stage, blocks(segments(pitch))) if isinstance(m, Repetition)]
    assert squat.target_reached
    assert not counted(pitch)[0].target_reached


@pytest.mark.parametrize("columns", [None, LEFT_LEG, np.array([1, 2, 3, 4])])
def test_walking_is_no_exercise(columns: IntArray | None) -> None:
    pitch = np.concatenate([standing(1), walking(30), standing(1)])
    assert run(Repetitions(), blocks(segments(pitch, columns))) == []


def test_sitting_down_for_a_while_and_standing_up_is_no_repetition() -> None:
    pitch = np.concatenate([standing(1), SIT, still(SIT, 5), SIT[::-1], standing(1)])
    assert counted(pitch) == []


def test_lifting_one_knee_is_no_squat() -> None:
    pitch = np.concatenate([standing(1), squats(2), standing(1)])
    pitch[:, [2, 4]] = 0.0
    assert "squat" not in {r.exercise for r in counted(pitch)}


def test_one_leg_is_enough() -> None:
    assert [r.count for r in counted(CLINIC, LEFT_LEG)] == [1, 2]


def test_a_set_ends_with_a_pause() -> None:
    pause = standing(END_OF_SET_S + 1)
    pitch = np.concatenate([standing(1), squats(2), pause, squats(2), standing(1)])
    assert [r.count for r in counted(pitch)] == [1, 2, 1, 2]


@pytest.mark.parametrize("columns", [None, LEFT_LEG])
def test_a_set_ends_when_the_person_walks_off(columns: IntArray | None) -> None:
    before = np.concatenate([standing(1), squats(2), standing(2)])
    pitch = np.concatenate([before, walking(5), standing(1), squats(1), standing(1)])
    messages = blocks(segments(pitch, columns))
    made = run(Repetitions(), messages)
    assert [m.count for m in made if isinstance(m, Repetition)] == [1, 2, 1]
    over = next(m for m in made if isinstance(m, ExerciseState) and not m.exercise)
    assert 1.0 < over.t_s - len(before) / RATE_HZ < 3.5
    assert_stage_contract(Repetitions, messages, 1)


def test_the_state_follows_and_ends_with_the_set() -> None:
    pitch = np.concatenate([standing(1), squats(1), standing(END_OF_SET_S + 3)])
    told = states(pitch)
    assert {round(s.t_s * RATE_HZ) % 2 for s in told} == {0}
    assert [s.exercise for s in told] == ["squat"] * (len(told) - 1) + [""]
    assert 1.5 < told[0].t_s < 2.5
    assert max(s.progress for s in told) == 1.0
    assert told[-2].progress == 0.0
    assert [told[0].count, told[-2].count] == [0, 1]
    deepest = max(told[:-1], key=lambda s: s.value_rad)
    assert np.isclose(np.degrees(deepest.value_rad), 90, atol=0.1)
    assert np.isclose(deepest.t_s, 2.5, atol=0.05)


def test_the_state_carries_what_the_exercise_says_of_itself() -> None:
    told = states(CLINIC)
    for name in ("squat", "knee-extension", "sit-to-stand"):
        said = {(s.how, s.seated) for s in told if s.exercise == name}
        assert said == {(exercises()[name].how, name != "squat")}


def test_effort_that_does_not_last_is_not_shown() -> None:
    pitch = np.concatenate([standing(1), squats(1, period_s=0.4), standing(1)])
    assert states(pitch) == []


def test_a_set_stays_until_other_effort_lasts() -> None:
    pitch = np.concatenate([standing(1), lunge(2, Side.LEFT), squats(2), standing(1)])
    shown = [(s.exercise, s.count) for s in states(pitch)]
    assert [state for state, _ in itertools.groupby(shown)] == [
        *[("lunge", n) for n in (0, 1, 2)],
        *[("squat", n) for n in (0, 1, 2)],
    ]


def test_what_has_no_repetition_disappears_when_its_posture_is_left() -> None:
    pitch = np.concatenate([SIT, still(SIT, 1), SIT[::-1], standing(3), walking(4)])
    told = states(pitch)
    begins_s = (len(pitch) - len(walking(4))) / RATE_HZ
    assert [name for name, _ in itertools.groupby(s.exercise for s in told)] == ["sit-to-stand", ""]
    assert begins_s < told[-1].t_s < begins_s + 1.5
    assert_stage_contract(Repetitions, blocks(segments(pitch)), 1)


def test_a_repetition_with_holes_counts_but_its_figures_are_withheld() -> None:
    block = segments(np.concatenate([standing(1), squats(1), standing(1)]))
    made = run(Repetitions(), blocks(block, slice(230, 320)))
    (squat,) = [m for m in made if isinstance(m, Repetition)]
    assert squat.quality.real_share < 0.8
    assert "measured" in squat.quality.withheld
    assert np.isnan([squat.rom_rad, squat.peak_rad]).all()


def test_a_repetition_that_nobody_saw_is_none() -> None:
    block = segments(np.concatenate([standing(1), squats(2, period_s=5), standing(1)]))
    made = run(Repetitions(), blocks(block, slice(250, 450)))
    assert [m.count for m in made if isinstance(m, Repetition)] == [1]


def test_a_posture_held_for_long_is_no_repetition() -> None:
    down = squats(1)[:150]
    pitch = np.concatenate([standing(1), down, still(down, 20), down[::-1], standing(1)])
    assert counted(pitch) == []


@pytest.mark.parametrize("subject", [1, 2, 3])
def test_seated_knee_extensions_of_real_people(subject: int) -> None:
    """Thirty repetitions each, ten of them fast and ten small, in the Yurtman and Barshan set.

    The sensors of that set are worn with x down the limb and y forward on a person who never
    stands, so their axes are given here instead of calibrated.
    """
    folder = data_set("uci_physical_therapy") / f"s{subject}" / "e1"
    body = {2: "u3", 4: "u2"}
    raw = {
        column: np.loadtxt(folder / unit / "test.txt", delimiter=";", skiprows=1)
        for column, unit in body.items()
    }
    block = segments(np.zeros((len(raw[2]), 8)), np.array(list(body)))
    acc, gyr = block.acc.copy(), block.gyr.copy()
    for column, samples in raw.items():
        acc[:, column], gyr[:, column] = samples[:, 1:4], samples[:, 4:7]
    made = run(Repetitions(), blocks(_segments_at_25_hz(block, acc, gyr)))
    found = [m for m in made if isinstance(m, Repetition)]
    assert {(m.exercise, m.side) for m in found} == {("knee-extension", Side.RIGHT)}
    assert 27 <= len(found) <= 31


def _segments_at_25_hz(block: SegmentBlock, acc: FloatArray, gyr: FloatArray) -> SegmentBlock:
    body = BodyBlock("p", 0, 25.0, 0, block.places, acc, gyr, block.valid, block.real)
    (orientation,) = Orientation().push(body)
    assert isinstance(orientation, OrientationBlock)
    up = up_in_sensor(orientation.quat)
    in_segment = np.stack([up[..., 1], -up[..., 0], up[..., 2]], axis=-1)
    quat = np.where(orientation.valid[..., None], without_heading(in_segment), np.nan)
    return dataclasses.replace(block, rate_hz=25.0, quat=quat, valid=orientation.valid)
