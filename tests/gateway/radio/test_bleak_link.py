"""The radio through bleak: what it finds, what it carries, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
    BleakGATTProtocolError,
)

from gateway.drivers.movella_dot import BATTERY, CONTROL, LONG
from gateway.errors import SourceError
from gateway.radio.bleak_link import BleakRadio, explained
from gateway.radio.link import RadioError, Sighting
from simulators.radio_world.world import RadioWorld, open_world
from tests.gateway.radio.living import dots
from tests.services.wait import until


@asynccontextmanager
async def one_sensor() -> AsyncIterator[tuple[RadioWorld, BleakRadio, Sighting]]:
    """A world, its radio, and its one sensor once it was heard."""
    async with open_world(dots(1)) as world:
        radio = BleakRadio((), **world.backend)
        heard: list[Sighting] = []
        async with radio.scan("", heard.append):
            await until(lambda: bool(heard), "it is heard")
        yield world, radio, heard[-1]


async def test_a_scan_tells_who_is_there() -> None:
    async with open_world(dots(3)) as world:
        (first, *_) = world.sensors.values()
        first.rssi_dbm = -71
        heard: dict[str, Sighting] = {}
        radio = BleakRadio((), **world.backend)
        async with radio.scan("", lambda sighting: heard.update({sighting.address: sighting})):
            await until(lambda: len(heard) == 3, "all are heard")
        seen = heard[first.address]
        assert (seen.name, seen.companies, seen.rssi) == ("Movella DOT", (0x0886,), -71)
        await asyncio.wait_for(asyncio.sleep(0), 1)
        assert not world.adapters["hci0"].scanning


async def test_a_link_reads_writes_and_listens() -> None:
    async with one_sensor() as (world, radio, sighting):
        (sensor,) = world.sensors.values()
        sensor.peripheral.battery = 0.5
        link = await radio.connect(sighting, lambda: None)
        arrivals: list[tuple[int, bytes]] = []
        assert link.has(CONTROL)
        assert link.has(CONTROL[4:8]), "its number, whatever the base"
        assert not link.has(CONTROL, "0000180f-0000-1000-8000-00805f9b34fb")
        assert await link.read(BATTERY) == bytes([50, 0])
        await link.subscribe(LONG, lambda at_ns, payload: arrivals.append((at_ns, payload)))
        before_ns = time.monotonic_ns()
        await link.write(CONTROL, bytes([1, 1, 26]), response=True)
        await until(lambda: len(arrivals) > 20, "it streams")
        assert before_ns < arrivals[0][0] < time.monotonic_ns()
        assert len(arrivals[0][1]) == 63
        await link.disconnect()
        await until(lambda: not sensor.connected, "it was left")
        with pytest.raises(SourceError, match="the link was lost"):
            await link.read(BATTERY)


async def test_an_answer_that_nobody_waits_for_any_longer_is_not_that_of_the_next() -> None:
    async with one_sensor() as (_, radio, sighting):
        link = await radio.connect(sighting, lambda: None)
        settings, battery = await link.read(CONTROL), await link.read(BATTERY)
        assert settings != battery
        given_up = asyncio.create_task(link.read(CONTROL))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait({given_up})
        assert given_up.cancelled()
        assert await link.read(BATTERY) == battery
        await link.disconnect()


async def test_a_lost_link_is_told_and_ends_what_waits() -> None:
    async with one_sensor() as (world, radio, sighting):
        (sensor,) = world.sensors.values()
        lost = asyncio.Event()
        link = await radio.connect(sighting, lost.set)
        sensor.carry_away()
        with pytest.raises(SourceError, match=rf"cannot read .* of sensor {sensor.address}"):
            await link.read(BATTERY)
        await asyncio.wait_for(lost.wait(), 5)
        await link.disconnect()


async def test_a_sensor_of_another_kind_is_told_in_words() -> None:
    async with one_sensor() as (_, radio, sighting):
        link = await radio.connect(sighting, lambda: None)
        with pytest.raises(SourceError, match=r"has no characteristic .*; is it of the kind that"):
            await link.write("0000fff1-0000-1000-8000-00805f9b34fb", b"", response=True)
        await link.disconnect()


async def test_who_is_gone_is_given_up_and_the_adapter_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.radio.bleak_link.CONNECT_S", 0.3)
    async with one_sensor() as (world, radio, sighting):
        (sensor,) = world.sensors.values()
        sensor.carry_away()
        with pytest.raises(SourceError, match=f"cannot connect to sensor {sensor.address}"):
            await radio.connect(sighting, lambda: None)
        sensor.bring_back()
        monkeypatch.setattr("gateway.radio.bleak_link.CONNECT_S", 10.0)
        link = await radio.connect(sighting, lambda: None)
        await link.disconnect()
        await radio.forget(sighting)


async def test_an_adapter_that_is_off_or_not_there_is_told_as_such() -> None:
    async with open_world(dots(1)) as world:
        radio = BleakRadio(("hci0", "hci7"), **world.backend)
        world.adapters["hci0"].switch_off()
        with pytest.raises(RadioError, match="with hci0: Bluetooth is switched off; switch it on"):
            await scanned(radio, "hci0")
        with pytest.raises(RadioError, match="with hci7: adapter 'hci7' not found"):
            await scanned(radio, "hci7")


async def scanned(radio: BleakRadio, adapter: str) -> None:
    """Scan for a moment."""
    async with radio.scan(adapter, lambda _: None):
        pass


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (FileNotFoundError(2, "no"), RadioError, "no Bluetooth service; install and start BlueZ"),
        (TimeoutError(), SourceError, "no answer; bring it near"),
        (EOFError(), SourceError, "cannot ask: EOFError; is Bluetooth switched on"),
        (ConnectionResetError("reset"), SourceError, "cannot ask: reset"),
        (AssertionError(), SourceError, "cannot ask: AssertionError"),
        (BleakError("odd"), SourceError, "cannot ask: odd; is Bluetooth"),
        (
            BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["rejected"]),
            RadioError,
            "this user may not use Bluetooth",
        ),
        (
            BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["no"]),
            RadioError,
            "the Bluetooth service does not run",
        ),
        (BleakDBusError("org.bluez.Error.Failed", ["br"]), SourceError, "org.bluez.Error.Failed"),
        (BleakGATTProtocolError(3), SourceError, "Write Not Permitted"),
        *(
            (BleakBluetoothNotAvailableError("m", reason), RadioError, "cannot ask: ")
            for reason in BleakBluetoothNotAvailableReason
        ),
    ],
    ids=repr,
)
def test_every_failure_is_a_sentence(error: Exception, kind: type, text: str) -> None:
    with pytest.raises(SourceError) as caught, explained("ask"):
        raise error
    assert type(caught.value) is kind
    assert text in str(caught.value)
    assert "NO_BLUETOOTH" not in str(caught.value)
