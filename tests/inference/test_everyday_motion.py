"""Who walks, turns, stands or gets up to fetch something does no exercise, whatever is followed."""

from __future__ import annotations

import dataclasses

import pytest

from gateway.config.settings import Config
from gateway.messages import Place, Repetition, Side
from gateway.recordings import Recording
from simulators.movement.motion import Habits
from simulators.movement.scenarios import (
    Scenario,
    SitDown,
    Stairs,
    Stand,
    StandUp,
    Turn,
    Walk,
    rest,
)
from simulators.recording import Equipment, SimulatedRecording
from tests.gateway.trials import GAITMAP, NEURA_RAW, QMT, VOISARD, Trial
from tests.playing import played

FETCHING = Scenario(
    "fetching",
    (Stand(6.0), Walk(6.0), rest(1.0)),
    (SitDown(), rest(2.0), StandUp(), Walk(2.0), Turn(2.5), Walk(2.0), Turn(2.5)),
)
"""Up from the chair, a few steps there and back, and down again, within fifteen seconds."""

WALKING_PART_S = 28.0
"""The simulated clinic's squats begin later."""

WITHOUT_MODEL = Config.model_validate({"model": {"enabled": False}})


def told(recording: Recording) -> list[Repetition]:
    return [m for m in played(recording, 5.0, WITHOUT_MODEL) if isinstance(m, Repetition)]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_way_to_the_first_exercise_is_none(seed: int) -> None:
    assert told(SimulatedRecording("clinic", seed, WALKING_PART_S)) == []


@pytest.mark.parametrize("asymmetry", [0.0, 0.3])
@pytest.mark.parametrize("speed_mps", [0.3, 0.5, 0.8, 1.2, 1.6, 2.1])
def test_walking_at_any_speed_is_none(speed_mps: float, asymmetry: float) -> None:
    assert told(SimulatedRecording("walk", 1, 38.0, habits=Habits(speed_mps, asymmetry))) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_what_calibration_asks_for_is_none(seed: int) -> None:
    """Knees are raised, and the trunk bows."""
    assert told(SimulatedRecording("calibration", seed, 45.0)) == []


def test_a_lifted_knee_is_no_squat_though_the_other_leg_is_not_known() -> None:
    one_leg = Equipment(places=(Place.LEFT_THIGH, Place.LEFT_SHANK))
    found = told(SimulatedRecording("calibration", 1, 45.0, equipment=one_leg))
    assert "squat" not in {repetition.exercise for repetition in found}
    squats = told(SimulatedRecording("squat", 1, 30.0, equipment=one_leg))
    assert {repetition.exercise for repetition in squats} == {"squat"}


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
@pytest.mark.parametrize("cadence_spm", [50.0, 70.0, None])
def test_climbing_stairs_is_none_though_the_other_leg_is_not_known(
    cadence_spm: float | None, side: Side
) -> None:
    up = Stairs(cadence_spm=cadence_spm)
    climbing = Scenario(
        "climbing",
        (Stand(6.0), Walk(8.0), rest(2.0)),
        (up, rest(2.0), dataclasses.replace(up, rise_m=-up.rise_m), rest(2.0)),
    )
    one_leg = Equipment(places=(Place(f"{side}_thigh"), Place(f"{side}_shank")))
    assert told(SimulatedRecording(climbing, 11, 48.0, equipment=one_leg)) == []


@pytest.mark.parametrize("speed_mps", [0.4, 0.6, 1.2])
def test_getting_up_to_fetch_something_is_none(speed_mps: float) -> None:
    assert told(SimulatedRecording(FETCHING, 2, 60.0, habits=Habits(speed_mps))) == []


@pytest.mark.parametrize(
    "trial", [VOISARD, GAITMAP, NEURA_RAW, QMT], ids=lambda trial: str(trial.data)
)
def test_real_people_who_walk_do_none(trial: Trial) -> None:
    """One of them lifts both arms while walking and sitting down."""
    assert told(trial.open()) == []
