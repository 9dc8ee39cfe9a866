"""How a sensor is said to be, and why."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gateway.messages import BodyBlock, Figure, LinkState, Place, SensorStatus
from gateway.sensor_condition import HALF, condition
from simulators.plans.files import read_plan
from simulators.plans.recording import PlannedRecording
from tests.playing import played

GOOD = SensorStatus(
    person="p",
    t_s=1.0,
    sensor="a",
    place=Place.PELVIS,
    rate_hz=100.0,
    loss=0.0,
    lost=0,
    refused=0,
    late=0,
    clipped=0,
    clock_error_s=1e-3,
    battery=0.8,
)


@pytest.mark.parametrize(
    ("changed", "state", "why"),
    [
        ({}, "good", ""),
        ({"link": LinkState.STREAMING}, "good", ""),
        ({"clipped": 1}, "good", ""),
        ({"rate_hz": 0.0, "loss": 1.0}, "silent", ""),
        ({"rate_hz": 0.0, "link": LinkState.STREAMING, "battery": np.nan}, "silent", ""),
        ({"link": LinkState.LOST, "why": "out of range"}, "lost", "out of range"),
        (
            {"link": LinkState.LOST, "why": "out of range", "battery": 0.02},
            "lost",
            "out of range; its battery was at 2%, charge it",
        ),
        ({"link": LinkState.SEARCHING, "rate_hz": 40.0}, "searching", ""),
        ({"wrong": "its axis is dead", "loss": 1.0}, "wrong", "its axis is dead"),
        ({"loss": 0.25}, "poor", "25% of its samples are missing"),
        ({"rate_hz": np.nan, "loss": np.nan, "link": LinkState.STREAMING}, "good", ""),
        ({"rate_hz": np.nan, "link": LinkState.LOST, "why": "off"}, "lost", "off"),
        ({"loss": np.nan}, "poor", HALF),
        ({"clipped": 30}, "poor", "30 samples were at the end of its range"),
    ],
)
def test_a_sensor_is_said_to_be_as_it_is(changed: dict[str, object], state: str, why: str) -> None:
    assert condition(dataclasses.replace(GOOD, **changed)) == (state, why)  # type: ignore[arg-type]


def test_a_sensor_that_feels_no_motion_or_half_of_it_is_neither_silent_nor_lossy() -> None:
    text = """
    sensors = [
        { driver = "movella_dot", place = "left_foot" },
        { driver = "standard" },
        { driver = "microbit", place = "sternum" },
    ]
    """
    plan = dataclasses.replace(read_plan(text, "f"), seconds=4.0)
    made = list(played(PlannedRecording(plan), 4.0))
    told = {m.place: m for m in made if isinstance(m, SensorStatus)}
    strap, board, foot = (told[place] for place in (None, Place.STERNUM, Place.LEFT_FOOT))
    assert {m.places for m in made if isinstance(m, BodyBlock)} == {
        (Place.LEFT_FOOT, Place.STERNUM)
    }
    assert {m.name for m in made if isinstance(m, Figure)} >= {"heart_rate"}
    assert np.isnan([strap.rate_hz, strap.loss, board.loss]).all()
    assert board.rate_hz > 40
    assert foot.loss < 0.1
    assert condition(strap) == condition(foot) == ("good", "")
    assert condition(board) == ("poor", HALF)
