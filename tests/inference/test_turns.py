"""Turns: made ones, those of the simulator, and the U-turns of a data set."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.app.validation.wearing import Wearing
from gateway.messages import Figure, FloatArray, Message, Place, SegmentBlock
from gateway.recordings import open_recording
from inference.measures.turns import LEAST_RAD, Turns
from simulators.recording import Equipment, SimulatedRecording
from tests.contract import run
from tests.data import data_set
from tests.playing import played

RATE_HZ = 100.0
PELVIS = (Place.PELVIS,)


def turning(rate_rad_s: FloatArray, place: Place = Place.PELVIS) -> SegmentBlock:
    """Return the block of an upright segment that turns to the left so fast."""
    count = len(rate_rad_s)
    gyr, acc = np.zeros((count, 1, 3)), np.zeros((count, 1, 3))
    gyr[:, 0, 1] = rate_rad_s
    upright = [math.sqrt(0.5), math.sqrt(0.5), 0.0, 0.0]  # the segment's y is earth's z
    quat = np.tile(upright, (count, 1, 1))
    valid = np.isfinite(gyr[..., 1])
    known = np.ones(1, bool)
    return SegmentBlock("p", 0, RATE_HZ, 0, (place,), acc, gyr, quat, valid, valid, known)


def hump(angle_rad: float, seconds: float) -> FloatArray:
    """Return the rate of a smooth turn with five seconds of rest on either side."""
    phase = np.arange(round(seconds * RATE_HZ)) / (seconds * RATE_HZ)
    rate = angle_rad / seconds * (1 - np.cos(2 * np.pi * phase))
    return np.pad(rate, round(5 * RATE_HZ))


def told(messages: list[Message], name: str = "turn_angle") -> list[Figure]:
    return [m for m in messages if isinstance(m, Figure) and m.name == name]


@given(
    degrees=st.floats(60.0, 360.0),
    seconds=st.floats(1.0, 6.0),
    left=st.booleans(),
    place=st.sampled_from([Place.PELVIS, Place.STERNUM]),
)
def test_a_turn(degrees: float, seconds: float, left: bool, place: Place) -> None:
    angle_rad = math.radians(degrees) * (1 if left else -1)
    (turn,) = told(run(Turns(), [turning(hump(angle_rad, seconds), place)]))
    assert turn.value == pytest.approx(angle_rad, rel=0.08)
    assert turn.side is None
    assert turn.t_s == pytest.approx(5.0 + seconds, abs=1.0)


def test_what_is_no_turn() -> None:
    t_s = np.arange(3000) / RATE_HZ
    walking = np.radians(30.0) * np.sin(2 * np.pi * 0.9 * t_s)
    for rate in (walking, hump(0.8 * LEAST_RAD, 2.0), hump(math.radians(100.0), 60.0)):
        assert not told(run(Turns(), [turning(rate)]))


def test_turns_beside_missing_samples_are_withheld() -> None:
    rate = hump(2 * math.pi, 3.0)
    rate[600:700] = np.nan
    before, after = told(run(Turns(), [turning(rate)]))
    for turn in (before, after):
        assert math.isnan(turn.value)
        assert "of the samples were measured" in turn.quality.withheld


def test_turns_of_the_simulated_person() -> None:
    worn = Equipment(places=PELVIS)
    made = played(SimulatedRecording("walk", 3, 40.0, equipment=worn), 20.0)
    angles = [turn.value for turn in told(made)]
    assert angles == pytest.approx([math.pi, math.pi], rel=0.1)


def test_u_turns_of_voisard() -> None:
    folder = data_set("voisard_healthy_gait") / "GaitData"
    for trial in ("1-1", "2-1", "5-2", "9-1", "10-2"):
        made = played(Wearing(open_recording(folder / f"{trial}.json"), PELVIS), 20.0)
        begins, ends = json.loads((folder / f"{trial}.json").read_text())["UTurnBoundaries"]
        within = [t for t in told(made) if begins / 100.0 < t.t_s < ends / 100.0 + 1.5]
        assert [abs(turn.value) for turn in within] == pytest.approx([math.pi], rel=0.12)
