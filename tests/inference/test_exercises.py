"""Every exercise in the folder: thresholds in order, and what its posture lets through."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.messages import FloatArray, JointAngleBlock, Side
from inference.exercises import Exercise, Pose, exercises, outside_of
from inference.joints.flexion import JointAngles
from inference.repetitions.excursions import (
    EFFORT,
    ELSEWHERE,
    MOVING,
    REST,
    UNKNOWN,
    angle_in_posture,
    phases,
)
from tests.inference.figure import segments, standing

SQUAT, EXTENSION = exercises()["squat"], exercises()["knee-extension"]
THIGHS, SHANKS, FEET = slice(1, 3), slice(3, 5), slice(5, 7)


def figure(thighs: list[float], shanks: list[float], feet: float = 0.0) -> FloatArray:
    """Pitch (1, 8) in rad of a figure, thighs and shanks left and right in degrees."""
    pitch = standing(0.01)
    pitch[:, THIGHS], pitch[:, SHANKS] = np.radians(thighs), np.radians(shanks)
    pitch[:, FEET] = np.radians(feet)
    return pitch


def pose(pitch: FloatArray) -> Pose:
    block = segments(pitch)
    (angles,) = JointAngles().push(block)
    assert isinstance(angles, JointAngleBlock)
    return Pose.of(angles, block)


def phase(exercise: Exercise, pitch: FloatArray, side: Side | None = None) -> int:
    seen = pose(pitch)
    outside = outside_of(seen, exercise.windows(side))
    (found,) = phases(exercise, exercise.course(seen, side), outside)
    return int(found)


@pytest.mark.parametrize("exercise", exercises().values(), ids=lambda e: e.name)
def test_thresholds_follow_one_another_from_rest_to_target(exercise: Exercise) -> None:
    way = [exercise.rest_deg, exercise.leave_deg, exercise.effort_deg]
    way.append(exercise.target_edge_deg(exercise.target_deg))
    assert way == sorted(way, reverse=exercise.direction < 0)
    assert exercise.target_deg[0] < exercise.target_deg[1]


@pytest.mark.parametrize("exercise", exercises().values(), ids=lambda e: e.name)
def test_every_exercise_says_in_sentences_what_to_do(exercise: Exercise) -> None:
    assert exercise.how.endswith(".")
    assert exercise.further
    assert exercise.less


@pytest.mark.parametrize("exercise", exercises().values(), ids=lambda e: e.name)
def test_a_course_keeps_the_samples_and_knows_what_is_missing(exercise: Exercise) -> None:
    unknown = np.full((5, 6), np.nan)
    nothing = Pose(unknown, (), np.empty((5, 0)), np.zeros((5, 6), dtype=bool))
    for side in exercise.sides:
        course = exercise.course(nothing, side)
        assert list(phases(exercise, course)) == [UNKNOWN] * 5
        assert np.isnan(angle_in_posture(exercise, course)).all()


@pytest.mark.parametrize(
    ("pitch", "expected"),
    [
        (figure([0, 0], [0, 0]), REST),
        (figure([25, 25], [-10, -10]), MOVING),
        (figure([60, 60], [-25, -25]), EFFORT),
        (figure([60, 60], [-25, -25], feet=-40), ELSEWHERE),
        (figure([70, 20], [-30, 0]), ELSEWHERE),
        (figure([88, 88], [0, 0]), MOVING),
        (figure([60, 60], [60, 60]), ELSEWHERE),
        (figure([20, 20], [-40, -40]), MOVING),
    ],
    ids=[
        "standing", "on the way", "down", "heels up", "one leg", "sitting", "straight legs raised",
        "heels to the back",
    ],
)  # fmt: skip
def test_a_squat_is_told_by_its_posture(pitch: FloatArray, expected: int) -> None:
    assert phase(SQUAT, pitch) == expected


@pytest.mark.parametrize(
    ("pitch", "expected"),
    [
        (figure([88, 88], [0, 0]), REST),
        (figure([88, 88], [40, 0]), MOVING),
        (figure([88, 88], [75, 0]), EFFORT),
        (figure([0, 0], [0, 0]), ELSEWHERE),
        (figure([40, 40], [0, 0]), ELSEWHERE),
    ],
    ids=["seated", "on the way", "straight", "standing", "standing up"],
)
def test_a_knee_extension_is_told_by_its_posture(pitch: FloatArray, expected: int) -> None:
    assert phase(EXTENSION, pitch, Side.LEFT) == expected


def test_the_angle_is_not_shown_where_the_posture_is_another() -> None:
    shown = [
        float(angle_in_posture(SQUAT, SQUAT.course(pose(pitch), None))[0])
        for pitch in (figure([60, 60], [-25, -25]), figure([88, 88], [0, 0]))
    ]
    assert np.isclose(shown[0], 85)
    assert np.isnan(shown[1])
