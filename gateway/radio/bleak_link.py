"""The radio through bleak; the only module that imports it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from bleak import BleakClient, BleakScanner
from bleak.backends import BleakBackend
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDeviceNotFoundError,
    BleakError,
)

from gateway.drivers.talk import names, sig_uuid
from gateway.errors import SourceError
from gateway.radio.link import Heard, RadioError, Sighting, Why

CONNECT_S = 10.0
"""A sensor that was heard a moment ago connects within a second or two, or not at all."""
GIVE_UP_S = 3.0
"""So long a connection that is given up may take to end."""
ANSWER_S = 5.0
"""Within which a sensor confirms a write or a subscription; the standard allows it 30 s."""
_BATTERY_SERVICE = sig_uuid(0x180F)


class BleakRadio:
    """The adapters called ``adapters``, or the one that the system chooses.

    ``scanner`` and ``client`` are backends of bleak other than the system's, and are given
    ``arguments``.
    """

    def __init__(
        self,
        adapters: Sequence[str] = (),
        scanner: type[BaseBleakScanner] | None = None,
        client: type[BaseBleakClient] | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        self.adapters = tuple(adapters) or ("",)
        self._scanner = scanner
        self._client = client
        self._arguments = dict(arguments or {})

    @asynccontextmanager
    async def scan(self, adapter: str, seen: Callable[[Sighting], None]) -> AsyncIterator[None]:
        """Hand what an adapter hears to ``seen``, as long as the context lasts."""

        def detected(device: BLEDevice, told: AdvertisementData) -> None:
            seen(_sighting(device, told, adapter))

        with explained(_with("look for sensors", adapter), RadioError):
            scanner = BleakScanner(
                detected, bluez=_bluez(adapter), backend=self._scanner, **self._arguments
            )
            await scanner.start()
        try:
            yield
        finally:
            with explained(_with("end the search for sensors", adapter), RadioError):
                await scanner.stop()

    async def connect(self, sighting: Sighting, lost: Callable[[], None]) -> BleakLink:
        """Connect to a sensor; ``lost`` is called once the link is gone."""
        client = self._client_of(sighting, lost)
        action = _with(f"connect to sensor {sighting.address}", sighting.adapter)
        with explained(action, advice=_OF_CONNECTING):
            await _within(CONNECT_S, client.connect())
        return BleakLink(client)

    async def forget(self, sighting: Sighting) -> None:
        """Make BlueZ forget a sensor that it is not paired with.

        After a lost link its StartNotify delivers every notification twice, then three times
        (bleak issue 2002), unless the device is removed and found anew.
        """
        client = self._client_of(sighting, lambda: None)
        if client.backend_id != BleakBackend.BLUEZ_DBUS or _paired(sighting.device):
            return
        with explained(_with(f"forget sensor {sighting.address}", sighting.adapter)):
            async with asyncio.timeout(ANSWER_S):
                try:
                    await client.unpair()
                except BleakDeviceNotFoundError:
                    # BlueZ has forgotten it by itself.
                    return

    def _client_of(self, sighting: Sighting, lost: Callable[[], None]) -> BleakClient:
        return BleakClient(
            sighting.device,
            disconnected_callback=lambda _: lost(),
            timeout=CONNECT_S,
            bluez=_bluez(sighting.adapter),
            backend=self._client,
            **self._arguments,
        )


class BleakLink:
    """A connection to one sensor."""

    def __init__(self, client: BleakClient) -> None:
        self._client = client
        self._subscribed: list[BleakGATTCharacteristic] = []

    def has(self, characteristic: str, service: str = "") -> bool:
        """Say whether the sensor has a characteristic."""
        return self._lookup(characteristic, service) is not None

    async def subscribe(self, characteristic: str, heard: Heard, service: str = "") -> None:
        """Hand every notification of a characteristic to ``heard``."""

        def notified(_: BleakGATTCharacteristic, data: bytearray) -> None:
            arrival_ns = time.monotonic_ns()
            heard(arrival_ns, bytes(data))

        async with self._asking("listen to", characteristic):
            found = self._find(characteristic, service)
            await self._client.start_notify(found, notified)
            self._subscribed.append(found)

    async def write(
        self, characteristic: str, payload: bytes, *, response: bool, service: str = ""
    ) -> None:
        """Write to a characteristic."""
        async with self._asking("write to", characteristic):
            found = self._find(characteristic, service)
            await self._client.write_gatt_char(found, payload, response=response)

    async def read(self, characteristic: str, service: str = "") -> bytes:
        """Return the value of a characteristic."""
        async with self._asking("read", characteristic):
            return bytes(await self._client.read_gatt_char(self._find(characteristic, service)))

    async def disconnect(self) -> None:
        """End all subscriptions and the connection."""
        async with self._asking("disconnect from", ""):
            try:
                while self._subscribed and self._client.is_connected:
                    await self._client.stop_notify(self._subscribed.pop())
            finally:
                await self._client.disconnect()

    @asynccontextmanager
    async def _asking(self, action: str, characteristic: str) -> AsyncIterator[None]:
        what = f"{characteristic} of sensor" if characteristic else "sensor"
        with explained(f"{action} {what} {self._client.address}", advice=_OF_ASKING):
            async with asyncio.timeout(ANSWER_S):
                yield

    def _find(self, characteristic: str, service: str) -> BleakGATTCharacteristic:
        found = self._lookup(characteristic, service)
        if found is None:
            raise SourceError(
                f"sensor {self._client.address} has no characteristic {characteristic}; is it of "
                "the kind that its `driver` in the configuration says? `gaitwire scan` tells"
            )
        return found

    def _lookup(self, characteristic: str, service: str) -> BleakGATTCharacteristic | None:
        if not self._client.is_connected:
            raise BleakError("the link was lost")
        return next(
            (
                known
                for known in self._client.services.characteristics.values()
                if names(characteristic, known.uuid) and service in ("", known.service_uuid)
            ),
            None,
        )


async def find_adapter() -> str:
    """Return the name of the Bluetooth backend once a scan has begun; raises RadioError."""
    with explained("look for sensors", RadioError):
        try:
            async with asyncio.timeout(CONNECT_S), BleakScanner() as scanner:
                return str(scanner.backend_id)
        except TimeoutError as error:
            raise RadioError("Bluetooth does not answer", Why.NO_ANSWER) from error


_UNAVAILABLE = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: (
        "this machine has no Bluetooth adapter; plug one in"
    ),
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: (
        "this machine's Bluetooth adapter cannot connect to sensors; plug in another"
    ),
    BleakBluetoothNotAvailableReason.POWERED_OFF: (
        "Bluetooth is switched off; switch it on (`bluetoothctl power on`, `rfkill unblock "
        "bluetooth`)"
    ),
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: (
        "this program may not use Bluetooth; allow it in the system's privacy settings"
    ),
}
_WHY = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: Why.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: Why.NO_ADAPTER,
    BleakBluetoothNotAvailableReason.POWERED_OFF: Why.OFF,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: Why.DENIED,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: Why.DENIED,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: Why.DENIED,
}
_OF_THE_BUS = {
    "org.freedesktop.DBus.Error.AccessDenied": (
        "this user may not use Bluetooth; `gaitwire doctor` says what to do",
        Why.DENIED,
    ),
    "org.freedesktop.DBus.Error.ServiceUnknown": (
        "the Bluetooth service does not run; start it (`systemctl start bluetooth`)",
        Why.NO_SERVICE,
    ),
}


_OF_BLUETOOTH = "is Bluetooth switched on? `gaitwire doctor` looks"
_OF_CONNECTING = (
    "it may be connected to a phone or another computer: end that connection, or switch it off and "
    "on; `gaitwire doctor` looks at Bluetooth itself"
)
_OF_ASKING = "bring it near, or switch it off and on"


async def _within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Await ``work``; raises TimeoutError after so many seconds, even if it cannot be cancelled.

    A backend that hangs as it is cancelled would otherwise keep its adapter from all sensors.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=GIVE_UP_S)


@contextmanager
def explained(
    action: str, kind: type[SourceError] = SourceError, advice: str = _OF_BLUETOOTH
) -> Iterator[None]:
    """Turn what bleak and the system raise into an error of ``kind``, or a RadioError.

    ``advice`` follows a reason that says nothing of what to do.
    """
    try:
        yield
    except FileNotFoundError as error:
        # bleak looks for the D-Bus socket and finds no system bus.
        raise RadioError(
            f"cannot {action}: this machine has no Bluetooth service; install and start BlueZ "
            "(`systemctl start bluetooth`), or try `gaitwire demo`, which needs none",
            Why.NO_SERVICE,
        ) from error
    except BleakBluetoothNotAvailableError as error:
        text = _UNAVAILABLE.get(error.reason, "this program may not use Bluetooth here")
        why = _WHY.get(error.reason, Why.OTHER)
        raise RadioError(f"cannot {action}: {text}", why) from error
    except TimeoutError as error:
        raise kind(f"cannot {action}: no answer; bring it near, or switch it off and on") from error
    except (BleakError, OSError, EOFError, AssertionError) as error:
        name = getattr(error, "dbus_error", "")
        if name in _OF_THE_BUS:
            text, why = _OF_THE_BUS[name]
            raise RadioError(f"cannot {action}: {text}", why) from error
        # bleak asserts that its bus is there, which it may no longer be.
        reason = str(error) or type(error).__name__
        raise kind(f"cannot {action}: {reason}; {advice}") from error


def _sighting(device: BLEDevice, told: AdvertisementData, adapter: str) -> Sighting:
    battery = told.service_data.get(_BATTERY_SERVICE)
    level = battery[0] / 100 if battery and battery[0] <= 100 else float("nan")
    return Sighting(
        address=device.address.upper(),
        name=_seen(told.local_name or device.name or ""),
        services=tuple(told.service_uuids),
        companies=tuple(told.manufacturer_data),
        rssi=told.rssi,
        adapter=adapter,
        battery=level,
        device=device,
    )


def _seen(name: str) -> str:
    """Return a name without what a terminal would take for a command: anybody can advertise it."""
    return "".join(letter if letter.isprintable() else "·" for letter in name)


def _paired(device: BLEDevice) -> bool:
    """Say whether BlueZ has paired with a device, and so would lose the pairing."""
    details = device.details
    return isinstance(details, dict) and bool(details.get("props", {}).get("Paired"))


def _bluez(adapter: str) -> Any:
    return {"adapter": adapter} if adapter else {}


def _with(action: str, adapter: str) -> str:
    return f"{action} with {adapter}" if adapter else action
