"""The freeze index: on waves of which it is known, on walking people, and where it is withheld."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.messages import Figure, FloatArray, Message, Place, SegmentBlock, Side
from gateway.recordings import Recording, open_recording
from inference.measures.freeze_index import FreezeIndex, Windows, band_powers
from simulators.recording import Equipment, SimulatedRecording
from tests.contract import run
from tests.data import data_set
from tests.playing import played

GRAVITY = 9.80665
FEET = (Place.LEFT_FOOT, Place.RIGHT_FOOT)
SHANKS = (Place.LEFT_SHANK, Place.RIGHT_SHANK)


def waves(rate_hz: float, *parts: tuple[float, float], seconds: float = 10.0) -> FloatArray:
    """Return (N,) the sum of sines of (Hz, amplitude)."""
    t_s = np.arange(round(seconds * rate_hz)) / rate_hz
    total: FloatArray = sum((size * np.sin(2 * np.pi * hz * t_s) for hz, size in parts), t_s * 0.0)
    return total


def leg(along: FloatArray, rate_hz: float) -> list[Message]:
    """Return the block of an upright left shank that is accelerated so along itself."""
    count = len(along)
    acc = np.zeros((count, 1, 3))
    acc[:, 0, 1] = GRAVITY + along
    quat = np.tile([1.0, 0.0, 0.0, 0.0], (count, 1, 1))
    valid, known = np.isfinite(acc[..., 1]), np.ones(1, bool)
    places, gyr = (Place.LEFT_SHANK,), np.zeros((count, 1, 3))
    return [SegmentBlock("p", 0, rate_hz, 0, places, acc, gyr, quat, valid, valid, known)]


def figures(blocks: Sequence[Message]) -> list[Figure]:
    return [made for made in run(FreezeIndex(), blocks) if isinstance(made, Figure)]


@given(
    rate_hz=st.sampled_from([25.0, 60.0, 100.0, 204.8]),
    walks_hz=st.floats(0.9, 2.6),
    trembles_hz=st.floats(3.4, 7.6),
    walks=st.floats(0.5, 5.0),
    trembles=st.floats(0.5, 5.0),
)
def test_it_is_the_ratio_of_the_powers(
    rate_hz: float, walks_hz: float, trembles_hz: float, walks: float, trembles: float
) -> None:
    made = figures(leg(waves(rate_hz, (walks_hz, walks), (trembles_hz, trembles)), rate_hz))
    assert len(made) in {4, 5}
    for figure in made:
        assert (figure.side, figure.unit) == (Side.LEFT, "1")
        assert figure.value == pytest.approx((trembles / walks) ** 2, rel=0.05)


def test_power_is_that_of_the_wave() -> None:
    walking, freezing = band_powers(waves(100.0, (1.5, 2.0), seconds=6.0)[None], Windows.at(100.0))
    assert float(walking[0, 0]) == pytest.approx(2.0, rel=0.01)
    assert float(freezing[0, 0]) == pytest.approx(0.0, abs=1e-3)


def test_a_leg_that_is_still_has_none() -> None:
    assert figures(leg(waves(100.0, (5.0, 0.2)), 100.0)) == []


def test_too_few_measured_samples_withhold_it() -> None:
    rise = waves(100.0, (1.5, 2.0), seconds=12.0)
    rise[300:500] = np.nan  # the first windows are one third without
    withheld = figures(leg(rise, 100.0))
    assert [math.isnan(figure.value) for figure in withheld] == [True] * 4 + [False] * 2
    assert withheld[0].quality.withheld == "only 67% of the samples were measured"


def test_slow_grids_have_none() -> None:
    assert figures(leg(waves(15.0, (1.5, 2.0)), 15.0)) == []


@pytest.mark.parametrize("places", [FEET, SHANKS])
def test_both_legs_are_told_whichever_sensor_they_wear(places: tuple[Place, ...]) -> None:
    worn = Equipment(places=places)
    made = told(SimulatedRecording("walk", 5, 20.0, equipment=worn))
    assert {figure.side for figure in made} == set(Side)


def test_a_healthy_person_walks_rather_than_trembles() -> None:
    made = told(open_recording(data_set("gaitmap_foot") / "imu_sample.csv"))
    assert len(made) > 50
    assert np.median([figure.value for figure in made]) < 1.0


def told(recording: Recording) -> list[Figure]:
    made = played(recording, 20.0)
    return [m for m in made if isinstance(m, Figure) and m.name == "freeze_index"]
