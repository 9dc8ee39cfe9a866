"""A sensor that was moved on its segment is noticed, and known no more until the next stance."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from gateway import quaternion
from gateway.messages import (
    BodyBlock,
    Calibration,
    FloatArray,
    Marker,
    Message,
    Place,
)
from inference.calibration.remounting import Rested, moved_at_rest
from simulators.places import PLACES
from simulators.plans import Plan, WornSensor, address
from simulators.plans.recording import PlannedRecording
from simulators.sensing.faults import Fault, FaultKind
from tests.inference.figure import RATE_HZ, motion, ramp, standing, walking, waves, worn
from tests.playing import played

AT_S = 12.0
WORN = tuple(
    WornSensor(address(number), place, "movella_dot", 60.0)
    for number, place in enumerate(PLACES, start=1)
)


def plan(scenario: str, seconds: float, *faults: Fault) -> PlannedRecording:
    made = Plan("moved", scenario, seed=5, seconds=seconds, sensors=WORN)
    return PlannedRecording(dataclasses.replace(made, faults=faults))


def moved(messages: Sequence[Message]) -> list[tuple[float, str]]:
    return [(m.t_s, m.text) for m in messages if isinstance(m, Marker) and m.kind == "sensor_moved"]


@pytest.mark.parametrize("place", [Place.LEFT_SHANK, Place.RIGHT_FOOT, Place.LEFT_THIGH])
def test_a_sensor_that_is_turned_on_a_walking_leg_is_noticed(place: Place) -> None:
    messages = played(plan("walk", 20.0, Fault(FaultKind.REMOUNTED, place, AT_S)), 10.0)
    ((t_s, text),) = moved(messages)
    assert AT_S < t_s <= AT_S + 6.0
    assert text.startswith(f"{place}: it was moved")
    last = [m for m in messages if isinstance(m, Calibration)][-1]
    assert last.t_s == t_s
    assert not last.known[PLACES.index(place)]
    assert last.known.sum() == len(PLACES) - 1


def rest(turned_deg: dict[Place, float]) -> Rested:
    """What a rest says of sensors calibrated with z up, some of which are turned about x since."""
    up = np.tile([0.0, 0.0, 1.0], (len(PLACES), 1))
    angle = np.radians([turned_deg.get(place, 0.0) for place in PLACES])
    now = np.stack([np.zeros(len(PLACES)), np.sin(angle), np.cos(angle)])
    acc = np.repeat(9.81 * now[..., None, None], 200, axis=3)
    everyone = np.ones(len(PLACES), np.bool_)
    found = moved_at_rest(PLACES, acc, np.zeros_like(acc), up, everyone)
    assert found.rests.all()
    return found


@pytest.mark.parametrize("place", PLACES)
def test_a_rest_shows_which_sensor_was_turned(place: Place) -> None:
    found, column = rest({place: 40.0}), PLACES.index(place)
    assert np.flatnonzero(found.off[0]).tolist() == [column]
    assert np.flatnonzero(found.odd[0]).tolist() == [column]


@pytest.mark.parametrize("place", [Place.LEFT_SHANK, Place.RIGHT_SHANK, Place.PELVIS])
def test_what_cannot_lean_alone_was_moved(place: Place) -> None:
    assert np.flatnonzero(rest({place: 40.0}).moved[0]).tolist() == [PLACES.index(place)]


SITTING = {Place.LEFT_THIGH: 85.0, Place.RIGHT_THIGH: 90.0}
KNEELING = {Place.LEFT_SHANK: 80.0, Place.LEFT_FOOT: 95.0}
FEET_TUCKED_IN = {**SITTING, Place.LEFT_SHANK: -30.0, Place.RIGHT_SHANK: -30.0}
SLOUCHING = {**SITTING, Place.PELVIS: -30.0}
SQUATTING = {**FEET_TUCKED_IN, Place.PELVIS: -30.0, Place.STERNUM: -30.0}
BRIDGING = {Place.LEFT_SHANK: 30.0, Place.LEFT_THIGH: -100.0, Place.PELVIS: -70.0}
LUNGING = {Place.LEFT_THIGH: 40.0, Place.RIGHT_SHANK: -60.0, Place.RIGHT_FOOT: -50.0}


@pytest.mark.parametrize(
    "posture", [SITTING, KNEELING, FEET_TUCKED_IN, SLOUCHING, SQUATTING, BRIDGING, LUNGING]
)
def test_a_posture_turns_several_segments(posture: dict[Place, float]) -> None:
    found = rest(posture)
    assert not found.moved.any()
    assert not found.odd.any()


def test_nothing_was_moved_whatever_a_person_does() -> None:
    assert not moved(played(plan("clinic", 70.0), 10.0))


def test_a_sensor_that_is_moved_twice_is_said_to_be_loose() -> None:
    body = worn(standing(20))
    acc, column = body.acc.copy(), PLACES.index(Place.LEFT_SHANK)
    for since, deg in ((600, 40.0), (1300, 80.0)):
        turn = quaternion.from_rotation_vector(np.radians([0.0, deg, 0.0]))
        acc[since:, column] = quaternion.rotate(turn, body.acc[since:, column])
    told = moved(motion(dataclasses.replace(body, acc=acc)))
    assert [text.split(":")[0] for _, text in told] == ["left_shank", "left_shank"]
    assert told[1][1].endswith("moved again: tighten its strap, and stand still for two seconds")


def turned(pitch: FloatArray, place: Place, since: int) -> BodyBlock:
    """What a sensor measures that is tipped by 40° on its segment from a sample on."""
    pitch = pitch.copy()
    pitch[since:, PLACES.index(place)] += np.radians(40.0)
    return worn(pitch)


@pytest.mark.parametrize("place", [Place.LEFT_THIGH, Place.RIGHT_FOOT, Place.STERNUM])
def test_what_leans_alone_was_moved_if_walking_does_not_end_it(place: Place) -> None:
    before, walk = [standing(4), walking(8), standing(4)], [walking(6), standing(3)]
    since = len(np.concatenate(before))
    pitch = np.concatenate([*before, standing(6), *walk])
    ((t_s, text),) = moved(motion(turned(pitch, place, since)))
    assert text.startswith(f"{place}: it was moved")
    assert t_s > since / RATE_HZ + 12.0


@pytest.mark.parametrize(("place", "deg"), [(Place.LEFT_FOOT, -40.0), (Place.RIGHT_THIGH, 40.0)])
def test_a_posture_that_is_left_for_moments_moves_no_sensor(place: Place, deg: float) -> None:
    hold, column = np.zeros((300, len(PLACES))), PLACES.index(place)
    hold[:, column] = np.radians(deg)
    bounce = np.repeat(hold[:1], 300, axis=0)
    bounce[:, column] -= np.sign(deg) * waves(20.0, 0.6, 5)
    reach = np.repeat(hold[:1] * 0, 101, axis=0)
    reach[:, column] = ramp([0.0, deg], [1.0])
    exercise = [reach, hold, bounce, hold, bounce, hold, reach[::-1]]
    pitch = np.concatenate([standing(4), walking(8), standing(4), *exercise, standing(3)])
    assert not moved(motion(worn(pitch)))
