"""How long batteries last, and when it is told that one will not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gateway.battery import BatteryWatch, Charge, seconds_left
from gateway.messages import BatteryLevel, Marker, Place, SensorSpec
from tests.contract import assert_stage_contract

SENSORS = (
    SensorSpec("a", Place.LEFT_FOOT, "movella_dot", 60.0),
    SensorSpec("b", Place.RIGHT_FOOT, "movella_dot", 60.0),
)
ORIGIN_NS = 5_000_000_000


def told(t_s: float, level: float, sensor: str = "a", *, charging: bool = False) -> BatteryLevel:
    return BatteryLevel(sensor, ORIGIN_NS + round(t_s * 1e9), level, charging)


def falling(from_level: float, an_hour: float, minutes: int) -> list[BatteryLevel]:
    """A level in whole percent, told four times a minute."""
    times = np.arange(0, minutes * 60, 15.0)
    return [told(t, math.ceil((from_level - an_hour * t / 3600) * 100) / 100) for t in times]


def warnings(levels: list[BatteryLevel]) -> list[Marker]:
    watch = BatteryWatch("p", SENSORS, ORIGIN_NS)
    return [made for level in levels for made in watch.push(level) if isinstance(made, Marker)]


@given(st.floats(0.05, 0.9), st.floats(0.3, 1.0))
def test_the_time_left_is_that_of_the_slope(an_hour: float, from_level: float) -> None:
    charge = Charge()
    minutes = min(60, int(from_level / an_hour * 60))
    for level in falling(from_level, an_hour, minutes):
        charge.take(level)
    if not math.isnan(charge.left_s):
        true_s = (from_level / an_hour - minutes / 60) * 3600
        # The level is known to a percent at either end of at most half an hour.
        fallen = an_hour * min(minutes, 30) / 60
        assert charge.left_s == pytest.approx(
            true_s, rel=0.02 / fallen + 0.1, abs=0.02 / an_hour * 3600
        )


def test_it_is_not_told_before_two_percent_have_gone_nor_while_it_rises() -> None:
    charge = Charge()
    for level in (0.80, 0.79):
        charge.take(told(600 * (0.80 - level) * 100, level))
        assert math.isnan(charge.left_s)
    charge.take(told(1200, 0.78))
    assert charge.left_s == pytest.approx(78 * 600, rel=0.01)
    charge.take(told(1260, 0.95))
    assert math.isnan(charge.left_s)


def test_one_wrong_reading_does_not_bend_it() -> None:
    t_s = np.arange(0, 1800, 60.0)
    levels = 0.5 - 1e-4 * t_s
    levels[10] = 0.9
    assert seconds_left(t_s, levels) == pytest.approx(levels[-1] / 1e-4, rel=0.05)
    assert math.isnan(seconds_left(np.array([0.0, 20.0]), np.array([0.5, 0.4])))


def test_a_warning_comes_once_and_again_only_after_it_was_well_above() -> None:
    levels = [0.21, 0.19, 0.21, 0.19, 0.24, 0.18, 0.26, 0.19]
    (first, second) = warnings([told(10.0 * n, level) for n, level in enumerate(levels)])
    assert (first.kind, first.t_s, second.t_s) == ("battery_low", 10.0, 70.0)
    assert first.text == "left foot (a): battery at 19%; charge it, or take another sensor"


def test_a_battery_that_falls_fast_is_told_half_an_hour_before_it_is_empty() -> None:
    (only,) = warnings(falling(0.9, 1.2, 40))
    assert "minutes left" in only.text
    empty_s = 0.9 / 1.2 * 3600
    assert empty_s - only.t_s == pytest.approx(1800, abs=180)


def test_on_the_charger_it_is_not_low() -> None:
    assert not warnings([told(1, 0.05, charging=True), told(2, 0.30)])
    assert not warnings([told(1, math.nan), told(2, 7.0), told(3, 0.1, "stranger")])


def test_the_contract() -> None:
    rng = np.random.default_rng(3)
    levels = falling(0.5, 0.6, 50)
    levels += [told(3000 + 10 * n, float(level), "b") for n, level in enumerate(rng.random(40))]
    assert_stage_contract(lambda: BatteryWatch("p", SENSORS, ORIGIN_NS), levels, 11)
