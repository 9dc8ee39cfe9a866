"""Which sensor is where on which arm, whatever their mounting, places, and the ways of the arms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gateway.messages import GuidedCalibration, GuideState, IntArray, Message, Place, Places
from inference.calibration.arm_placement import ARMS, MOVEMENTS, arm_placement
from inference.guide.stage import CalibrationGuide
from tests.contract import assert_stage_contract
from tests.inference.armed import EVERYWHERE, armed
from tests.inference.guided import guided, oriented

WRISTS = (Place.LEFT_FOREARM, Place.RIGHT_FOREARM)
ARM_STEPS = ["raise the left arm", "raise the right arm", "bend the elbows"]


def result(messages: Sequence[Message]) -> GuidedCalibration:
    (made,) = [m for m in messages if isinstance(m, GuidedCalibration)]
    return made


def steps(messages: Sequence[Message]) -> list[str]:
    return list(dict.fromkeys(m.step for m in messages if isinstance(m, GuideState)))


def exchanged(worn: Places, *pairs: tuple[Place, Place]) -> IntArray:
    order = np.arange(len(worn))
    for one, other in pairs:
        here, there = worn.index(one), worn.index(other)
        order[[here, there]] = there, here
    return order


@pytest.mark.parametrize("seed", [1, 2])
def test_twelve_sensors_are_where_they_are_said_to_be(seed: int) -> None:
    messages = guided(armed(seed))
    made = result(messages)
    assert steps(messages)[1:4] == ARM_STEPS
    assert made.found == EVERYWHERE
    assert made.confidence.min() > 0.95
    assert not [remark for remark in made.remarks if "exchanged" in remark]


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_twelve_sensors_at_any_place_are_recognised(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(EVERYWHERE))
    made = result(guided(armed(seed, order=order)))
    assert made.found == tuple(EVERYWHERE[index] for index in order)
    assert made.confidence.min() > 0.9


@pytest.mark.parametrize("seed", [6, 7])
def test_sensors_of_the_arms_are_told_from_one_another(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(ARMS))
    messages = guided(armed(seed, ARMS, order))
    made = result(messages)
    assert steps(messages) == ["stand still", *ARM_STEPS, "stand still again", "done"]
    assert made.found == tuple(ARMS[index] for index in order)
    assert made.confidence.min() > 0.95


def test_two_wrists_exchanged_are_said_in_words() -> None:
    worn = (Place.PELVIS, *WRISTS)
    made = result(guided(armed(8, worn, exchanged(worn, WRISTS))))
    assert made.found == (Place.PELVIS, *WRISTS[::-1])
    (told,) = [remark for remark in made.remarks if "exchanged" in remark]
    assert told.startswith("the sensors of left forearm and right forearm are exchanged")


def test_one_arm_is_asked_for_alone() -> None:
    worn = (Place.RIGHT_UPPER_ARM, Place.RIGHT_FOREARM)
    messages = guided(armed(9, worn, exchanged(worn, worn)))
    assert steps(messages)[1:-2] == ["raise the right arm", "bend the elbows"]
    assert result(messages).found == worn[::-1]


def test_a_sensor_of_the_arm_on_a_leg_is_found_there() -> None:
    pair = (Place.LEFT_THIGH, Place.LEFT_FOREARM)
    made = result(guided(armed(10, order=exchanged(EVERYWHERE, pair))))
    assert made.found[EVERYWHERE.index(pair[0])] is pair[1]
    assert made.found[EVERYWHERE.index(pair[1])] is pair[0]
    (told,) = [remark for remark in made.remarks if "exchanged" in remark]
    assert told.startswith("the sensors of left thigh and left forearm are exchanged")


def test_without_arms_nothing_is_asked_of_them() -> None:
    worn = (Place.PELVIS, Place.LEFT_FOOT)
    assert not set(ARM_STEPS) & set(steps(guided(armed(11, worn)[:4])))


def test_arms_that_did_not_move_are_where_they_are_said_to_be_and_unsure() -> None:
    where = arm_placement(np.full((MOVEMENTS, 4), np.nan), ARMS)
    assert where.places == ARMS
    assert where.confidence.max() < 0.9


def test_keeps_the_contract() -> None:
    assert_stage_contract(CalibrationGuide, oriented(armed(12, (Place.LEFT_FOOT, *WRISTS))), 12)
