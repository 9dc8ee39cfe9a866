"""Virtual sensors as a backend of bleak, with nothing between: it is called as they notify."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection

from simulators.peripherals import Movement, Notification, Peripheral

MTU = 247


class DirectSensor:
    """A peripheral that is connected to at once; ``called`` counts calls of bleak's callbacks."""

    def __init__(self, peripheral: Peripheral) -> None:
        self.peripheral = peripheral
        self.called = 0
        self.callbacks: dict[str, NotifyCallback] = {}

    def feel(self, movement: Movement) -> None:
        """Move, and notify what comes of it."""
        self.notify(self.peripheral.stream(movement))

    def notify(self, told: Sequence[Notification]) -> None:
        """Call bleak with what is listened to."""
        for one in told:
            if one.characteristic in self.callbacks:
                self.called += 1
                self.callbacks[one.characteristic](bytearray(one.payload))


Sensors = Mapping[str, DirectSensor]


class DirectScanner(BaseBleakScanner):
    """Hears every sensor once, at once."""

    def __init__(
        self,
        detection_callback: Callable[[BLEDevice, AdvertisementData], None] | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        *,
        sensors: Sensors,
        **_other: Any,
    ) -> None:
        del scanning_mode
        super().__init__(detection_callback, service_uuids)
        self._sensors = sensors

    async def start(self) -> None:
        """Hear them."""
        self.seen_devices = {}
        for address, sensor in self._sensors.items():
            told = sensor.peripheral.advertisement
            data = AdvertisementData(told.name, {}, {}, list(told.services), None, -50, ())
            device = self.create_or_update_device(address, address, told.name, sensor, data)
            self.call_detection_callbacks(device, data)

    async def stop(self) -> None:
        """Hear no more."""


class DirectClient(BaseBleakClient):
    """A connection to one of them."""

    def __init__(self, device: BLEDevice, *, sensors: Sensors, **other: Any) -> None:
        super().__init__(device, **other)
        self._sensor = sensors[self.address]
        self._connected = False

    @property
    def name(self) -> str:
        """Return its address: it is asked for nothing else here."""
        return self.address

    @property
    def mtu_size(self) -> int:
        """Return what every notification fits into."""
        return MTU

    @property
    def is_connected(self) -> bool:
        """Say whether the link stands."""
        return self._connected

    async def connect(self, pair: bool, **_other: Any) -> None:
        """Connect."""
        del pair
        self.services = _services(self._sensor.peripheral)
        self._connected = True

    async def disconnect(self) -> None:
        """End the link."""
        if self._connected:
            self._connected = False
            self._sensor.callbacks.clear()
            self._sensor.peripheral.disconnected()

    async def pair(self, *_args: Any, **_other: Any) -> None:
        """Do nothing: none needs it."""

    async def unpair(self) -> None:
        """Do nothing: nothing is remembered of a sensor."""

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, **_other: Any
    ) -> bytearray:
        """Read from the sensor."""
        return bytearray(self._sensor.peripheral.read(characteristic.uuid))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, **_other: Any
    ) -> bytearray:
        """Return nothing: there is none."""
        del descriptor
        return bytearray()

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool
    ) -> None:
        """Write to the sensor, and hear its answers."""
        del response
        self._sensor.notify(self._sensor.peripheral.written(characteristic.uuid, bytes(data)))

    async def write_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, data: SizedBuffer
    ) -> None:
        """Do nothing: there is none."""

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_other: Any
    ) -> None:
        """Have notifications."""
        self._sensor.callbacks[characteristic.uuid] = callback
        self._sensor.notify(self._sensor.peripheral.subscribed(characteristic.uuid, True))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Have none any longer."""
        self._sensor.callbacks.pop(characteristic.uuid, None)
        self._sensor.peripheral.subscribed(characteristic.uuid, False)


def _services(peripheral: Peripheral) -> BleakGATTServiceCollection:
    found, handle = BleakGATTServiceCollection(), 0
    for service in peripheral.services:
        handle += 1
        described = BleakGATTService(service, handle, service.uuid)
        found.add_service(described)
        for known in service.characteristics:
            handle += 2
            found.add_characteristic(
                BleakGATTCharacteristic(
                    known,
                    handle,
                    known.uuid,
                    list(known.properties),
                    lambda: MTU - 3,
                    described,
                )
            )
    return found
