"""Battery, heart rate, running speed and cadence: the published vectors, and short packets.

The vectors of 2A37 and 2A53 stand in the unit tests of Polar's SDK; the others are ours, made
from the specifications.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, strategies as st

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import Battery, Decoded, Vital, driver
from gateway.drivers.standard import (
    BATTERY_LEVEL,
    BATTERY_STATUS,
    CHANNELS,
    HeartRate,
    RunningSpeed,
    decode_standard,
    introduce,
    read_battery_level,
    read_battery_status,
    read_heart_rate,
    read_running_speed,
)
from gateway.drivers.talk import Procedure, Subscribe
from gateway.messages import RawPacket
from simulators.peripherals.standard import VirtualStandard
from tests.gateway.drivers.desk import SENSOR, Desk, movement, steps


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        ("00ff", HeartRate(255)),
        ("018080", HeartRate(32896)),
        ("0600", HeartRate(0, contact=True)),
        ("090000ffff", HeartRate(0, energy_kj=65535)),
        ("1000ffff", HeartRate(0, rr_s=(65535 / 1024,))),
        ("110000ffff7f80", HeartRate(0, rr_s=(65535 / 1024, 32895 / 1024))),
        ("164850036c03", HeartRate(72, contact=True, rr_s=(848 / 1024, 876 / 1024))),
        ("0450", HeartRate(80, contact=False)),
    ],
)
def test_heart_rates(packet: str, expected: HeartRate) -> None:
    assert repr(read_heart_rate(bytes.fromhex(packet))) == repr(expected)


def test_intervals_between_beats_are_in_seconds() -> None:
    told = read_heart_rate(bytes.fromhex("164850036c03"))
    assert told is not None
    assert told.rr_s == pytest.approx((0.8281, 0.8555), abs=1e-4)


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        ("07341256890704030201", RunningSpeed(4660 / 256, 86, True, 19.29, 1690906.0)),
        ("000a0014", RunningSpeed(0.0390625, 20, False)),
    ],
)
def test_running_speeds(packet: str, expected: RunningSpeed) -> None:
    assert repr(read_running_speed(bytes.fromhex(packet))) == repr(expected)


@pytest.mark.parametrize("length", range(6))
def test_a_heart_rate_is_read_as_far_as_it_goes(length: int) -> None:
    told = read_heart_rate(bytes.fromhex("18480100500308")[:length])
    if length < 2:
        assert told is None
    else:
        assert told is not None
        assert told.beats_per_min == 72
        assert told.energy_kj == (1 if length >= 4 else None)
        assert told.rr_s == ()


@pytest.mark.parametrize("length", range(10))
def test_a_running_speed_is_read_as_far_as_it_goes(length: int) -> None:
    told = read_running_speed(bytes.fromhex("07341256890704030201")[:length])
    if length < 4:
        assert told is None
    else:
        assert told is not None
        assert told.stride_m == (19.29 if length >= 6 else None)
        assert told.distance_m is None


@pytest.mark.parametrize(
    ("packet", "expected"),
    [("64", Battery(1.0)), ("00", Battery(0.0)), ("2a", Battery(0.42)), ("65", None), ("", None)],
)
def test_battery_levels(packet: str, expected: Battery | None) -> None:
    assert repr(read_battery_level(bytes.fromhex(packet))) == repr(expected)


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        ("0221002a", Battery(0.42, charging=True)),
        ("0241002a", Battery(0.42)),
        ("032100cdab2a", Battery(0.42, charging=True)),
        ("022100ff", None),
        ("002100", None),
        ("02", None),
    ],
)
def test_battery_states(packet: str, expected: Battery | None) -> None:
    assert repr(read_battery_status(bytes.fromhex(packet))) == repr(expected)


def test_what_is_told_of_a_strap() -> None:
    packets = ["164850036c03", "0600", "0450", "00"]
    block = gathered([RawPacket(SENSOR, n, bytes.fromhex(p)) for n, p in enumerate(packets)])[0]
    decoded = decode_standard("heart_rate", block)
    assert vitals(decoded) == [
        (0, "heart_rate", 72, "1/min"),
        (0, "rr_interval", 848 / 1024, "s"),
        (0, "rr_interval", 876 / 1024, "s"),
    ], "without a pulse or skin nothing is told"
    assert decoded.refused == {"no heart rate": 1}


@pytest.mark.parametrize(
    ("answers", "level", "channels"),
    [
        ({BATTERY_LEVEL: b"\x2a"}, 0.42, ["battery"]),
        ({BATTERY_STATUS: bytes.fromhex("02000032")}, 0.5, ["battery_status"]),
        ({BATTERY_STATUS: bytes.fromhex("000000"), BATTERY_LEVEL: b"\x2a"}, 0.42, ["battery"]),
        ({}, None, []),
    ],
)
def test_the_battery_is_read_and_listened_to_wherever_it_stands(
    answers: Mapping[str, bytes], level: float | None, channels: list[str]
) -> None:
    told: dict[str, int | float | str] = {}

    def procedure() -> Procedure:
        told.update((yield from introduce()))
        return {}

    done = steps(procedure(), answers)
    assert told.get("battery") == level
    heard = [step for step in done if isinstance(step, Subscribe)]
    assert [step.channel for step in heard] == channels
    assert all(step.optional for step in heard), "a level may be one that can only be read"


def test_what_is_told_of_a_foot_pod() -> None:
    desk = Desk(driver("standard"), VirtualStandard(SENSOR), {"measure": "running"})
    assert desk.start() == {"firmware": "1.0.0", "battery": 1.0}
    desk.feel(movement(1.0, seconds=1.0))
    assert desk.channels() == ["running"]
    assert vitals(desk.decoded("running")) == [
        (0, "speed", 1.25, "m/s"),
        (0, "cadence", 110, "1/min"),
        (0, "stride_length", 1.36, "m"),
    ]


def vitals(decoded: Decoded) -> list[tuple[int, str, float, str]]:
    """Return the figures of a block with the packet each came in."""
    return [
        (at, fact.name, fact.value, fact.unit)
        for at, fact in decoded.facts
        if isinstance(fact, Vital)
    ]


@given(st.sampled_from(CHANNELS), st.binary(max_size=24))
def test_any_bytes_are_read_or_refused(channel: str, payload: bytes) -> None:
    decoded = decode_standard(channel, gathered([RawPacket(SENSOR, 0, payload)])[0])
    for _, fact in decoded.facts:
        assert not isinstance(fact, Battery) or 0 <= fact.level <= 1
    assert sum(decoded.refused.values()) <= 1
