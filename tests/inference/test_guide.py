"""The guided calibration: any mounting, any place, and what it says where it is not good enough."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gateway import quaternion
from gateway.messages import (
    BodyBlock,
    FloatArray,
    GuidedCalibration,
    GuideState,
    Message,
    Place,
)
from inference.guide.stage import CalibrationGuide
from simulators.movement.motion import simulate_motion
from simulators.places import PLACE_INDEX, PLACES
from tests.contract import assert_stage_contract, run
from tests.inference.guided import AS_TOLD, Worn, following, guided, oriented

STEPS = [
    "stand still",
    "raise the left knee",
    "raise the right knee",
    "bend forward",
    "walk",
    "stand still again",
    "done",
]


def result(messages: Sequence[Message]) -> GuidedCalibration:
    (made,) = [m for m in messages if isinstance(m, GuidedCalibration)]
    return made


def states(messages: Sequence[Message]) -> list[GuideState]:
    return [m for m in messages if isinstance(m, GuideState)]


def steps(messages: Sequence[Message]) -> list[str]:
    return list(dict.fromkeys(state.step for state in states(messages)))


def off_deg(made: GuidedCalibration, worn: Worn) -> FloatArray:
    """How far (8,) each sensor's axes are from the truth."""
    found = quaternion.to_matrix(made.quat)
    turn = np.einsum("sji,sjk->sik", found, worn.axes[worn.order])
    return np.degrees(Rotation.from_matrix(turn).magnitude())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_mounting_is_right_within_a_few_degrees(seed: int) -> None:
    worn = following(seed)
    messages = guided(worn.blocks(seed))
    made = result(messages)
    assert steps(messages) == STEPS
    assert states(messages)[-1].done
    assert made.found == PLACES
    assert made.confidence.min() > 0.95
    assert made.known.all()
    assert made.front.all()
    assert off_deg(made, worn).max() < 5.0


@pytest.mark.parametrize("seed", [4, 5])
def test_sensors_at_any_place_are_recognised(seed: int) -> None:
    worn = following(seed, np.random.default_rng(seed).permutation(len(PLACES)))
    made = result(guided(worn.blocks(seed)))
    assert [PLACES.index(place) for place in made.found] == worn.order.tolist()
    assert made.confidence.min() > 0.95
    assert off_deg(made, worn).max() < 5.0


def test_left_and_right_exchanged_is_said_in_words() -> None:
    order = AS_TOLD.copy()
    order[[3, 4]] = 4, 3
    made = result(guided(following(6, order).blocks(6)))
    assert made.found[3:5] == (Place.RIGHT_SHANK, Place.LEFT_SHANK)
    (told,) = [remark for remark in made.remarks if "exchanged" in remark]
    assert told.startswith("the sensors of left shank and right shank are exchanged")


def test_upside_down_is_said_and_taken_into_account() -> None:
    worn = following(7)
    half = np.tile(np.eye(3), (len(PLACES), 1, 1))
    half[PLACE_INDEX[Place.LEFT_SHANK]] = np.diag([-1.0, -1.0, 1.0])
    worn = dataclasses.replace(worn, turned=half)
    made = result(guided(worn.blocks(7)))
    assert made.remarks == ("left shank: worn upside down, which is taken into account",)
    assert off_deg(made, worn).max() < 5.0


def turned_from(blocks: list[BodyBlock], place: Place, at_s: float, deg: float) -> list[BodyBlock]:
    """The blocks with one sensor turned on its segment from a time on."""
    column = PLACE_INDEX[place]
    turn = Rotation.from_rotvec(np.radians([0.0, deg, 0.0])).as_matrix()
    made = []
    for block in blocks:
        acc, gyr = block.acc.copy(), block.gyr.copy()
        since = block.start + np.arange(len(acc)) >= at_s * block.rate_hz
        for vectors in (acc, gyr):
            vectors[since, column] = vectors[since, column] @ turn.T
        made.append(dataclasses.replace(block, acc=acc, gyr=gyr))
    return made


def still(seed: int) -> Worn:
    """The person with all sensors as they are meant to be."""
    return dataclasses.replace(following(seed), turned=np.tile(np.eye(3), (len(PLACES), 1, 1)))


def test_a_sensor_that_slips_is_told() -> None:
    blocks = turned_from(still(8).blocks(8), Place.RIGHT_THIGH, 44.0, 25.0)
    made = result(guided(blocks))
    assert "right thigh: it slipped while you moved; tighten its strap and calibrate again" in (
        made.remarks
    )


def test_who_does_nothing_is_told_what_has_not_been_seen() -> None:
    blocks = still(9).blocks(9, 1.0)
    seen = states(guided(blocks[:6]))
    assert [s.step for s in seen][-1] == "raise the left knee"
    standing = [dataclasses.replace(blocks[4], start=100 * k) for k in range(14)]
    assert states(guided(standing))[-1].hint == "Your left knee has not been seen to rise yet"


def test_the_same_leg_again_is_told() -> None:
    """The person raises the left knee, and then the left again where the right is asked for."""
    blocks = still(10).blocks(10, 1.0)
    again = [*blocks[:16], *blocks[6:18]]
    again = [dataclasses.replace(block, start=100 * k) for k, block in enumerate(again)]
    hints = {state.hint for state in states(guided(again))}
    assert "That was the same leg as before: now raise the right knee" in hints


def test_a_missing_sensor_is_named() -> None:
    block = still(11).blocks(11, 1.0)[0]
    valid = block.valid.copy()
    valid[:, PLACE_INDEX[Place.STERNUM]] = False
    block = dataclasses.replace(block, valid=valid)
    gone = [dataclasses.replace(block, start=100 * k) for k in range(3)]
    assert (
        states(guided(gone))[-1].hint == "Nothing comes from: sternum; is it switched on and near?"
    )


def test_one_leg_alone_is_guided_without_the_other() -> None:
    columns = [3, 5]
    places = tuple(PLACES[column] for column in columns)
    blocks = [
        dataclasses.replace(
            block,
            places=places,
            **{
                name: getattr(block, name)[:, columns].copy()
                for name in ("acc", "gyr", "valid", "real")
            },
        )
        for block in still(12).blocks(12)
    ]
    messages = guided(blocks)
    assert steps(messages) == [STEPS[0], STEPS[1], *STEPS[4:]]
    assert result(messages).found == places


@pytest.mark.parametrize("seed", [14, 15])
def test_who_cannot_stand_on_one_leg_may_squat(seed: int) -> None:
    motion = simulate_motion("calibration-squats", 42.0, seed=seed)
    worn = dataclasses.replace(following(seed), motion=motion)
    messages = run(CalibrationGuide(squats=True), oriented(worn.blocks(seed)))
    assert steps(messages) == [STEPS[0], "squat", *STEPS[3:]]
    made = result(messages)
    assert made.found == PLACES
    assert made.confidence.min() > 0.9
    assert off_deg(made, worn).max() < 5.0


def test_keeps_the_contract() -> None:
    assert_stage_contract(CalibrationGuide, oriented(following(13).blocks(13)), 13)
