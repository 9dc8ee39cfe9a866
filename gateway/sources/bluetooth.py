"""Real sensors over Bluetooth Low Energy; the only module that imports bleak."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog
from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from gateway.drivers import Gatt, driver
from gateway.errors import GaitwireError, SourceError, UsageError
from gateway.messages import RawPacket, SensorSpec
from gateway.retry import Backoff, Healthy, keep_trying
from gateway.sources import Emit

SCAN_S = 10.0
SILENT_S = 5.0
"""A connected sensor that says nothing for so long is connected anew."""


async def find_adapter() -> str:
    """Return the name of the Bluetooth backend once a scan has begun; raises SourceError."""
    with _explained("look for sensors"):
        async with BleakScanner() as scanner:
            return str(scanner.backend_id)


class BluetoothSource:
    """Connects the session's sensors one after another, and again whenever one is lost.

    Notifications are stamped and copied the moment they come; everything else happens elsewhere.
    """

    def __init__(self, person: str, sensors: Sequence[SensorSpec], grid_rate_hz: float) -> None:
        self.label = ""
        self.person = person
        self.sensors = tuple(sensors)
        self.grid_rate_hz = grid_rate_hz
        self.origin_ns = time.monotonic_ns()
        self.wall_origin_ns = time.time_ns()
        self._connecting = asyncio.Lock()
        self._log = structlog.get_logger()

    def now_ns(self) -> int:
        """Return the host's monotonic clock."""
        return time.monotonic_ns()

    def complete_ns(self) -> int:
        """Return now: a packet is emitted in the turn of the loop that stamps it."""
        return time.monotonic_ns()

    def host_ns(self, clock_ns: int) -> int:
        """Return the same: packets are stamped with the host's monotonic clock."""
        return clock_ns

    async def run(self, emit: Emit) -> None:
        """Stream all sensors until cancelled; raises UsageError, or SourceError without radio."""
        if not self.sensors:
            raise SourceError(
                "no sensor is configured: add a [[sensors]] table for each, with its address "
                "and place, or try `gaitwire demo` without any"
            )
        plans = [_plan(spec) for spec in self.sensors]
        await self._devices()
        async with asyncio.TaskGroup() as group:
            for spec, gatt in zip(self.sensors, plans, strict=True):
                group.create_task(self._keep_streaming(spec, gatt, emit))

    async def _devices(self) -> dict[str, BLEDevice]:
        with _explained("look for sensors"):
            found = await BleakScanner.discover(timeout=SCAN_S)
        return {device.address.upper(): device for device in found}

    async def _keep_streaming(self, spec: SensorSpec, gatt: Gatt, emit: Emit) -> None:
        async def attempt(healthy: Healthy) -> None:
            await self._stream(spec, gatt, emit, healthy)

        def failed(error: GaitwireError, wait_s: float) -> None:
            self._log.warning(str(error), sensor=spec.sensor, again_in_s=round(wait_s, 1))

        await keep_trying(attempt, failed, Backoff())

    async def _stream(self, spec: SensorSpec, gatt: Gatt, emit: Emit, healthy: Healthy) -> None:
        """Connect, start and watch one sensor until it is lost, which raises SourceError."""
        lost = asyncio.Event()
        heard = _Heard()
        # One connection attempt at a time: adapters fail when two are under way.
        async with self._connecting:
            client = await self._connect(spec, lost)
        try:
            with _explained(f"start sensor {spec.sensor}"):
                await _start(client, gatt, spec.sensor, emit, heard)
            healthy()
            self._log.info("sensor streams", sensor=spec.sensor, place=str(spec.place))
            await heard.until_silent(lost)
        finally:
            await _stop(client, gatt)
        raise SourceError(f"sensor {spec.sensor} ({spec.place}) has gone silent")

    async def _connect(self, spec: SensorSpec, lost: asyncio.Event) -> BleakClient:
        device = (await self._devices()).get(spec.sensor.upper())
        if device is None:
            raise SourceError(
                f"sensor {spec.sensor} ({spec.place}) is not in range: switch it on, bring it "
                "near, and make sure that no phone is connected to it"
            )
        client = BleakClient(device, disconnected_callback=lambda _: lost.set())
        with _explained(f"connect to sensor {spec.sensor}"):
            await client.connect()
        return client


def _plan(spec: SensorSpec) -> Gatt:
    """Return how to stream a sensor, before anything is tried; raises UsageError."""
    gatt = driver(spec.driver).gatt(spec.settings, spec.rate_hz)
    if gatt is None:
        raise UsageError(
            f"sensor {spec.sensor}: driver {spec.driver} reads recordings and has no radio"
        )
    return gatt


class _Heard:
    """When a sensor last said something."""

    def __init__(self) -> None:
        self._at_s = time.monotonic()

    def now(self) -> None:
        self._at_s = time.monotonic()

    async def until_silent(self, lost: asyncio.Event) -> None:
        """Return when the connection is lost, or no packet has come for ``SILENT_S``."""
        while not lost.is_set() and time.monotonic() - self._at_s < SILENT_S:
            try:
                await asyncio.wait_for(lost.wait(), SILENT_S / 5)
            except TimeoutError:
                continue


async def _start(client: BleakClient, gatt: Gatt, sensor: str, emit: Emit, heard: _Heard) -> None:
    for characteristic, channel in gatt.notify.items():

        def received(_: BleakGATTCharacteristic, data: bytearray, channel: str = channel) -> None:
            emit(RawPacket(sensor, time.monotonic_ns(), bytes(data), channel))
            heard.now()

        await client.start_notify(characteristic, received)
    for characteristic, payload in gatt.start:
        await client.write_gatt_char(characteristic, payload, response=True)


async def _stop(client: BleakClient, gatt: Gatt) -> None:
    """Tell the sensor to stop, so that it does not drain its battery, and disconnect."""
    try:
        if client.is_connected:
            for characteristic, payload in gatt.stop:
                await client.write_gatt_char(characteristic, payload, response=True)
            await client.disconnect()
    except (BleakError, OSError, TimeoutError):
        structlog.get_logger().info("sensor left without a goodbye", address=client.address)


@contextmanager
def _explained(action: str) -> Iterator[None]:
    """Turn what bleak and the system raise into a SourceError."""
    try:
        yield
    except FileNotFoundError as error:
        # bleak looks for the D-Bus socket and finds no system bus.
        raise SourceError(
            f"cannot {action}: this machine has no Bluetooth service; install and start BlueZ "
            "(`systemctl start bluetooth`), or try `gaitwire demo`, which needs none"
        ) from error
    except (BleakError, OSError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise SourceError(
            f"cannot {action}: {reason}; is Bluetooth switched on? `gaitwire doctor` looks"
        ) from error
