"""Sensors that are exchanged are noticed in walking, and nobody is told so who wears them right."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from gateway.messages import IntArray, Marker, Message
from inference.calibration.stage import SegmentCalibration
from simulators.body import body_blocks
from simulators.movement.motion import simulate_motion
from simulators.places import PLACES
from tests.contract import assert_stage_contract, run
from tests.inference.guided import AS_TOLD, oriented


def messages(
    seed: int, order: IntArray, scenario: str = "walk", seconds: float = 30.0
) -> list[Message]:
    """A session of the simulated person, whose sensors are in another order than is said."""
    print(f"seed {seed}")  # noqa: T201, reproduces the person
    blocks = body_blocks(simulate_motion(scenario, seconds, seed=seed), 5.0, seed=seed)
    return oriented(
        dataclasses.replace(b, acc=b.acc[:, order].copy(), gyr=b.gyr[:, order].copy())
        for b in blocks
    )


def exchanged(made: Sequence[Message]) -> list[str]:
    return [m.text for m in made if isinstance(m, Marker) and m.kind == "sensor_exchanged"]


def order_of(*pairs: tuple[int, int]) -> IntArray:
    order = AS_TOLD.copy()
    for one, other in pairs:
        order[[one, other]] = other, one
    return order


@pytest.mark.parametrize("pair", [(1, 2), (3, 4), (3, 5), (0, 7)])
def test_two_sensors_that_are_exchanged_are_named(pair: tuple[int, int]) -> None:
    told = exchanged(run(SegmentCalibration(), messages(1, order_of(pair))))
    names = [str(PLACES[index]) for index in pair]
    assert sorted(text.split(":")[0] for text in told) == sorted(names)
    assert f"on the {names[0].replace('_', ' ')}" in " ".join(told)


def test_legs_that_are_exchanged_altogether_are_noticed() -> None:
    told = exchanged(run(SegmentCalibration(), messages(2, order_of((1, 2), (3, 4), (5, 6)))))
    assert len(told) == 6


@pytest.mark.parametrize("scenario", ["walk", "squat", "knee-extension", "clinic", "calibration"])
def test_nothing_is_said_where_all_is_right(scenario: str) -> None:
    made = run(SegmentCalibration(), messages(3, AS_TOLD, scenario, 60.0))
    assert not [m for m in made if isinstance(m, Marker)]


def test_keeps_the_contract() -> None:
    assert_stage_contract(SegmentCalibration, messages(4, order_of((3, 4))), 4)


def test_it_is_said_once() -> None:
    told = exchanged(run(SegmentCalibration(), messages(5, order_of((1, 2)), seconds=60.0)))
    assert len(told) == 2
    assert np.unique(told).size == 2
