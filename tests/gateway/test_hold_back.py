"""The hold-back follows the sensors that are worn; a configured one wins, and says who is late."""

from __future__ import annotations

from gateway.grid.hold_back import LINK_S, LONGEST_S, gathering_s, hold_back
from gateway.messages import BodyBlock, Place, SensorSpec
from simulators.plans import Plan, WornSensor, address
from simulators.plans.recording import PlannedRecording
from tests.playing import played

DOT = SensorSpec("dot", Place.PELVIS, "movella_dot", 60.0)
MOVESENSE = SensorSpec("movesense", Place.LEFT_SHANK, "movesense", 104.0)
POLAR = SensorSpec("polar", Place.LEFT_FOOT, "polar_pmd", 52.0)
SLOW_POLAR = SensorSpec("polar", Place.LEFT_FOOT, "polar_pmd", 25.0, {"model": "h10"})


def test_sensors_that_send_each_sample_are_waited_for_as_long_as_the_link_takes() -> None:
    found = hold_back(None, [DOT])
    assert found.seconds == LINK_S
    assert not found.warnings


def test_the_slowest_sensor_is_waited_for_and_named() -> None:
    found = hold_back(None, [DOT, POLAR, MOVESENSE])
    assert found.seconds == LINK_S + gathering_s(POLAR)
    assert 0.5 < gathering_s(POLAR) < 0.8
    assert "left foot (polar_pmd at 52 Hz)" in found.told
    assert not found.warnings


def test_a_configured_hold_back_wins_and_names_who_will_be_late() -> None:
    found = hold_back(100.0, [DOT, POLAR, MOVESENSE])
    assert found.seconds == 0.1
    (warning,) = found.warnings
    assert "left foot (polar_pmd at 52 Hz)" in warning
    assert "pipe.hold_back_ms" in warning


def test_nobody_waits_longer_than_a_second() -> None:
    found = hold_back(None, [SLOW_POLAR])
    assert found.seconds == LONGEST_S
    assert "higher rate" in found.warnings[0]


def test_sensors_that_gather_samples_are_real_without_any_configuration() -> None:
    worn = [
        WornSensor(address(number), spec.place, spec.driver, spec.rate_hz)
        for number, spec in enumerate((DOT, MOVESENSE, POLAR), start=1)
    ]
    plan = Plan("gathering", "walk", seed=3, seconds=12.0, sensors=tuple(worn))
    recording = PlannedRecording(plan)
    blocks = [m for m in played(recording, 4.0) if isinstance(m, BodyBlock)]
    for spec in recording.sensors:
        column = blocks[0].places.index(spec.place)
        real = [flag for block in blocks for flag in block.real[:, column].tolist()]
        assert sum(real[300:-100]) > 0.9 * len(real[300:-100]), spec.driver
