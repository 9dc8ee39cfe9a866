"""The virtual radio: what it advertises, what its sensors feel, and what it carries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from hypothesis import given, strategies as st

from gateway.messages import Place
from simulators.peripherals import (
    Advertisement,
    Characteristic,
    Movement,
    Notification,
    Service,
)
from simulators.radio_world.adapter import Adapter
from simulators.radio_world.advertising import decode, encode
from simulators.radio_world.air import Air
from simulators.radio_world.bleak_backend import VirtualClient, VirtualScanner
from simulators.radio_world.hosted import Conditions, HostedSensor
from simulators.radio_world.performance import Feeling, Performance
from simulators.sensing.clocks import Clock
from simulators.sensing.sensor import IDEAL
from tests.services.wait import until

SHORT = "0000180d-0000-1000-8000-00805f9b34fb"
FIRST, SECOND = (f"{n}0000000-1111-2222-3333-444444444444" for n in (1, 2))
VALUE = "30000000-1111-2222-3333-444444444444"
ADDRESS = "C0:FF:EE:00:00:07"


class Twins:
    """A sensor with the same characteristic in two services; the second one indicates."""

    name = "twins"
    services: tuple[Service, ...] = (
        Service(FIRST, (Characteristic(VALUE, ("read", "write", "notify")),)),
        Service(SECOND, (Characteristic(VALUE, ("read", "write-without-response", "indicate")),)),
    )

    def __init__(self, address: str) -> None:
        self.address = address
        self.battery = 1.0
        self.advertisement = Advertisement("Twins", (FIRST, SHORT), (0x1234, b"\x01"))
        self.log: list[tuple[str, object, str]] = []
        self.rate_hz = 0.0

    def subscribed(self, characteristic: str, on: bool, service: str = "") -> list[Notification]:
        self.log.append(("subscribed", on, service))
        return [Notification(characteristic, b"hello", service=service)] if on else []

    def written(self, characteristic: str, payload: bytes, service: str = "") -> list[Notification]:
        self.log.append(("written", payload, service))
        return [Notification(characteristic, payload[::-1], service=service)]

    def read(self, characteristic: str, service: str = "") -> bytes:
        del characteristic
        return service[:1].encode()

    def disconnected(self) -> None:
        self.log.append(("disconnected", None, ""))

    def stream(self, movement: Movement) -> list[Notification]:
        del movement
        return []


@given(
    name=st.text("abcdefghijk -", min_size=1, max_size=20),
    services=st.sampled_from([(), (SHORT,), (FIRST,), (FIRST, SHORT)]),
    manufacturer=st.none() | st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=4)),
)
def test_what_is_advertised_is_read_again(
    name: str, services: tuple[str, ...], manufacturer: tuple[int, bytes] | None
) -> None:
    data, response = encode(Advertisement(name, services, manufacturer))
    assert len(data) <= 31
    assert len(response) <= 31
    told = decode(data + response)
    assert told.name == name
    assert set(told.services) == set(services)
    assert told.manufacturer == (dict([manufacturer]) if manufacturer else {})


@contextlib.asynccontextmanager
async def twins_on_the_air() -> AsyncIterator[tuple[HostedSensor, dict[str, Any]]]:
    """The sensor, switched on, and what a scanner or client needs to hear it."""
    air = Air()
    adapter = Adapter("hci0", 0, air)
    performance = Performance("walk", 1, IDEAL)
    await performance.begin()
    rng = np.random.default_rng(1)
    sensor = HostedSensor(
        Twins, ADDRESS, Place.PELVIS, Clock(0.0, 0.0), Conditions(), performance, rng
    )
    await adapter.come_up()
    await sensor.switch_on(air)
    running = asyncio.create_task(sensor.run())
    yield sensor, {"adapters": {"hci0": adapter}}
    running.cancel()
    await sensor.switch_off()


async def test_a_sensor_is_found_as_it_says_of_itself() -> None:
    async with twins_on_the_air() as (_, arguments):
        _, advertised = await first_heard(arguments)
    assert (advertised.local_name, advertised.manufacturer_data) == ("Twins", {0x1234: b"\x01"})
    assert set(advertised.service_uuids) == {FIRST, SHORT}


async def test_a_sensor_is_talked_to_as_it_says_of_itself() -> None:
    async with twins_on_the_air() as (sensor, arguments):
        device, _ = await first_heard(arguments)
        client = BleakClient(device, backend=VirtualClient, **arguments)
        await client.connect()
        await _talk_to_both(client)
        peripheral = sensor.peripheral
        assert isinstance(peripheral, Twins)
        await until(lambda: peripheral.log[-1][0] == "disconnected", "it notices that it was left")
        assert peripheral.log[:-1] == [
            ("subscribed", True, FIRST),
            ("subscribed", True, SECOND),
            ("written", b"ab", FIRST),
            ("written", b"cd", SECOND),
            ("subscribed", False, FIRST),
        ]
        assert await first_heard(arguments), "it advertises again"


async def _talk_to_both(client: BleakClient) -> None:
    """Read, write and hear both characteristics, then leave."""
    by_service = {c.service_uuid: c for c in client.services.characteristics.values()}
    one, two = by_service[FIRST], by_service[SECOND]
    assert (set(one.properties), set(two.properties)) == (
        {"read", "write", "notify"},
        {"read", "write-without-response", "indicate"},
    )
    assert [bytes(await client.read_gatt_char(c)) for c in (one, two)] == [b"1", b"2"]
    heard: list[tuple[str, bytes]] = []
    for known in (one, two):
        await client.start_notify(
            known, lambda c, data: heard.append((c.service_uuid, bytes(data)))
        )
    await client.write_gatt_char(one, b"ab", response=True)
    await client.write_gatt_char(two, b"cd", response=False)
    await until(lambda: len(heard) == 4, "greetings and answers")
    assert sorted(heard) == [(FIRST, b"ba"), (FIRST, b"hello"), (SECOND, b"dc"), (SECOND, b"hello")]
    await client.stop_notify(one)
    await client.disconnect()


async def first_heard(arguments: dict[str, Any]) -> tuple[BLEDevice, AdvertisementData]:
    """Return the first advertisement."""
    heard: asyncio.Queue[tuple[BLEDevice, AdvertisementData]] = asyncio.Queue()
    scanner = BleakScanner(
        lambda device, told: heard.put_nowait((device, told)), backend=VirtualScanner, **arguments
    )
    async with scanner:
        return await asyncio.wait_for(heard.get(), 5)


class SetPerformance(Performance):
    """A performance whose time is set."""

    time_s = 0.0

    @property
    def now_s(self) -> float:
        return self.time_s


async def felt(moments_s: list[float], clock: Clock, rate_hz: float) -> list[Movement]:
    """What a sensor feels when it is asked at moments."""
    performance = SetPerformance("walk", 1, IDEAL)
    await performance.begin()
    feeling = Feeling(performance, Place.LEFT_SHANK, clock)
    movements = []
    for performance.time_s in moments_s:
        movement = feeling.since(rate_hz)
        if movement is not None:
            movements.append(movement)
    assert feeling.taken == sum(len(m.device_ns) for m in movements)
    return movements


async def test_a_sensor_feels_the_same_however_often_it_is_asked() -> None:
    clock = Clock(-3.0, 40.0)
    seldom = await felt([0.5, 2.0, 3.0], clock, 60.0)
    often = await felt([0.5, *np.arange(0.51, 3.0, 0.013), 3.0], clock, 60.0)
    assert len(seldom) == 2
    assert len(often) > 100
    for field in ("device_ns", "acc", "gyr", "quat"):
        one, other = (
            np.concatenate([getattr(m, field) for m in movements]) for movements in (seldom, often)
        )
        np.testing.assert_array_equal(one, other)


async def test_a_sensor_samples_on_its_own_clock() -> None:
    clock = Clock(-3.0, 50.0)
    movements = await felt([1.0, 3.5], clock, 100.0)
    device_ns = np.concatenate([m.device_ns for m in movements])
    np.testing.assert_array_equal(device_ns % 10_000_000, 0)
    np.testing.assert_array_equal(np.diff(device_ns), 10_000_000)
    ahead_ms = (device_ns[-1] * 1e-9 - 6.5) * 1000
    assert -10 < ahead_ms - 6.5 * 0.05 <= 0


async def test_what_was_felt_long_ago_is_counted_and_forgotten() -> None:
    performance = SetPerformance("walk", 1, IDEAL)
    await performance.begin()
    feeling = Feeling(performance, Place.LEFT_SHANK, Clock(-3.0, 0.0))
    feeling.since(100.0)
    for _ in range(4):
        await performance.extend()
    performance.time_s = np.ceil(performance.from_s) + 1.0
    movement = feeling.since(100.0)
    assert movement is not None
    assert 100 <= len(movement.device_ns) <= 200
    assert feeling.taken == 100 * performance.time_s
