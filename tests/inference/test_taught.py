"""Taught exercises: shown three times, then counted, told apart and judged live."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gateway.errors import UsageError
from gateway.messages import (
    BodyBlock,
    Execution,
    ExerciseState,
    FloatArray,
    Message,
    OrientationBlock,
    Place,
    Repetition,
)
from inference.repetitions.sets import END_OF_SET_S
from inference.taught import TaughtExercise
from inference.taught.stage import TaughtRepetitions
from inference.taught.teaching import Shown, found_repetitions, teach
from simulators.places import PLACE_INDEX
from tests.contract import assert_stage_contract, run
from tests.inference.figure import RATE_HZ, knee_extensions, squats, standing, still, walking
from tests.inference.taught_exercises import (
    RIGHT_LEG,
    SIT,
    motion,
    pause,
    repetitions,
    shown_extension,
    shown_squat,
    taught,
    up,
)


@pytest.fixture(scope="module")
def both() -> list[TaughtExercise]:
    return [taught("stretch", shown_extension()), taught("bend", shown_squat())]


def told(exercises: list[TaughtExercise], pitch: FloatArray) -> list[Repetition]:
    return repetitions(run(TaughtRepetitions(exercises), motion(pitch)))


def extensions(times: int, reach_deg: float = 80.0, faster: int = 1) -> FloatArray:
    one = np.concatenate([knee_extensions(1, 1, reach_deg)[::faster], still(SIT, 0.6)])
    return np.concatenate([SIT, *[one] * times])


def gone(messages: list[Message], place: Place, where: slice) -> list[Message]:
    """The messages without the sensor at ``place`` over the samples ``where``."""
    body, orientation = messages
    assert isinstance(body, BodyBlock)
    assert isinstance(orientation, OrientationBlock)
    column = PLACE_INDEX[place]
    quat, real = orientation.quat.copy(), body.real.copy()
    quat[where, column], real[where, column] = np.nan, False
    return [
        dataclasses.replace(body, real=real),
        dataclasses.replace(orientation, quat=quat),
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_keeps_the_contract(both: list[TaughtExercise], seed: int) -> None:
    pitch = np.concatenate([extensions(2), extensions(2, 40), standing(1), squats(2), walking(3)])
    messages = gone(motion(pitch), Place.RIGHT_SHANK, slice(600, 640))
    assert_stage_contract(lambda: TaughtRepetitions(both), messages, seed)


def test_each_is_counted_and_taken_for_no_other(both: list[TaughtExercise]) -> None:
    pitch = np.concatenate([extensions(4), standing(2), squats(3), standing(1)])
    found = [(r.exercise, r.count, r.execution) for r in told(both, pitch)]
    assert found == [
        *[("stretch", n, Execution.AS_ASKED) for n in (1, 2, 3, 4)],
        *[("bend", n, Execution.AS_ASKED) for n in (1, 2, 3)],
    ]


def test_a_repetition_is_measured(both: list[TaughtExercise]) -> None:
    (one,) = told(both, extensions(1))
    assert np.isclose(np.degrees(one.rom_rad), 80, atol=2)
    assert one.target_reached
    assert 2.2 < one.start_s < 3.2
    assert 4.0 < one.end_s < 5.0
    assert np.isclose(one.outward_s, one.return_s, atol=0.3)
    assert -2.5 < one.smoothness < -1.0
    assert one.quality.real_share == 1.0


def test_too_fast_and_too_small_are_told(both: list[TaughtExercise]) -> None:
    fast, small = extensions(2, faster=2), extensions(2, reach_deg=50)
    found = [r.execution for r in told(both, np.concatenate([fast, small]))]
    assert found == [Execution.TOO_FAST] * 2 + [Execution.TOO_SMALL] * 2


def test_what_is_too_fast_and_too_small_can_be_shown() -> None:
    parts = [extensions(1), extensions(1, faster=3), extensions(1, reach_deg=20)]
    seen = up(np.concatenate(parts), RIGHT_LEG)
    ends = np.cumsum([len(part) for part in parts]) - 1 - round(RATE_HZ)
    spans = list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))
    shown = Shown(spans[:1], spans[1:2], spans[2:])
    exercise = teach("stretch", None, RIGHT_LEG, seen, shown, RATE_HZ)
    assert np.isclose(exercise.least_deg, 50, atol=3)
    assert np.isclose(exercise.least_s, exercise.duration_s / np.sqrt(3), atol=0.2)


def test_one_sensor_is_enough() -> None:
    exercise = taught("stretch", shown_extension(), (Place.RIGHT_SHANK,))
    assert [r.count for r in told([exercise], extensions(5))] == [1, 2, 3, 4, 5]


def test_walking_and_standing_are_none(both: list[TaughtExercise]) -> None:
    assert told(both, np.concatenate([standing(2), walking(20), standing(2)])) == []


def test_a_posture_is_none(both: list[TaughtExercise]) -> None:
    down = knee_extensions(1, 1)[:150]
    pitch = np.concatenate([SIT, pause(down, 20), knee_extensions(1, 1)[150:], extensions(2)])
    assert [r.count for r in told(both, pitch)] == [1, 2]


def test_a_set_ends_with_a_pause(both: list[TaughtExercise]) -> None:
    pitch = np.concatenate([extensions(2), still(SIT, END_OF_SET_S + 1), extensions(2)])
    assert [r.count for r in told(both, pitch)] == [1, 2, 1, 2]


def test_a_set_ends_when_the_person_walks_off(both: list[TaughtExercise]) -> None:
    before = np.concatenate([standing(2), *[pause(squats(1), 1)] * 2])
    pitch = np.concatenate([before, walking(5), standing(1), pause(squats(1), 1)])
    made = run(TaughtRepetitions(both), motion(pitch))
    assert [r.count for r in repetitions(made)] == [1, 2, 1]
    over = next(m for m in made if isinstance(m, ExerciseState) and not m.exercise)
    assert 1.0 < over.t_s - len(before) / RATE_HZ < 3.5
    assert_stage_contract(lambda: TaughtRepetitions(both), motion(pitch), 1)


def test_the_state_follows_and_ends_with_the_set(both: list[TaughtExercise]) -> None:
    pitch = np.concatenate([extensions(1), still(SIT, END_OF_SET_S + 3)])
    made = run(TaughtRepetitions(both), motion(pitch))
    states = [m for m in made if isinstance(m, ExerciseState)]
    assert [s.exercise for s in states] == ["stretch"] * (len(states) - 1) + [""]
    assert max(s.progress for s in states) == 1.0
    assert [states[0].count, states[-2].count] == [0, 1]
    assert np.isclose(np.degrees(max(s.value_rad for s in states[:-1])), 80, atol=2)


def test_a_hole_is_seen_in_the_quality(both: list[TaughtExercise]) -> None:
    messages = gone(motion(extensions(1)), Place.RIGHT_SHANK, slice(300, 380))
    (one,) = repetitions(run(TaughtRepetitions(both), messages))
    assert one.quality.real_share < 0.8
    assert "measured" in one.quality.withheld
    assert np.isnan([one.rom_rad, one.smoothness]).all()


def test_what_nobody_saw_is_none(both: list[TaughtExercise]) -> None:
    messages = gone(motion(extensions(2)), Place.RIGHT_SHANK, slice(250, 480))
    assert [r.count for r in repetitions(run(TaughtRepetitions(both), messages))] == [1]


def test_a_sensor_that_is_not_worn_leaves_nothing(both: list[TaughtExercise]) -> None:
    messages = gone(motion(extensions(3)), Place.RIGHT_SHANK, slice(None))
    assert run(TaughtRepetitions(both), messages) == []


def test_what_does_not_move_cannot_be_taught() -> None:
    seen = up(standing(5), RIGHT_LEG)
    assert found_repetitions(seen, RATE_HZ) == []
    with pytest.raises(UsageError, match="wear one on the part of the body that moves"):
        teach("nothing", None, RIGHT_LEG, seen, Shown([(0, 100)]), RATE_HZ)
