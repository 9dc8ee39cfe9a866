"""A stuck axis, and sensors of left and right exchanged, are noticed, told and struck out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from gateway.grid.plausibility import TICK_S, WINDOW_TICKS, Plausibility
from gateway.grid.resample import OnGrid
from gateway.messages import (
    BodyBlock,
    BoolArray,
    JointAngleBlock,
    Marker,
    Message,
    Place,
    SensorStatus,
)
from simulators.places import PLACES
from simulators.plans import Plan, WornSensor, address
from simulators.plans.recording import PlannedRecording
from simulators.sensing.faults import Fault, FaultKind
from tests.playing import played

WORN = tuple(
    WornSensor(address(number), place, "movella_dot", 60.0)
    for number, place in enumerate(PLACES, start=1)
)
PLAN = Plan("plausible", "walk", seed=5, seconds=24.0, sensors=WORN)
AT_S, FOR_S = 10.0, 6.0


def with_fault(kind: FaultKind, place: Place) -> list[Message]:
    faults = (Fault(kind, place, AT_S, FOR_S),)
    return played(PlannedRecording(dataclasses.replace(PLAN, faults=faults)), 8.0)


def told(messages: Sequence[Message]) -> list[tuple[float, str]]:
    return [(m.t_s, m.text) for m in messages if isinstance(m, Marker) and m.kind == "sensor_wrong"]


def measured(messages: Sequence[Message], place: Place) -> BoolArray:
    blocks = [m for m in messages if isinstance(m, BodyBlock)]
    return np.concatenate([m.real[:, PLACES.index(place)] for m in blocks])


def known_angles(messages: Sequence[Message]) -> BoolArray:
    """Return where (T, 6) angles of joints are told: hips, knees, ankles, left before right."""
    blocks = [m for m in messages if isinstance(m, JointAngleBlock)]
    return np.concatenate([np.isfinite(m.angle_rad) for m in blocks])


def test_a_coarse_axis_that_hardly_turns_is_not_stuck() -> None:
    """More than half of its steps change nothing, but never for long."""
    rng = np.random.default_rng(1)
    motion = rng.normal(0, 1, (1, 400, 6))
    motion[..., 5] = np.rint(rng.normal(0, 0.4, (1, 400)))
    assert np.count_nonzero(np.diff(motion[0, :, 5]) == 0) > 200
    watch = Plausibility(PlannedRecording(PLAN).sensors[:1], 100.0)
    yes = np.ones((1, 400), np.bool_)
    assert watch.judge(0, OnGrid(motion, yes, yes.copy(), ~yes, 0)) == []


@pytest.mark.parametrize("kind", [FaultKind.STUCK_AXIS, FaultKind.DEAD_AXIS])
@pytest.mark.parametrize("place", [Place.LEFT_SHANK, Place.PELVIS])
def test_an_axis_that_says_the_same_all_the_time_is_noticed(kind: FaultKind, place: Place) -> None:
    messages = with_fault(kind, place)
    (begun_s, begun), (ended_s, ended) = told(messages)
    assert begun.startswith(f"{place.replace('_', ' ')} (")
    assert "gyroscope z says the same" in begun
    assert "right again" in ended
    assert AT_S < begun_s <= AT_S + 3 * TICK_S
    assert AT_S + FOR_S <= ended_s <= AT_S + FOR_S + 3 * TICK_S
    real = measured(messages, place)
    assert not real[round(begun_s * 100) : round(ended_s * 100)].any()
    states = [m.wrong for m in messages if isinstance(m, SensorStatus) and m.place is place]
    assert sum("says the same" in state for state in states) in {5, 6, 7}


def test_a_sensor_at_the_end_of_its_range_is_as_one_that_is_missing() -> None:
    messages = with_fault(FaultKind.SATURATION, Place.PELVIS)
    (begun_s, begun), (ended_s, ended) = told(messages)
    assert "pelvis" in begun
    assert "end of its range all the time" in begun
    assert "right again" in ended
    assert AT_S < begun_s <= AT_S + 2 * TICK_S
    assert AT_S + FOR_S <= ended_s <= AT_S + FOR_S + 2 * TICK_S
    span = slice(round(begun_s * 100), round(ended_s * 100))
    blocks = [m for m in messages if isinstance(m, BodyBlock)]
    valid = np.concatenate([m.valid[:, PLACES.index(Place.PELVIS)] for m in blocks])
    assert not valid[span].any()
    known = known_angles(messages)[span].mean(axis=0)
    assert [round(share) for share in known] == [0, 0, 1, 1, 1, 1], "hips rest on the pelvis"


def test_a_sensor_that_never_measures_anything_keeps_no_other_from_being_calibrated() -> None:
    fault = Fault(FaultKind.SATURATION, Place.LEFT_THIGH, 0.1, 100.0)
    plan = dataclasses.replace(PLAN, scenario="clinic", seconds=20.0, faults=(fault,))
    known = known_angles(played(PlannedRecording(plan), 8.0))[-500:].mean(axis=0)
    assert [round(share) for share in known] == [0, 1, 0, 1, 1, 1], "left hip and left knee"


@pytest.mark.parametrize("place", [Place.LEFT_SHANK, Place.RIGHT_FOOT])
def test_sensors_of_left_and_right_that_are_exchanged_are_noticed(place: Place) -> None:
    segment = place.rpartition("_")[2]
    plural = {"shank": "shanks", "foot": "feet"}[segment]
    messages = with_fault(FaultKind.SWAPPED, place)
    found = told(messages)
    begun = {text.partition(" (")[0] for _, text in found if f"{plural} are exchanged" in text}
    assert begun == {f"left {segment}", f"right {segment}"}
    assert len(found) == 4
    window_s = TICK_S * WINDOW_TICKS
    assert all(AT_S < t_s < AT_S + window_s for t_s, text in found if "exchanged" in text)
    assert not measured(messages, place)[1420:1600].any()
    assert measured(messages, Place.LEFT_THIGH)[1420:1600].mean() > 0.9


def test_nothing_is_wrong_with_sensors_that_are_worn_as_they_should_be() -> None:
    assert not told(played(PlannedRecording(PLAN), 8.0))
