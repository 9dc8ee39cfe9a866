"""Which places are worn makes no difference to those that are."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from gateway.app.pipeline import build_pipe
from gateway.config.settings import Config
from gateway.messages import (
    BodyAngleBlock,
    BodyBlock,
    Calibration,
    JointAngleBlock,
    Message,
    OrientationBlock,
    Place,
    Places,
    SegmentBlock,
)
from gateway.stage import Chain
from gateway.worn import at_places, columns
from inference.joints.angle_columns import angle_columns
from simulators.body import body_blocks
from simulators.movement.motion import simulate_motion
from tests.contract import assert_same, run

FEET = (Place.LEFT_FOOT, Place.RIGHT_FOOT)
LEG = (Place.RIGHT_THIGH, Place.RIGHT_SHANK, Place.RIGHT_FOOT)
APART = (Place.PELVIS, Place.LEFT_THIGH, Place.LEFT_SHANK, Place.RIGHT_FOOT, Place.STERNUM)
ARMS = (Place.LEFT_UPPER_ARM, Place.RIGHT_FOREARM)


def test_neighbours_are_a_slice_and_others_an_index() -> None:
    assert columns(APART, (Place.LEFT_THIGH, Place.LEFT_SHANK)) == slice(1, 3)
    found = columns(APART, (Place.PELVIS, Place.RIGHT_THIGH, Place.STERNUM))
    assert np.arange(5)[found].tolist() == [0, 4]


def test_what_is_not_worn_is_nan_or_false() -> None:
    values = np.arange(10.0).reshape(2, 5)
    expected = [[np.nan, 3.0], [np.nan, 8.0]]
    assert np.array_equal(at_places(values, APART, FEET), expected, equal_nan=True)
    assert np.array_equal(at_places(values >= 0, APART, FEET), [[False, True]] * 2)


def after_alignment() -> Chain:
    """All stages that see the body."""
    pipe = build_pipe(Config(), "p", (), 0, 100.0, 0.02)
    return Chain(pipe.stages[3:])


def squats() -> list[BodyBlock]:
    return body_blocks(simulate_motion("squat", 20.0, 7, 100.0), 4.0, 7)


def narrowed(block: BodyBlock, places: Places) -> BodyBlock:
    acc, gyr, valid, real = (
        at_places(values, block.places, places)
        for values in (block.acc, block.gyr, block.valid, block.real)
    )
    return dataclasses.replace(block, places=places, acc=acc, gyr=gyr, valid=valid, real=real)


_BY_PLACE = (OrientationBlock, SegmentBlock, Calibration)


def without_silent(message: Message, places: Places) -> Message:
    """The message without the columns of places other than ``places``."""
    if isinstance(message, BodyAngleBlock):
        return with_angles(message, angle_columns(places).names)
    if not isinstance(message, _BY_PLACE):
        return message
    axis = 0 if isinstance(message, Calibration) else 1
    kept = columns(message.places, places)
    changed: dict[str, Any] = {"places": places}
    for field in dataclasses.fields(message):
        value = getattr(message, field.name)
        if isinstance(value, np.ndarray):
            along = 0 if field.name == "calibrated" else axis
            changed[field.name] = value[kept] if along == 0 else value[:, kept]
    return dataclasses.replace(message, **changed)


def with_angles(message: BodyAngleBlock, names: tuple[str, ...]) -> BodyAngleBlock:
    """The message with the angles ``names`` only."""
    kept = [message.names.index(name) for name in names]
    changed: dict[str, Any] = {
        field: getattr(message, field)[:, kept]
        for field in ("angle_rad", "sd_rad", "valid", "real")
    }
    return dataclasses.replace(message, names=names, **changed)


def tells(message: Message) -> bool:
    """Say whether the message has anything to tell: of some sensors there are no such angles."""
    return not isinstance(message, BodyAngleBlock) or bool(message.names)


@pytest.mark.parametrize("places", [FEET, LEG, APART], ids=["feet", "leg", "apart"])
def test_a_place_without_a_sensor_is_as_one_whose_sensor_is_silent(places: Places) -> None:
    narrow = [narrowed(block, places) for block in squats()]
    wide = [narrowed(block, tuple(Place)) for block in narrow]
    expected = [without_silent(message, places) for message in run(after_alignment(), wide)]
    assert_same(run(after_alignment(), narrow), filter(tells, expected))


def test_arms_alone_are_followed_and_say_nothing_of_legs() -> None:
    """Arms that hang like a leg stands: what is known of legs does not come of them."""
    legs = (Place.LEFT_FOOT, Place.RIGHT_SHANK)
    blocks = [dataclasses.replace(narrowed(block, legs), places=ARMS) for block in squats()]
    made = run(after_alignment(), blocks)
    segments = [message for message in made if isinstance(message, SegmentBlock)]
    assert segments[-1].places == ARMS
    assert segments[-1].valid.all()
    assert segments[-1].calibrated.all()
    angles = [message for message in made if isinstance(message, JointAngleBlock)]
    assert not any(message.valid.any() for message in angles)
