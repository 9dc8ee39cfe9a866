"""The virtual adapters as a backend of bleak, so that a gateway uses the real bleak."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from bleak.args import SizedBuffer
from bleak.args.bluez import BlueZClientArgs, BlueZScannerArgs
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)
from bumble import hci
from bumble.att import ATT_Error
from bumble.core import BaseBumbleError
from bumble.device import Advertisement, Connection, Peer
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR
from bumble.gatt_client import CharacteristicProxy, ServiceProxy

from simulators.radio_world.adapter import MTU, Adapter
from simulators.radio_world.advertising import decode

Adapters = Mapping[str, Adapter]
_T = TypeVar("_T")
_GONE_S = 1.0


class VirtualScanner(BaseBleakScanner):
    """Hears what a virtual adapter hears."""

    def __init__(
        self,
        detection_callback: Callable[[BLEDevice, AdvertisementData], None] | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        *,
        bluez: BlueZScannerArgs,
        adapters: Adapters,
        **_other: Any,
    ) -> None:
        del scanning_mode
        super().__init__(detection_callback, service_uuids)
        self._adapter = _chosen(adapters, bluez.get("adapter"))

    async def start(self) -> None:
        """Begin to listen."""
        _check(self._adapter)
        self.seen_devices = {}
        await self._adapter.listen(self._heard)

    async def stop(self) -> None:
        """Listen no longer."""
        await self._adapter.listen_no_longer(self._heard)

    def _heard(self, advertisement: Advertisement) -> None:
        told = decode(bytes(advertisement.data))
        if not self.is_allowed_uuid(list(told.services)):
            return
        address = advertisement.address.to_string(with_type_qualifier=False)
        data = AdvertisementData(
            local_name=told.name,
            manufacturer_data=told.manufacturer,
            service_data={},
            service_uuids=list(told.services),
            tx_power=None,
            rssi=advertisement.rssi,
            platform_data=(),
        )
        device = self.create_or_update_device(address, address, told.name, self._adapter, data)
        self.call_detection_callbacks(device, data)


class VirtualClient(BaseBleakClient):
    """A connection from a virtual adapter to a virtual sensor."""

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        bluez: BlueZClientArgs,
        adapters: Adapters,
        **_other: Any,
    ) -> None:
        super().__init__(
            address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout
        )
        self._adapter = _chosen(adapters, bluez.get("adapter"))
        self._connection: Connection | None = None
        self._callbacks: dict[int, NotifyCallback] = {}
        self._subscribers: dict[int, Callable[[bytes], None]] = {}

    @property
    def name(self) -> str:
        """Return its address: it is asked for nothing else here."""
        return self.address

    @property
    def mtu_size(self) -> int:
        """Return what was agreed on."""
        return self._peer().gatt_client.mtu

    @property
    def is_connected(self) -> bool:
        """Say whether the link stands."""
        return self._connection is not None

    async def connect(self, pair: bool, **_other: Any) -> None:
        """Connect, and find out what the sensor has."""
        del pair
        _check(self._adapter)
        address, heed = hci.Address(self.address), _cancellations()
        try:
            connection = await self._adapter.connect(address, self._timeout)
        except BaseBumbleError as error:
            raise BleakDeviceNotFoundError(self.address, f"no answer: {error}") from error
        self._connection = connection
        connection.on("disconnection", self._disconnected)
        try:
            heed()
            async with asyncio.timeout(self._timeout):
                self.services = await _asked(_discover(self._peer()))
        except BaseException:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        """End the link."""
        if self._connection is None:
            return
        ending = asyncio.ensure_future(self._connection.disconnect())
        try:
            # It is gone at once, or was already; then bumble waits for what does not come.
            await asyncio.wait({ending}, timeout=_GONE_S)
        finally:
            ending.cancel()
        if ending.done():
            _answer(ending)

    async def pair(self, *_args: Any, **_other: Any) -> None:
        """Refuse: no virtual sensor needs it."""
        raise BleakError("virtual sensors do not pair")

    async def unpair(self) -> None:
        """Do nothing: nothing is remembered of a sensor."""

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_other: Any
    ) -> bytearray:
        """Read from the sensor."""
        del use_cached
        return bytearray(await _asked(self._peer().read_value(characteristic.handle)))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **_other: Any
    ) -> bytearray:
        """Read from the sensor."""
        del use_cached
        return bytearray(await _asked(self._peer().read_value(descriptor.handle)))

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool
    ) -> None:
        """Write to the sensor."""
        await _asked(self._peer().write_value(characteristic.handle, bytes(data), response))

    async def write_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, data: SizedBuffer
    ) -> None:
        """Write to the sensor."""
        await _asked(self._peer().write_value(descriptor.handle, bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_other: Any
    ) -> None:
        """Have notifications."""
        handle = characteristic.handle
        self._callbacks[handle] = callback
        subscriber = self._subscribers.setdefault(handle, partial(self._deliver, handle))
        await _asked(self._peer().subscribe(characteristic.obj, subscriber))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Have none any longer; what the sensor sends until it knows still comes."""
        bits = characteristic.obj.get_descriptor(
            GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR
        )
        await _asked(self._peer().write_value(bits, bytes(2), with_response=True))

    def _deliver(self, handle: int, value: bytes) -> None:
        callback = self._callbacks.get(handle)
        if callback is not None:
            callback(bytearray(value))

    def _peer(self) -> Peer:
        if self._connection is None:
            raise BleakError("not connected")
        return Peer(self._connection)

    def _disconnected(self, _reason: int) -> None:
        self._connection = None
        self.services = None
        if self._disconnected_callback is not None:
            self._disconnected_callback()


