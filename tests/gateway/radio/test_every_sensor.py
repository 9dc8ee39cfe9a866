"""Every kind of virtual sensor streams over the radio, and all that it sends is read."""

from __future__ import annotations

import pytest

from gateway.decoding.packet_blocks import gathered
from gateway.drivers import driver, settled
from gateway.link_state import SETTINGS_CHANNEL, STATE_CHANNEL, read_settings
from gateway.messages import LinkState, SensorSpec
from simulators.peripherals import peripherals
from simulators.places import PLACES
from simulators.radio_world.world import Worn
from tests.gateway.radio.living import Session, session
from tests.services.wait import until

KINDS = sorted(peripherals())
TOGETHER = [KINDS[first : first + 4] for first in range(0, len(KINDS), 4)]


def worn(kinds: list[str]) -> list[Worn]:
    """One of each kind."""
    numbered = enumerate(zip(kinds, PLACES, strict=False), start=1)
    return [Worn(kind, place, f"D4:22:CD:00:00:{n:02X}") for n, (kind, place) in numbered]


def spec(one: Worn) -> SensorSpec:
    """As fast as it goes."""
    rate_hz = max(driver(one.driver).about.rates_hz, default=100.0)
    return SensorSpec(one.address, one.place, one.driver, rate_hz)


@pytest.mark.parametrize("kinds", TOGETHER, ids=", ".join)
async def test_it_streams_and_all_of_it_is_read(kinds: list[str]) -> None:
    sensors = worn(kinds)
    specs = [spec(one) for one in sensors]
    async with session(sensors, specs=specs) as going:
        await going.reach(LinkState.STREAMING)
        await until(
            lambda: all(len(told(going, one.sensor)) >= 10 for one in specs), "all have told enough"
        )
        sent = {one.sensor: account(going, one) for one in specs}
        await until(
            lambda: all(len(told(going, one.sensor)) >= sent[one.sensor] for one in specs),
            "what was sent has come",
        )
        await going.end()
        for one in specs:
            check(going, one)
        assert [sensor.peripheral.rate_hz for sensor in going.sensors] == [0.0] * len(kinds)


def told(going: Session, sensor: str) -> list[str]:
    """The channels of a sensor's own packets."""
    own = [packet for packet in going.packets if packet.sensor == sensor]
    return [p.channel for p in own if p.channel not in {STATE_CHANNEL, SETTINGS_CHANNEL}]


def account(going: Session, one: SensorSpec) -> int:
    """How many packets a sensor has sent."""
    return going.world.sensors[one.sensor].account.sent


def check(going: Session, one: SensorSpec) -> None:
    """All that came was sent, in the settings that it told, and could be read."""
    assert len(told(going, one.sensor)) <= account(going, one)
    packets = [packet for packet in going.packets if packet.sensor == one.sensor]
    (settings,) = [p for p in packets if p.channel == SETTINGS_CHANNEL]
    asked = settled(one.driver, one.settings, one.rate_hz)
    chosen = {**asked, **read_settings(settings.payload)}
    for block in gathered([p for p in packets if p.channel in told(going, one.sensor)]):
        assert not driver(one.driver).decode(block.channel, block, chosen).refused
