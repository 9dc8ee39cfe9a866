"""The guide through poses: which count, what it says, and the contract of a stage."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.messages import (
    AccelerometerCalibration,
    BodyBlock,
    BoolArray,
    FloatArray,
    GuideState,
    Message,
    Place,
)
from inference.guide.accelerometer import AccelerometerGuide
from tests.contract import assert_stage_contract, run

PLACES = (Place.LEFT_FOOT, Place.RIGHT_FOOT)
SIDES = np.concatenate([np.eye(3), -np.eye(3)])
BIAS = np.array([[0.2, -0.1, 0.05], [0.0, 0.15, -0.2]])


def lying(sides: FloatArray, seconds: float = 3.0, seed: int = 1) -> list[BodyBlock]:
    """Two sensors that lie on ``sides`` (P, 2, 3) in turn, with a second of handling between."""
    rng = np.random.default_rng(seed)
    parts = []
    for side in sides:
        rest = np.tile(9.80665 * side + BIAS, (round(seconds * 100), 1, 1))
        parts += [rest + rng.normal(0, 0.01, rest.shape), rng.normal(0, 5, (100, 2, 3))]
    acc = np.concatenate(parts)
    there = np.ones(acc.shape[:2], np.bool_)
    return [_block(k, acc[k : k + 250].copy(), there[k : k + 250].copy()) for k in _starts(acc)]


def _starts(acc: FloatArray) -> range:
    return range(0, len(acc), 250)


def _block(start: int, acc: FloatArray, there: BoolArray) -> BodyBlock:
    return BodyBlock("p", start, 100.0, 0, PLACES, acc, np.zeros_like(acc), there, there.copy())


def alike(sides: FloatArray) -> FloatArray:
    """Both sensors on the same ``sides`` (P, 3)."""
    return np.repeat(sides[:, None], 2, axis=1)


def states(messages: list[Message]) -> list[GuideState]:
    return [m for m in messages if isinstance(m, GuideState)]


def test_six_sides_show_the_bias() -> None:
    messages = run(AccelerometerGuide(), lying(alike(SIDES)))
    (found,) = [m for m in messages if isinstance(m, AccelerometerCalibration)]
    assert np.abs(found.bias - BIAS).max() < 0.02
    assert np.abs(found.scale - 1).max() < 0.003
    assert found.remarks == ()
    assert states(messages)[-1].done


def test_the_same_side_again_does_not_count() -> None:
    messages = run(AccelerometerGuide(), lying(alike(SIDES[[0, 0, 0, 1, 1]])))
    last = states(messages)[-1]
    assert (last.number, last.progress, last.done) == (3, 2 / 6, False)
    assert "Now lay them on another side" in {state.hint for state in states(messages)}


def test_a_sensor_that_stays_behind_is_named() -> None:
    sides = alike(SIDES)
    sides[:, 1] = SIDES[0]
    last = states(run(AccelerometerGuide(), lying(sides)))[-1]
    assert last.hint == "Not yet on as many sides as the others: right foot"


@pytest.mark.parametrize("seed", [1, 2])
def test_keeps_the_contract(seed: int) -> None:
    assert_stage_contract(AccelerometerGuide, lying(alike(SIDES), seed=seed), seed)