def _chosen(adapters: Adapters, name: str | None) -> Adapter:
    if name is None:
        return next(iter(adapters.values()))
    if name not in adapters:
        raise BleakError(f"adapter '{name}' not found")
    return adapters[name]


def _check(adapter: Adapter) -> None:
    if not adapter.powered:
        reason = BleakBluetoothNotAvailableReason.POWERED_OFF
        raise BleakBluetoothNotAvailableError(f"{adapter.name} is switched off", reason)


async def _discover(peer: Peer) -> BleakGATTServiceCollection:
    await peer.request_mtu(MTU)
    found = BleakGATTServiceCollection()
    for service in await peer.discover_services():
        described = BleakGATTService(service, service.handle, _uuid(service))
        found.add_service(described)
        for known in await peer.discover_characteristics(service=service):
            found.add_characteristic(
                BleakGATTCharacteristic(
                    known,
                    known.handle,
                    _uuid(known),
                    list(gatt_char_props_to_strs(known.properties)),
                    lambda: peer.gatt_client.mtu - 3,
                    described,
                )
            )
    return found


def _uuid(known: ServiceProxy | CharacteristicProxy[bytes]) -> str:
    return str(uuid.UUID(bytes=known.uuid.to_bytes(force_128=True)[::-1]))


async def _asked(work: Awaitable[_T]) -> _T:
    """Await what the sensor is asked; what bumble raises becomes an error of bleak.

    Who gives up waiting takes nothing back that is on the air: the next request goes out once this
    one is answered. bumble would take the late answer for that of the next.
    """
    request = asyncio.ensure_future(work)
    request.add_done_callback(lambda told: told.cancelled() or told.exception())
    await asyncio.wait({request})
    return _answer(request)


def _answer(request: asyncio.Future[_T]) -> _T:
    try:
        return request.result()
    except ATT_Error as error:
        raise BleakGATTProtocolError(error.error_code) from error
    except BaseBumbleError as error:
        raise BleakError(str(error)) from error
    except asyncio.CancelledError as error:
        # bumble cancels a request whose link is lost.
        raise BleakError("the link was lost") from error


def _cancellations() -> Callable[[], None]:
    """Return what raises a cancellation that has come since.

    bumble uses asyncio.wait_for, which up to Python 3.11 forgets one that comes with an answer.
    """
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()

    def heed() -> None:
        if task.cancelling() > before:
            raise asyncio.CancelledError

    return heed
