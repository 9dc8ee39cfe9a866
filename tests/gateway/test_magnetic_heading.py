"""Heading from magnetic north: where the field is good, and only there."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gateway import quaternion
from gateway.messages import BodyBlock, FloatArray, Message, OrientationBlock, Place
from gateway.orientation.inclination_filter import SETTLE_S
from gateway.orientation.stage import Orientation
from tests.contract import assert_stage_contract, piece, push_all

RATE_HZ = 100.0
FIELD = np.array([0.0, 18.0, -42.0])
"""ENU, µT: that of central Europe."""
DISTURBED = slice(4000, 4300)
NO_FIELD = slice(2000, 2050)


def turned(seconds: float) -> FloatArray:
    """Quaternions (T, 4) sensor → earth of a board that is turned about all axes."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    roll_pitch_yaw = np.stack(
        [0.5 * np.sin(1.1 * t), 0.4 * np.sin(0.7 * t), 2.0 * np.sin(0.5 * t) + 1.0], axis=1
    )
    return quaternion.from_euler(roll_pitch_yaw)


def measured(quat: FloatArray) -> BodyBlock:
    """What two boards feel, the second without a magnetometer; a magnet passes the first."""
    inverse = quaternion.conjugate(quat)
    field = np.tile(FIELD, (len(quat), 1))
    field[DISTURBED] += [30.0, 0.0, 0.0]
    step = quaternion.to_rotation_vector(quaternion.multiply(inverse[:-1], quat[1:]))
    gyr = np.concatenate([np.zeros((1, 3)), step * RATE_HZ])
    acc = quaternion.rotate(inverse, np.array([0.0, 0.0, 9.81]))
    mag = np.full((len(quat), 2, 3), np.nan)
    mag[:, 0] = quaternion.rotate(inverse, field)
    mag[NO_FIELD, 0] = 0.0
    valid = np.ones((len(quat), 2), np.bool_)
    acc, gyr = (np.repeat(values[:, None], 2, axis=1) for values in (acc, gyr))
    places = (Place.PELVIS, Place.STERNUM)
    return BodyBlock("p", 0, RATE_HZ, 0, places, acc, gyr, valid, valid.copy(), mag)


def orientation(block: BodyBlock) -> OrientationBlock:
    (made,) = push_all(Orientation(), [block])
    assert isinstance(made, OrientationBlock)
    return made


def error_deg(estimated: FloatArray, truth: FloatArray) -> FloatArray:
    error = quaternion.multiply(estimated, quaternion.conjugate(truth))
    return np.asarray(np.degrees(np.linalg.norm(quaternion.to_rotation_vector(error), axis=-1)))


def test_heading_is_from_north_and_keeps_while_a_magnet_passes() -> None:
    truth = turned(60.0)
    made = orientation(measured(truth))
    assert made.absolute is not None
    assert made.undisturbed is not None
    known = made.undisturbed[:, 0]
    assert known[1500:1990].all()
    assert known[2500:3900].all()
    assert not known[DISTURBED][50:].any()
    assert error_deg(made.absolute[2500:, 0], truth[2500:]).max() < 1.0


def test_without_a_field_there_is_only_the_arbitrary_heading() -> None:
    block = measured(turned(30.0))
    made = orientation(block)
    assert made.absolute is not None
    assert made.undisturbed is not None
    settle = round(SETTLE_S * RATE_HZ)
    assert np.isnan(made.absolute[:, 1]).all()
    assert np.isnan(made.absolute[NO_FIELD, 0]).all()
    assert np.isnan(made.absolute[:settle, 0]).all()
    assert np.isfinite(made.absolute[settle : NO_FIELD.start, 0]).all()
    assert not made.undisturbed[:, 1].any()
    assert not made.undisturbed[NO_FIELD, 0].any()
    plain = orientation(dataclasses.replace(block, mag=None))
    assert plain.absolute is None
    assert plain.undisturbed is None
    assert np.array_equal(plain.quat, made.quat, equal_nan=True)


def test_what_is_known_of_the_field_outlasts_a_gap() -> None:
    truth = turned(40.0)
    block = measured(truth)
    valid = block.valid.copy()
    valid[2500:2600] = False
    made = orientation(dataclasses.replace(block, valid=valid))
    assert made.absolute is not None
    assert made.undisturbed is not None
    assert made.undisturbed[2800:3900, 0].all()
    assert error_deg(made.absolute[3200:3900, 0], truth[3200:3900]).max() < 4.0


@pytest.mark.parametrize("seed", [1, 2])
def test_keeps_the_contract(seed: int) -> None:
    whole = measured(turned(24.0))
    blocks: list[Message] = [piece(whole, first, first + 600) for first in range(0, 2400, 600)]
    assert_stage_contract(Orientation, blocks, seed)
